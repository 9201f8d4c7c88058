/* tlsrpt findings ID: one finding in full, with who saw what on which day. */
#include "analyzer/analysis/explain.h"
#include "analyzer/analysis/grid.h"
#include "analyzer/findings.h"
#include "analyzer/present/prose.h"
#include "base/figure.h"
#include "base/text.h"
#include "base/when.h"

#include "schema_sql.h"

#include <stdio.h>
#include <string.h>

enum {
    DAYS_BEFORE = 7,
    MOST_DAYS = 42,
    MOST_SENDERS = 20,
    NAME_WIDTH = 26,
    LINE_SIZE = 200,
    DAY_TENS = 10,
};

/* One sender's line: blank not reported, a dot clean, else the tenths that failed, # all.
 */
static char
mark(int64_t sessions, int64_t failed)
{
    if (sessions <= 0)
        return ' ';
    if (failed <= 0)
        return '.';
    if (failed * 10 >= sessions * 9)
        return '#';
    return (char)('0' + failed * 10 / sessions);
}

static void
add_line(const struct facts *f, const struct finding *x, name sender, int first, int days,
         struct prose *p)
{
    char line[LINE_SIZE];
    int n = snprintf(line, sizeof line, "  %-*.*s ", NAME_WIDTH, NAME_WIDTH,
                     facts_text(f, sender));

    for (int d = first; d < first + days && n < LINE_SIZE - 1; d++) {
        int64_t sessions = 0, failed = 0;

        for (size_t i = 0; i < f->tally_count; i++)
            if (f->tallies[i].sender == sender && f->tallies[i].day == d &&
                name_list_has(&x->domains, f->tallies[i].domain))
                sessions += f->tallies[i].sessions;
        for (size_t i = 0; i < f->miss_count; i++)
            if (f->misses[i].sender == sender && f->misses[i].day == d &&
                name_list_has(&x->domains, f->misses[i].domain) &&
                !strcmp(facts_text(f, f->misses[i].kind), x->kind))
                failed += f->misses[i].failed;
        line[n++] = mark(sessions, failed);
    }
    line[n] = 0;
    prose_line(p, TONE_PLAIN, line);
}

/* Those that fail come first, then others that could have. */
static bool
add_senders(const struct facts *f, const struct finding *x, int first, int days,
            struct prose *p, struct err *e)
{
    struct name_list others = {0};
    size_t left = MOST_SENDERS;
    bool ok = true;

    for (size_t i = 0; ok && i < f->tally_count; i++)
        if (name_list_has(&x->domains, f->tallies[i].domain) &&
            f->tallies[i].day >= first &&
            !name_list_has(&x->senders, f->tallies[i].sender))
            ok = name_list_add(&others, f->tallies[i].sender, e);
    for (size_t i = 0; i < x->senders.count && left; i++, left--)
        add_line(f, x, x->senders.items[i], first, days, p);
    for (size_t i = 0; i < others.count && left; i++, left--)
        add_line(f, x, others.items[i], first, days, p);
    if (x->senders.count + others.count > MOST_SENDERS)
        prose_line(p, TONE_DIM, "  ...");
    name_list_clear(&others);
    return ok;
}

static bool
add_matrix(const struct facts *f, const struct finding *x, struct prose *p, struct err *e)
{
    int first = x->first - DAYS_BEFORE > 0 ? x->first - DAYS_BEFORE : 0;
    int days = f->today - first + 1 < MOST_DAYS ? f->today - first + 1 : MOST_DAYS;
    char line[LINE_SIZE], day[WHEN_DAY_SIZE];

    prose_heading(p, "Days and senders");
    (void)snprintf(line, sizeof line, "  %-*s %s", NAME_WIDTH,
                   "a column for each day from",
                   when_print_day(f->first_day + first, day));
    prose_line(p, TONE_DIM, line);
    if (!add_senders(f, x, first, days, p, e))
        return false;
    prose_line(p, TONE_DIM,
               "  . clean   0-9 tenths of the sessions failed   # nearly all   blank: no "
               "report");
    return true;
}

static void
add_list(const struct facts *f, struct prose *p, const char *label,
         const struct name_list *l)
{
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < l->count; i++)
        (void)buf_printf(&text, "%s%s", i ? ", " : "", facts_text(f, l->items[i]));
    prose_field(p, 0, label, TONE_PLAIN, text.len ? text.bytes : NULL);
    buf_clear(&text);
}

static void
add_reasons(const struct facts *f, const struct finding *x, struct prose *p)
{
    for (size_t i = 0; i < x->reasons.count; i++) {
        const char *code = facts_text(f, x->reasons.items[i]);
        const struct explanation *about = explain_find(EXPLAIN_REASON, code);

        prose_fieldf(p, 0, "Reason", TONE_PLAIN, "%s%s%s", code, about ? ": " : "",
                     about ? about->plain : "");
    }
}

static void
add_figures(const struct facts *f, const struct finding *x, struct prose *p)
{
    char a[WHEN_INSTANT_SIZE], b[WHEN_INSTANT_SIZE], n[3][FIGURE_SIZE];

    prose_field(p, 0, "Finding", TONE_PLAIN, x->id);
    prose_fieldf(p, 0, "Kind", TONE_PLAIN, "%s, %s", x->kind, severity_text(x->severity));
    prose_field(p, 0, "State", tone_of_word(x->open ? "open" : "resolved"),
                x->open ? "open" : "resolved");
    if (x->known_until)
        prose_field(p, 0, "Known until", TONE_DIM, when_print_day(x->known_until, a));
    prose_fieldf(p, 0, "Fault", TONE_PLAIN, "%s (confidence %.2f)",
                 fault_text(x->verdict), x->confidence);
    prose_fieldf(p, 0, "Seen", TONE_PLAIN, "%s to %s",
                 when_print_day(f->first_day + x->first, a),
                 when_print_day(f->first_day + x->last, b));
    if (x->onset_latest)
        prose_fieldf(p, 0, "Began", TONE_PLAIN, "between %s and %s",
                     when_print_instant(x->onset_earliest, a),
                     when_print_instant(x->onset_latest, b));
    if (x->sessions)
        prose_fieldf(p, 0, "Sessions", TONE_PLAIN, "%s of %s failed, %s were refused",
                     figure_count(x->failed, n[0]), figure_count(x->sessions, n[1]),
                     figure_count(x->refused, n[2]));
    prose_fieldf(p, 0, "Senders", TONE_PLAIN, "%d of %d with traffic enough to tell fail",
                 x->senders_failing, x->senders_seen);
    if (x->places_seen)
        prose_fieldf(p, 0, "Addresses", TONE_PLAIN, "%d fail of %d", x->places_failing,
                     x->places_seen);
    if (x->unplaced)
        prose_fieldf(p, 0, "Not told", TONE_DIM,
                     "%s failures came without address and host name",
                     figure_count(x->unplaced, n[0]));
}

/* ---- the reports behind it -------------------------------------------------------- */

static bool
report_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    char line[LINE_SIZE * 3];

    (void)n;
    (void)e;
    (void)snprintf(line, sizeof line, "%s  %s  %s", v[1], v[2], v[3]);
    prose_link(ctx, "%b/report/%u%k", v[0], line);
    return true;
}

static void
append_array(const struct facts *f, const struct name_list *l, struct buf *out)
{
    (void)buf_putc(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        (void)buf_puts(out, i ? "," : "");
        (void)text_quote(out, facts_text(f, l->items[i]));
    }
    (void)buf_putc(out, '}');
}

static bool
add_reports(struct context *c, const struct facts *f, const struct finding *x,
            struct prose *p, struct err *e)
{
    char first[WHEN_DAY_SIZE], last[WHEN_DAY_SIZE];
    struct buf domains, senders;
    bool ok;

    buf_init(&domains, 0);
    buf_init(&senders, 0);
    append_array(f, &x->domains, &domains);
    append_array(f, &x->senders, &senders);
    {
        const char *params[] = {when_print_day(f->first_day + x->first, first),
                                when_print_day(f->first_day + x->last, last),
                                domains.bytes, senders.bytes, x->kind};

        prose_heading(p, "Reports behind it, the latest first");
        ok = store_query(c->store, query_finding_reports, params, 5, 4, report_row, p, e);
    }
    buf_clear(&domains);
    buf_clear(&senders);
    return ok;
}

bool
finding_explain(struct context *c, const struct facts *f, const struct finding *x,
                struct prose *p, struct err *e)
{
    const struct explanation *about = explain_find(EXPLAIN_RESULT, x->kind);

    about = about ? about : explain_find(EXPLAIN_KIND, x->kind);
    prose_text(p, 0, x->summary);
    prose_text(p, 0, x->advice);
    prose_heading(p, "Evidence");
    add_figures(f, x, p);
    prose_field(p, 0, "Usual owner", TONE_PLAIN, about ? about->owner : NULL);
    add_list(f, p, "Domains", &x->domains);
    add_list(f, p, "Failing at", x->addresses.count ? &x->addresses : &x->hosts);
    add_list(f, p, "Sent from", &x->networks);
    add_reasons(f, x, p);
    return (x->unverified || add_matrix(f, x, p, e)) && add_reports(c, f, x, p, e) &&
           prose_end(p, e);
}
