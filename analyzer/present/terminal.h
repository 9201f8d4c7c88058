/* What standard output is, and the pager in front of it, as git has it: TLSRPT_PAGER,
 * else PAGER, else less, with LESS=FRX unless set; only on a terminal. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct terminal {
    bool is_terminal; /* standard output, before any pager */
    bool colour;      /* a terminal, TERM is not dumb, NO_COLOR is not set */
    size_t width;     /* in columns; 0: not a terminal, no limit */
    pid_t pager;      /* 0: none */
};

/* Looks at standard output and the environment. */
void terminal_find(struct terminal *t);

/* Puts the pager before standard output, once, if there is to be one. Call it when the
 * first line is known. Without a pager the lines simply go out. */
void terminal_page(struct terminal *t);

/* Flushes standard output and waits for the pager. False when the output could not be
 * written, except that a reader who left (EPIPE) is no error. */
MUST_USE bool terminal_finish(struct terminal *t, struct err *e);
