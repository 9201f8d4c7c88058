/* "Did you mean": the nearest of the words there are. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/* Keeps the nearest of the candidates offered so far. */
struct suggest {
    const char *typed;
    const char *nearest; /* NULL: none is near enough to be meant */
    size_t distance;
};

void suggest_init(struct suggest *s, const char *typed);

/* Offers a word; it must live as long as `s`. Of equally near ones the first is kept. */
void suggest_offer(struct suggest *s, const char *word);

/* ERR_INPUT: there is no such `what` ("", "option "); did you mean the nearest, which is
 * written behind `dashes`? Else where to look. Always returns false. */
bool suggest_fail(const struct suggest *s, const char *what, const char *dashes,
                  const char *see, struct err *e);
