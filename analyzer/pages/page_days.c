#include "analyzer/pages/page_days.h"

#include "base/count.h"

#include <stdlib.h>

enum {
    MONTH = 5,
    DAY = 8, /* in "2026-11-05" */
};

bool
page_days_find(struct page_context *p, size_t most, struct page_days *out, struct err *e)
{
    const struct options *o = p->c.options;

    if (!options_params(p->c.options, out->params, e))
        return false;
    out->last = o->until == INT64_MAX ? p->today - 1 : when_day_of_instant(o->until);
    out->first = o->since == INT64_MIN ? 0 : when_day_of_instant(o->since);
    if (out->first > out->last)
        return err_set(
            e, ERR_INPUT,
            "there is no day to show: they go from the parameter since to until");
    out->count = (size_t)(out->last - out->first) + 1;
    out->cut = out->count > most;
    if (out->cut) {
        out->count = most;
        out->first = out->last + 1 - (int32_t)most;
    }
    out->params[0] = when_print_day(out->first, out->first_text);
    out->params[1] = when_print_day(out->last, out->last_text);
    return true;
}

void
page_days_link(struct page_context *p, int32_t day, const char *sender, bool failed)
{
    static const char *const others[] = {"domain", "trust", "as_of"};
    char text[WHEN_DAY_SIZE];

    (void)when_print_day(day, text);
    sender = sender != NULL ? sender : page_param(p, "sender");
    if (failed && sender != NULL)
        html_put(&p->html, " href=\"%b/sender/%u?since=%s", sender, text);
    else
        html_put(&p->html, " href=\"%b/%s?since=%s", failed ? "results" : "reports",
                 text);
    html_put(&p->html, "&amp;until=%s", text);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (page_param(p, others[i]) != NULL)
            html_put(&p->html, "&amp;%s=%u", others[i], page_param(p, others[i]));
    }
    if (!failed && sender != NULL)
        html_put(&p->html, "&amp;sender=%u", sender);
    html_put(&p->html, "\"");
}

bool
page_days_findings(struct page_context *p, const struct findings **out, struct err *e)
{
    if (p->c.options->as_of != INT64_MAX)
        return page_findings(p, out, e);
    if (p->latest.held == NULL)
        latest_hold(p->source, &p->latest);
    *out = p->latest.findings;
    return true;
}

int32_t
page_days_parse(const char *text)
{
    return when_day_of((int)strtol(text, NULL, 10), (int)strtol(text + MONTH, NULL, 10),
                       (int)strtol(text + DAY, NULL, 10));
}
