/* See analyse_plain.h. */
#include "analyzer/analysis/analyse_plain.h"

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
            established += units[i].established && units[i].rate < .2;
        }
    }
    return failing * 3 >= with_traffic * 2 && failed * 2 >= sessions &&
           (failing >= PLAIN_LEAST_SENDERS || (established && failing == with_traffic));
}
