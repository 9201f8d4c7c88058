/* Bounds a mail before the MIME parser sees it: GMime crashes on one header of nested
 * groups, is quadratic in parameters, and takes memory for every part. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/* Each is in LIMITS of tlsrpt.conf(5). */
enum {
    MAIL_MAX_HEADER_BYTES = 256 * 1024, /* the headers of all parts together */
    MAIL_MAX_HEADER_LINES = 5000,       /* of all parts together */
    MAIL_MAX_FIELD_BYTES = 16 * 1024,   /* one field, unfolded, in any part */
    MAIL_MAX_FIELD_MARKS = 500,         /* colons and semicolons in one field: groups of
                                           addresses (recursion), parameters (quadratic) */
    MAIL_MAX_BOUNDARY_LINES = 1000,     /* lines that begin with "--" */
};

/* One linear pass. ERR_TOO_BIG and which limit when one is exceeded. */
MUST_USE bool mail_limits_check(const char *bytes, size_t n, size_t max_bytes,
                                struct err *e);
