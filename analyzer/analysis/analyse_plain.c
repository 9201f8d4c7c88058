/* See analyse_plain.h. */
#include "analyzer/analysis/analyse_plain.h"

static const double old_news = .2, nearly_all = .8;

/* A time-out proves nothing by itself; each of these names something that is wrong. */
static bool
is_plain_type(enum result_type type)
{
    return type != RESULT_VALIDATION_FAILURE && type != RESULT_OTHER;
}

bool
plain_case(enum result_type type, const struct unit *units, size_t count)
{
    size_t with_traffic = 0, failing = 0, established = 0;
    int64_t sessions = 0, failed = 0;

    if (!is_plain_type(type))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (units[i].sessions < PLAIN_LEAST_SESSIONS)
            continue;
        with_traffic++;
        sessions += units[i].sessions;
        failed += units[i].failed;
        if (units[i].failed * 2 >= units[i].sessions) {
            failing++;
            established += units[i].established && units[i].rate < old_news;
        }
    }
    return failing * 3 >= with_traffic * 2 && failed * 2 >= sessions &&
           (failing >= PLAIN_LEAST_SENDERS ||
            (established && failing == with_traffic && failed >= PLAIN_LEAST_FAILED));
}

/* Nearly all fails, whatever the sender calls it: a time-out of every session for days is
 * no accident. */
bool
plain_run(const struct unit *units, size_t count, int failing)
{
    size_t agreeing = 0, established = 0;
    int64_t sessions = 0, failed = 0;

    for (size_t i = 0; i < count; i++) {
        const struct unit *u = &units[i];

        sessions += u->sessions;
        failed += u->failed;
        agreeing += u->failed * 2 >= u->sessions && u->rate < old_news;
        established +=
            u->failed * 2 >= u->sessions && u->rate < old_news && u->established;
    }
    return failing >= PLAIN_RUN_DAYS && failed >= PLAIN_RUN_FAILED &&
           (double)failed >= nearly_all * (double)sessions && agreeing * 3 >= count * 2 &&
           (agreeing >= PLAIN_RUN_SENDERS || (established && agreeing == count));
}
