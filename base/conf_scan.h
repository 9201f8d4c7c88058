/* A look at a configuration text before the library reads it, for what that would let
 * pass: sections left open, keys given twice. Pure. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

#include <stddef.h>

/* Where a key stands: "https/path", "known/ID/until". */
struct conf_place {
    const char *path;
    int line;
};

struct conf_places {
    struct conf_place *items; /* sorted by path */
    size_t count;
};

/* Checks `text`, appends a copy in which no dollar sign expands to `literal`, and lists
 * the keys. ERR_CONFIG "name:line: ..." */
MUST_USE bool conf_scan(const char *name, const char *text, struct arena *a,
                        struct buf *literal, struct conf_places *places, struct err *e);

/* The line of a key; 0 if it is not in the text. */
int conf_line(const struct conf_places *places, const char *path);
