#include "analyzer/doctor/complaint.h"

#include "base/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WHAT_SIZE = 800
};

void
complaints_init(struct complaints *l, const char *domain, const char *subject)
{
    *l = (struct complaints){.domain = domain, .subject = subject};
    arena_init(&l->arena, 0);
}

void
complaints_clear(struct complaints *l)
{
    arena_clear(&l->arena);
    l->items = NULL;
    l->count = 0;
}

static bool
append(struct complaints *l, const struct complaint *c)
{
    struct complaint *items =
        rows_grow_in(&l->arena, l->items, l->count, sizeof *items, NULL);

    if (items == NULL)
        return false;
    l->items = items;
    items[l->count++] = *c;
    return true;
}

void
complain(struct complaints *l, enum severity severity, const char *check, const char *fix,
         const char *fmt, ...)
{
    struct complaint c = {.severity = severity, .check = check, .fix = fix};
    char what[WHAT_SIZE];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    c.what = arena_strdup(&l->arena, what);
    c.domain = arena_strdup(&l->arena, l->domain);
    c.subject = arena_strdup(&l->arena, l->subject);
    if (c.what == NULL || c.domain == NULL || c.subject == NULL || !append(l, &c))
        l->failed = true;
}

bool
complaints_add(struct complaints *l, const struct complaints *of)
{
    for (size_t i = 0; i < of->count; i++) {
        if (!append(l, &of->items[i]))
            return false;
    }
    return true;
}

int
complaint_compare(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;
    int order = (x->severity < y->severity) - (x->severity > y->severity);

    if (order == 0)
        order = strcmp(x->domain, y->domain);
    if (order == 0)
        order = strcmp(x->subject, y->subject);
    return order != 0 ? order : strcmp(x->check, y->check);
}
