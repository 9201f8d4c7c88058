#include "analyzer/pruned.h"

#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>

bool
pruned_check(const struct context *c, struct err *e)
{
    const struct store_pruned p = store_pruned(c->store);
    const struct options *o = c->options;
    char day[WHEN_DAY_SIZE];

    if ((c->command->options & OPTION_SINCE) == 0 || o->as_of >= p.arrived ||
        o->since >= (int64_t)p.day * WHEN_DAY_S)
        return true;
    (void)when_print_day(p.day, day);
    return err_set(
        e, ERR_INPUT,
        "reports of the days before %s were summed up and dropped, and not all "
        "had come by --as-of: ask for --since %s",
        day, day);
}

bool
pruned_check_days(const struct store *s, int32_t first_day, struct err *e)
{
    const struct store_pruned p = store_pruned(s);
    char day[WHEN_DAY_SIZE];

    return first_day >= p.day ||
           err_set(e, ERR_INPUT,
                   "reports of the days before %s were summed up and dropped: what looks "
                   "at each of the last weeks can be asked later only",
                   when_print_day(p.day, day));
}

bool
pruned_check_id(const struct store *s, const char *id, struct err *e)
{
    const struct store_pruned p = store_pruned(s);
    const long ymd = strtol(id, NULL, 10); /* YYYYMMDD; less, of a beginning */
    char before[WHEN_DAY_SIZE];

    return p.day == INT32_MIN || ymd < 10000000 ||
           when_day_of((int)(ymd / 10000), (int)(ymd / 100 % 100), (int)(ymd % 100)) >=
               p.day ||
           err_set(e, ERR_INPUT,
                   "nothing is kept as \"%s\": reports of the days before %s were summed "
                   "up and dropped",
                   id, when_print_day(p.day, before));
}

void
pruned_say(const struct context *c)
{
    const struct store_pruned p = store_pruned(c->store);
    char day[WHEN_DAY_SIZE];

    if (p.day != INT32_MIN && c->options->since < (int64_t)p.day * WHEN_DAY_S)
        (void)fprintf(
            stderr, "tlsrpt: pruned before %s: earlier reports are in the figures only\n",
            when_print_day(p.day, day));
}
