/* The parameters of a URL. Pure. */
#pragma once
#include "base/arena.h"

enum {
    PARAMS_MAX = 64
};

struct param {
    const char *name, *value;
};

struct params {
    struct param items[PARAMS_MAX];
    size_t count;
};

/* Reads "a=1&b=x%20y"; what is empty is left out, as a form leaves it. Texts live in
 * `arena`. ERR_INPUT for what is no such thing, is not UTF-8 or too much. */
MUST_USE bool params_parse(const char *query, struct arena *arena, struct params *out,
                           struct err *e);

/* The last one of that name; NULL if there is none. */
const char *params_find(const struct params *p, const char *name);

/* Decodes n bytes of a URL; NULL (ERR_INPUT) for a broken escape, a NUL or what is not
 * UTF-8. `plus`: a + is a blank. */
MUST_USE char *params_decode(const char *text, size_t n, bool plus, struct arena *arena,
                             struct err *e);
