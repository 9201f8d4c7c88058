/* "Did you mean": the nearest of the words there are. Pure. */
#pragma once
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
