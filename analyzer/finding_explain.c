/* tlsrpt findings ID: one finding in full, with who saw what on which day. */
#include "analyzer/analysis/explain.h"
#include "analyzer/calendar.h"
#include "analyzer/findings.h"
#include "analyzer/present/prose.h"
#include "base/figure.h"
#include "base/text.h"
#include "base/when.h"

#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_WIDTH = 26,
    LINE_SIZE = 200,
};

const char *
finding_ends(const struct finding *x)
{
    if (!x->open)
        return NULL;
    if (strcmp(x->kind, KIND_INTAKE_SILENT) == 0)
        return "It is over once reports that can be believed come again.";
    if (strcmp(x->kind, KIND_REPORT_GAP) == 0)
        return "It is over once the sender reports again.";
    return "It is over after two reported days without it, from those who saw it; "
           "reports "
           "of a day come the day after.";
}

/* One sender's day: blank not reported, a dot clean, else the tenths that failed, # all.
 */
static char
mark(const struct calendar_cell *cell)
{
    if (cell->missing)
        return '-';
    if (cell->sessions <= 0)
        return cell->failed > 0 ? '#' : ' ';
    if (cell->failed <= 0)
        return '.';
    if (cell->failed * 10 >= cell->sessions * 9)
        return '#';
    return (char)('0' + cell->failed * 10 / cell->sessions);
}

static void
add_matrix(const struct facts *f, const struct calendar *c, struct prose *p)
{
    char line[LINE_SIZE], day[WHEN_DAY_SIZE];

    prose_heading(p, "Days and senders");
    (void)snprintf(line, sizeof line, "  %-*s %s", NAME_WIDTH,
                   "a column for each day from",
                   when_print_day(f->first_day + c->first, day));
    prose_line(p, TONE_DIM, line);
    for (size_t i = 0; i < c->row_count; i++) {
        int n = snprintf(line, sizeof line, "  %-*.*s ", NAME_WIDTH, NAME_WIDTH,
                         facts_text(f, c->rows[i].sender));

        for (int k = 0; k < c->day_count && n < LINE_SIZE - 1; k++)
            line[n++] = mark(&c->rows[i].cells[k]);
        line[n] = '\0';
        prose_line(p, TONE_PLAIN, line);
    }
    if (c->more)
        prose_line(p, TONE_DIM, "  ...");
    prose_line(
        p, TONE_DIM,
        "  . clean   0-9 tenths of the sessions failed   # nearly all   - missing   "
        "blank: no report");
}

static void
add_places(const struct facts *f, const struct calendar *c, struct prose *p)
{
    if (c->place_count > 0)
        prose_heading(p, "Where");
    for (size_t i = 0; i < c->place_count; i++) {
        const struct calendar_place *x = &c->places[i];
        char failed[FIGURE_SIZE], line[LINE_SIZE * 4];

        (void)snprintf(line, sizeof line, "  %-39s  %10s failed  %s",
                       facts_text(f, x->address), figure_count(x->failed, failed),
                       facts_text(f, x->host));
        prose_line(p, x->failed > 0 ? TONE_PLAIN : TONE_DIM, line);
    }
}

static void
add_list(const struct facts *f, struct prose *p, const char *label,
         const struct name_list *l)
{
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < l->count; i++)
        (void)buf_printf(&text, "%s%s", i > 0 ? ", " : "", facts_text(f, l->items[i]));
    prose_field(p, 0, label, TONE_PLAIN, text.len > 0 ? text.bytes : NULL);
    buf_clear(&text);
}

static void
add_reasons(const struct facts *f, const struct finding *x, struct prose *p)
{
    for (size_t i = 0; i < x->reasons.count; i++) {
        const char *code = facts_text(f, x->reasons.items[i]);
        const struct explanation *about = explain_find(EXPLAIN_REASON, code);

        prose_fieldf(p, 0, "Reason", TONE_PLAIN, "%s%s%s", code,
                     about != NULL ? ": " : "", about != NULL ? about->plain : "");
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
    (void)snprintf(line, sizeof line, "%s  %s  %s  %s failed", v[1], v[2], v[3], v[4]);
    prose_link(ctx, "%b/report/%u%k", v[0], line);
    return true;
}

static void
append_array(const struct facts *f, const struct name_list *l, struct buf *out)
{
    for (size_t i = 0; i < l->count; i++)
        (void)text_element(out, facts_text(f, l->items[i]));
    (void)buf_puts(out, l->count > 0 ? "}" : "{}");
}

bool
finding_reports(struct context *c, const struct facts *f, const struct finding *x,
                finding_report_fn *row, void *ctx, struct err *e)
{
    bool uncovered = strcmp(x->kind, KIND_MX_NOT_COVERED) == 0, ok;
    char first[WHEN_DAY_SIZE], last[WHEN_DAY_SIZE];
    struct buf domains, senders, hosts;

    buf_init(&domains, 0);
    buf_init(&senders, 0);
    buf_init(&hosts, 0);
    append_array(f, &x->domains, &domains);
    append_array(f, &x->senders, &senders);
    append_array(f, &x->hosts, &hosts);
    {
        const char *params[] = {when_print_day(f->first_day + x->first, first),
                                when_print_day(f->first_day + x->last, last),
                                domains.bytes,
                                senders.bytes,
                                calendar_is_result(x) ? x->kind : NULL,
                                uncovered ? hosts.bytes : NULL};

        ok = store_query(c->store, query_finding_reports, params, 6, 5, row, ctx, e);
    }
    buf_clear(&hosts);
    buf_clear(&domains);
    buf_clear(&senders);
    return ok;
}

void
finding_evidence(const struct facts *f, const struct finding *x, struct prose *p)
{
    const struct explanation *about = explain_find(EXPLAIN_RESULT, x->kind);

    about = about != NULL ? about : explain_find(EXPLAIN_KIND, x->kind);
    prose_heading(p, "Evidence");
    add_figures(f, x, p);
    prose_field(p, 0, "Usual owner", TONE_PLAIN, about != NULL ? about->owner : NULL);
    add_list(f, p, "Failing at", x->addresses.count > 0 ? &x->addresses : &x->hosts);
    add_list(f, p, "Sent from", &x->networks);
    add_reasons(f, x, p);
}

bool
finding_explain(struct context *c, const struct facts *f, const struct finding *x,
                struct prose *p, struct err *e)
{
    struct calendar *calendar = malloc(sizeof *calendar);
    bool ok;

    if (calendar == NULL)
        return err_nomem(e);
    calendar_make(f, x, calendar);
    prose_text(p, 0, x->summary);
    prose_text(p, 0, x->advice);
    if (finding_ends(x) != NULL)
        prose_text(p, 0, finding_ends(x));
    finding_evidence(f, x, p);
    add_list(f, p, "Domains", &x->domains);
    if (!x->unverified) {
        add_matrix(f, calendar, p);
        add_places(f, calendar, p);
    }
    prose_heading(p, "Reports behind it, the latest first");
    ok = finding_reports(c, f, x, report_row, p, e) && prose_end(p, e);
    free(calendar);
    return ok;
}
