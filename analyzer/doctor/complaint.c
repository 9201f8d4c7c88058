#include "analyzer/doctor/complaint.h"

#include "base/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WHAT_SIZE = 800
};

#define KIND_ROW(kind, name, severity, fix) [kind] = {name, severity, fix},
static const struct {
    const char *check;
    enum severity severity;
    const char *fix;
} kinds[] = {COMPLAINTS(KIND_ROW)};
#undef KIND_ROW

void
complaints_init(struct complaints *l, const char *domain)
{
    *l = (struct complaints){.domain = domain};
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
complaints_put(struct complaints *l, const struct complaint *c)
{
    struct complaint copy = {.severity = c->severity,
                             .check = arena_strdup(&l->arena, c->check),
                             .domain = arena_strdup(&l->arena, l->domain),
                             .subject = arena_strdup(&l->arena, c->subject),
                             .what = arena_strdup(&l->arena, c->what),
                             .fix = arena_strdup(&l->arena, c->fix)};

    if (copy.check == NULL || copy.domain == NULL || copy.subject == NULL ||
        copy.what == NULL || copy.fix == NULL || !append(l, &copy))
        l->failed = true;
}

void
complain(struct complaints *l, enum complaint_kind kind, const char *subject,
         const char *fmt, ...)
{
    char what[WHAT_SIZE];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    complaints_put(l, &(struct complaint){.severity = kinds[kind].severity,
                                          .check = kinds[kind].check,
                                          .subject = subject,
                                          .what = what,
                                          .fix = kinds[kind].fix});
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
