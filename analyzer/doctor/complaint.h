/* What `tlsrpt doctor` has to say: one complaint each, with what mends it. Pure. */
#pragma once
#include "analyzer/analysis/analyse.h"
#include "base/arena.h"

struct complaint {
    enum severity severity;
    const char *check;   /* its kind, for scripts: "tlsrpt-two-records" */
    const char *domain;  /* whom it concerns; "": this host and its database */
    const char *subject; /* the name, URI, file or setting that is at fault */
    const char *what, *fix;
};

/* A list of them; texts live in its arena. `domain` and `subject` are what the next ones
 * are about. */
struct complaints {
    struct arena arena;
    const char *domain, *subject;
    struct complaint *items;
    size_t count;
    bool failed; /* out of memory: one is missing */
};

void complaints_init(struct complaints *l, const char *domain, const char *subject);
void complaints_clear(struct complaints *l);

/* `check` and `fix` must live as long as the list. */
void complain(struct complaints *l, enum severity severity, const char *check,
              const char *fix, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Adds those of another list, which must live as long. */
MUST_USE bool complaints_add(struct complaints *l, const struct complaints *of);

/* For qsort: the worst first, then by domain, subject and check. */
int complaint_compare(const void *a, const void *b);
