/* Base64 (RFC 4648), read strictly where a signature hangs on it, and as laxly as mail
 * needs. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/* The bytes that may be written for a text of n bytes. */
size_t base64_size(size_t n);

/* White space may stand anywhere and the padding must be right; false when it is not
 * base64, or empty. */
MUST_USE bool base64_strict(const char *text, size_t n, unsigned char *out, size_t *len);

/* What is no digit is skipped, padding ends the text or may be missing. Returns the
 * length decoded. `out` may be `text`. */
size_t base64_lax(const char *text, size_t n, unsigned char *out);

/* Writes base64 with its padding and a NUL: 4 * ((n + 2) / 3) + 1 bytes; returns out. */
char *base64_encode(const unsigned char *bytes, size_t n, char *out);
