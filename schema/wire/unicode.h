/* JSON must be UTF-8 (RFC 8259 section 8.1); some programs write what their system calls
 * Unicode. Pure. */
#pragma once
#include "base/buf.h"

enum unicode_form {
    UNICODE_UTF8, /* or something else */
    UNICODE_UTF16LE,
    UNICODE_UTF16BE,
    UNICODE_UTF32LE,
    UNICODE_UTF32BE,
};

/* The form of a JSON text, by its mark or by where its first characters have zeros; it is
 * never a wide one unless the text begins as an object or an array does. */
enum unicode_form unicode_sniff(const void *bytes, size_t n);

/* Appends the text as UTF-8, without its mark. ERR_TOO_BIG past max_bytes, ERR_INPUT for
 * what is no character or cut off within one. */
MUST_USE bool unicode_to_utf8(enum unicode_form form, const void *bytes, size_t n,
                              size_t max_bytes, struct buf *out, struct err *e);
