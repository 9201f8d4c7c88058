/* The tag=value lists that DKIM signatures and key records are written in (RFC 6376
 * section 3.2). Pure. */
#pragma once
#include "base/arena.h"

#include <stddef.h>

enum {
    DKIM_MAX_TAGS = 64
};

struct dkim_tag {
    const char *name;  /* case matters */
    const char *value; /* trimmed, folds inside kept; NUL-terminated */
    size_t at, end;    /* where the value stands in the text: behind "=", before ";" */
};

struct dkim_tags {
    struct dkim_tag tags[DKIM_MAX_TAGS];
    size_t count;
    const char *flaw; /* why it is no tag list; NULL if it is one */
};

/* False only when out of memory. */
MUST_USE bool dkim_tags_parse(struct arena *a, const char *text, size_t n,
                              struct dkim_tags *out, struct err *e);

const char *dkim_tag_find(const struct dkim_tags *tags, const char *name);

/* Is `word` one of the elements of a colon-separated list, without regard to case and to
 * white space around the elements? */
bool dkim_list_has(const char *list, const char *word);
