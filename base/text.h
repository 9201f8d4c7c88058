/* UTF-8, and the characters that a terminal or a log would act on. Pure. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Reads one UTF-8 character (RFC 3629: no overlong form, no surrogate, at most U+10FFFF)
 * from at most n bytes. Returns its length 1..4 and sets *cp, or returns 0 when there is
 * none. */
size_t text_next(const char *s, size_t n, uint32_t *cp);

/* Writes a character as UTF-8; returns its length 1..4. */
size_t text_put(char out[4], uint32_t cp);

/* Is all of it UTF-8 as above? NUL counts as a character. */
bool text_is_utf8(const char *s, size_t n);

/* Would it steer a terminal, a log or a reader's eye: C0 and C1 controls, DEL,
 * bidirectional and zero-width formatting, line and paragraph separators, tags,
 * noncharacters? */
bool text_is_unsafe(uint32_t cp);

/* Appends s with each unsafe character as \xNN or \u{NNNN} and each byte that is not
 * UTF-8 as \xNN; a backslash stays a backslash. For terminals, logs and error texts. */
bool text_escape(struct buf *out, const char *s, size_t n);

/* Moves *s over the blanks before it; returns the n bytes without those around it. */
size_t text_trim(const char **s, size_t n, const char *blanks);

/* Appends s in double quotes, a backslash before each quote and backslash in it. */
bool text_quote(struct buf *out, const char *s);

/* Appends s to an array as PostgreSQL reads it, "{" before the first; the caller puts the
 * "}" behind the last. */
bool text_element(struct buf *out, const char *s);

int text_hex_digit(char c); /* -1: it is none */

/* Appends the bytes of two hexadecimal digits each; false when there is something else,
 * or no memory (out->failed). */
bool text_unhex(struct buf *out, const char *hex);

/* ASCII only, whatever the locale. */
bool text_equal_nocase(const char *a, const char *b);
size_t text_lower(char *s); /* its length */

/* For qsort() and bsearch() of pointers to texts. */
int text_compare(const void *a, const void *b);
