/* The cases of tests/corpus. */
#pragma once
#include "base/buf.h"

#include <jansson.h>
#include <stddef.h>

struct corpus_case {
    char name[256]; /* "odd/bom" */
    struct buf input;
    json_t *expect;
};

struct corpus {
    struct corpus_case *cases; /* sorted by name */
    size_t count;
};

/* Reads all of the folder; ends the program when it cannot. */
struct corpus corpus_read(const char *folder);
void corpus_free(struct corpus *c);
