/* How anything here fails: one caller-owned struct, in which the first error wins. The
 * kind says what the caller must do about it, the text what is wrong, for a human. */
#pragma once
#include <stdbool.h>

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_kind {
    ERR_NONE = 0,
    ERR_INPUT,   /* what we were given is wrong: never retry */
    ERR_REFUSED, /* understood, and not ours to take */
    ERR_TOO_BIG, /* over a limit that has a name in the manual */
    ERR_AGAIN,   /* nobody's fault for long: out of memory, database away, try later */
    ERR_CONFIG,  /* the operator must mend the configuration */
    ERR_BUG,     /* ours */
};

struct err {
    enum err_kind kind;
    char text[512]; /* UTF-8, cut at a character, no line feed at the end */
};

/* Records an error unless one is recorded already. Always returns false, so that a
 * function may `return err_set(e, ...)`. `e` may be NULL. */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the text of an error that is already recorded. Always returns
 * false. */
bool err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ERR_AGAIN "out of memory". Always returns false. */
bool err_nomem(struct err *e);

void err_clear(struct err *e);

/* The exit code of a program that ends with this error: 65, 69, 75 or 78 (sysexits.h). */
int err_exit_code(const struct err *e);
