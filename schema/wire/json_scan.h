/* The characters of JSON strings and numbers (RFC 8259 sections 6 and 7), for the reader.
 * The scanners move *at behind what they read and return NULL, or say what is wrong with
 * it and leave *at there. Pure, but for LC_NUMERIC, which must stay "C". */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* In LIMITS of tlsrpt.conf(5). */
enum {
    JSON_MAX_NUMBER_BYTES = 64 /* of one number */
};

/* White space as JSON has it, and nothing else, passed over. */
const char *json_scan_white(const char *at, const char *end);

/* From behind the opening quote to behind the closing one. Checks UTF-8 and escapes: no
 * NUL, no lone surrogate. *plain_len is its length without escapes. */
MUST_USE const char *json_scan_string(const char **at, const char *end,
                                      size_t *plain_len);

/* A number that fits 64 bits or, with a point or an exponent, a double; at < end. */
MUST_USE const char *json_scan_number(const char **at, const char *end);

/* Copies what json_scan_string passed, without escapes; writes no NUL. */
void json_scan_unescape(const char *text, size_t n, char *out);

/* The value of what json_scan_number passed, if it is a whole one of at most 2^53:
 * *plain tells whether it was written with digits and sign alone. */
MUST_USE bool json_scan_whole(const char *number, size_t n, int64_t *value, bool *plain);
