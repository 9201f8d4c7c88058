#include "analyzer/complaint.h"

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
    l->count = l->room = 0;
}

static bool
make_room(struct complaints *l)
{
    size_t room = l->room == 0 ? 8 : l->room * 2;
    struct complaint *items;

    if (l->count < l->room)
        return true;
    if ((items = arena_array(&l->arena, room, sizeof *items)) == NULL)
        return false;
    if (l->count > 0)
        memcpy(items, l->items, l->count * sizeof *items);
    l->items = items;
    l->room = room;
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
    if (c.what == NULL || c.domain == NULL || c.subject == NULL || !make_room(l))
        l->failed = true;
    else
        l->items[l->count++] = c;
}

bool
complaints_add(struct complaints *l, const struct complaints *of)
{
    for (size_t i = 0; i < of->count; i++) {
        if (!make_room(l))
            return false;
        l->items[l->count++] = of->items[i];
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
