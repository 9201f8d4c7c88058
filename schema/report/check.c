/* The last gate before a report counts. Senders are late by weeks and honest (Microsoft:
 * 24 days), so lateness is a quirk; a window that cannot have happened is not. */
#include "schema/report/check.h"

#include "base/when.h"

#include <string.h>

enum {
    OLDEST_START_S = 400 * WHEN_DAY_S,
    NEWEST_END_S = 2 * WHEN_DAY_S,
    LATE_S = 3 * WHEN_DAY_S,
};

static bool
check_window(struct report *r, int64_t received, int64_t now, struct err *e)
{
    char start[WHEN_INSTANT_SIZE], end[WHEN_INSTANT_SIZE];

    if (r->end < r->start)
        return err_set(e, ERR_INPUT, "date-range: ends %s before it starts %s",
                       when_print_instant(r->end, end),
                       when_print_instant(r->start, start));
    if (r->end - r->start > REPORT_MAX_WINDOW_S)
        return err_set(e, ERR_INPUT, "date-range: longer than %d days: %s to %s",
                       REPORT_MAX_WINDOW_S / WHEN_DAY_S,
                       when_print_instant(r->start, start),
                       when_print_instant(r->end, end));
    if (r->start < received - OLDEST_START_S)
        return err_set(e, ERR_INPUT,
                       "date-range: starts %s, more than %d days before it was received",
                       when_print_instant(r->start, start), OLDEST_START_S / WHEN_DAY_S);
    if (r->end > (received > now ? received : now) + NEWEST_END_S)
        return err_set(e, ERR_INPUT,
                       "date-range: ends %s, more than %d days after it was received",
                       when_print_instant(r->end, end), NEWEST_END_S / WHEN_DAY_S);
    return true;
}

static void
note_window(struct report *r, int64_t received)
{
    bool from_midnight = r->start % WHEN_DAY_S == 0;

    if (from_midnight && r->end == r->start + WHEN_DAY_S)
        r->quirks |= QUIRK_BIT(QUIRK_END_AT_MIDNIGHT);
    else if (!from_midnight || r->end != r->start + WHEN_DAY_S - 1)
        r->quirks |= QUIRK_BIT(QUIRK_NOT_A_DAY);
    if (received - r->end > LATE_S)
        r->quirks |= QUIRK_BIT(QUIRK_LATE);
}

/* Failure types overlap, so that details may sum to more than the total (RFC 8460 section
 * 4): noted, never summed into sessions. */
static void
note_counts(struct report *r, const struct policy *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->detail_count; i++) {
        if (__builtin_add_overflow(sum, p->details[i].failed_sessions, &sum))
            sum = INT64_MAX;
    }
    if (sum > p->failed_sessions)
        r->quirks |= QUIRK_BIT(QUIRK_DETAILS_EXCEED_TOTAL);
    if (p->failed_sessions > 0 && p->detail_count == 0)
        r->quirks |= QUIRK_BIT(QUIRK_FAILURES_WITHOUT_DETAILS);
}

bool
check_report(struct report *r, int64_t received, int64_t now, struct err *e)
{
    if (r->policy_count == 0)
        return err_set(e, ERR_INPUT, "no policies");
    if (!check_window(r, received, now, e))
        return false;
    if (r->sender != NULL && strlen(r->sender) > REPORT_MAX_NAME_BYTES)
        return err_set(e, ERR_INPUT, "sender: longer than %d bytes",
                       REPORT_MAX_NAME_BYTES);
    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];

        if (p->domain != NULL && strlen(p->domain) > REPORT_MAX_NAME_BYTES)
            return err_set(e, ERR_INPUT,
                           "policies[%zu].policy.policy-domain: longer than %d bytes", i,
                           REPORT_MAX_NAME_BYTES);
        note_counts(r, p);
    }
    note_window(r, received);
    return true;
}
