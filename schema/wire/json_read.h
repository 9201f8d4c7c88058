/* A pull reader of JSON (RFC 8259, I-JSON's rules of RFC 7493 on text): one token a call,
 * nothing built, nothing allocated, no recursion. All of the text is checked on the way,
 * what is skipped too: UTF-8, escapes, no NUL, no lone surrogate, numbers that fit. Pure.
 */
#pragma once
#include "schema/wire/json_scan.h"

/* In LIMITS of tlsrpt.conf(5). */
enum {
    JSON_MAX_DEPTH = 64 /* arrays and objects open at once */
};

enum json_token {
    TOKEN_OBJECT, /* opens */
    TOKEN_ARRAY,  /* opens */
    TOKEN_CLOSE,  /* of the innermost object or array */
    TOKEN_KEY,    /* its value is the next token */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_END, /* the value that began the text is complete; bytes may follow it */
};

struct json_read {
    const char *begin, *at, *end;
    uint64_t objects; /* bit i: the i-th open thing is an object */
    unsigned depth;
    unsigned state;

    /* Of the last token, if TOKEN_KEY, TOKEN_STRING or TOKEN_NUMBER: where it stands in
     * the text (without quotes), whether it holds escapes, its length without them. */
    const char *text;
    size_t text_len;
    size_t plain_len;
};

/* The text need not end in NUL; it must outlive the reader. */
void json_read_init(struct json_read *r, const char *text, size_t n);

/* The next token. ERR_INPUT with the byte's place when it is not JSON or past a limit. */
MUST_USE bool json_read_next(struct json_read *r, enum json_token *token, struct err *e);

/* Passes over the next key if it is `name`, written without escapes; else nothing is
 * read. For the one that is expected: nearly all senders write members in one order. */
MUST_USE bool json_read_expected(struct json_read *r, const char *name, size_t n);

/* After `token` was read: passes over all of the value that it begins. */
MUST_USE bool json_read_skip(struct json_read *r, enum json_token token, struct err *e);

/* Copies the last key or string without escapes into out, which has room for plain_len
 * bytes; writes no NUL. */
void json_read_copy(const struct json_read *r, char *out);

/* The last number, if it is a whole one that a double holds exactly (|n| <= 2^53):
 * *plain tells whether it was written with digits and sign alone. */
MUST_USE bool json_read_integer(const struct json_read *r, int64_t *value, bool *plain);
