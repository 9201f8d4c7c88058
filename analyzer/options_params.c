/* The limits of the command line as PostgreSQL reads them. */
#include "analyzer/options.h"
#include "base/text.h"
#include "base/when.h"
#include "schema/report/vocab.h"

#include <string.h>

/* A text array as PostgreSQL reads it; NULL (no error) for an empty list. */
static bool
print_array(struct options *o, const struct option_list *list, const char **out,
            struct err *e)
{
    struct buf b;

    *out = NULL;
    if (list->count == 0)
        return true;
    buf_init(&b, 0);
    for (size_t i = 0; i < list->count; i++) {
        (void)buf_putc(&b, i == 0 ? '{' : ',');
        (void)text_quote(&b, list->items[i]);
    }
    (void)buf_putc(&b, '}');
    if (!b.failed)
        *out = arena_strdup(&o->arena, b.bytes);
    buf_clear(&b);
    return *out == NULL ? err_nomem(e) : true;
}

/* The numbers of the statuses; NULL (no error) when all are wanted. */
static bool
print_statuses(struct options *o, const char **out, struct err *e)
{
    char *numbers, *next;

    *out = NULL;
    if (o->status.count == 0)
        return true;
    /* "{" and, for each, a digit and a comma or the closing brace */
    if ((numbers = arena_alloc(&o->arena, 2 * o->status.count + 2)) == NULL)
        return err_nomem(e);
    next = numbers;
    for (size_t i = 0; i < o->status.count; i++) {
        int s = STATUS_ACCEPTED;

        while (s < STATUS_IGNORED &&
               strcmp(o->status.items[i], status_text((enum status)s)) != 0)
            s++;
        *next++ = i == 0 ? '{' : ',';
        *next++ = (char)('0' + s);
    }
    *next = '}';
    *out = numbers;
    return true;
}

/* The day of an instant, or what PostgreSQL takes for no limit. */
static const char *
print_limit(struct options *o, int64_t instant)
{
    char *day;

    if (instant == INT64_MIN)
        return "-infinity";
    if (instant == INT64_MAX)
        return "infinity";
    if ((day = arena_alloc(&o->arena, WHEN_DAY_SIZE)) == NULL)
        return NULL;
    return when_print_day(when_day_of_instant(instant), day);
}

bool
options_params(struct options *o, const char *params[OPTIONS_PARAMS], struct err *e)
{
    params[0] = print_limit(o, o->since);
    params[1] = print_limit(o, o->until);
    params[6] = o->after_received;
    params[7] = o->after_id;
    params[8] = o->limit;
    if (params[0] == NULL || params[1] == NULL)
        return err_nomem(e);
    return print_array(o, &o->domains, &params[2], e) &&
           print_array(o, &o->senders, &params[3], e) &&
           print_array(o, &o->trust, &params[4], e) && print_statuses(o, &params[5], e);
}
