/* tlsrpt check: a plugin for Nagios, Icinga and their like, by the monitoring plugins
 * guidelines. Whatever goes wrong is UNKNOWN, on standard output. */
#include "analyzer/check.h"
#include "analyzer/findings.h"
#include "base/count.h"
#include "base/suggest.h"
#include "base/when.h"
#include "schema_sql.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RATE_S = 2 * WHEN_DAY_S, /* reports come the day after */
    MOST_LINES = 20,         /* of findings or domains */
    MAX_CELLS = 8,
};

/* A check at work. */
struct probe {
    struct context *c;
    struct check out;
    struct range warning, critical;
};

static void
measure(struct probe *p, const char *label, double value, int decimals, const char *unit,
        bool thresholds)
{
    check_measure(&p->out, &(struct check_metric){label, value, decimals, unit,
                                                  thresholds ? &p->warning : NULL,
                                                  thresholds ? &p->critical : NULL});
}

/* ---- findings --------------------------------------------------------------------- */

static void
list_finding(struct probe *p, const struct finding *x, int seen)
{
    if (seen == 0)
        check_say(&p->out.text, ", the worst: %s", x->summary);
    if (p->c->options->verbose == 1 && seen < MOST_LINES)
        check_say(&p->out.text, " (%s)", x->id);
    if (p->c->options->verbose < 2 || seen >= MOST_LINES)
        return;
    check_say(&p->out.more, "%s %s %s: %s", severity_text(x->severity), x->id, x->kind,
              x->summary);
    (void)buf_putc(&p->out.more, '\n');
}

/* Green is said only of what was looked at, and nothing judged is not OK. */
static void
say_what_was_judged(struct probe *p, const struct findings *now)
{
    char said[OVERVIEW_SAYS];

    if (now->facts.tally_count == 0) {
        check_raise(&p->out, CHECK_UNKNOWN);
        check_say(&p->out.text, "nothing is judged: no report can be believed");
        if (now->facts.claim_count > 0)
            check_say(&p->out.text, ", though unverified ones have come");
        return;
    }
    overview_say(&now->overview, said, sizeof said);
    check_say(&p->out.text, "no open finding alarms: %s", said);
}

/* -w goes by the open findings that alarm, -c by those among them that are critical. */
static bool
check_findings(struct probe *p, struct err *e)
{
    struct findings now = {0};
    int alarms = 0, critical = 0, seen = 0;
    bool ok = findings_load(p->c, findings_instant(p->c), &now, e);

    for (size_t i = 0; i < now.all.count; i++) {
        const struct finding *x = &now.all.rows[i];

        if (ok && finding_is_alarm(x) && findings_is_of(p->c, &now.facts, x)) {
            alarms++;
            critical += x->severity == SEVERITY_CRITICAL;
        }
    }
    if (ok && alarms == 0)
        say_what_was_judged(p, &now);
    else
        check_say(&p->out.text, "%d open finding%s, %d critical", alarms,
                  alarms == 1 ? "" : "s", critical);
    for (size_t i = 0; i < now.all.count && ok; i++)
        if (finding_is_alarm(&now.all.rows[i]) &&
            findings_is_of(p->c, &now.facts, &now.all.rows[i]))
            list_finding(p, &now.all.rows[i], seen++);
    check_measure(&p->out,
                  &(struct check_metric){"alarms", alarms, 0, "", &p->warning, NULL});
    check_measure(
        &p->out, &(struct check_metric){"critical", critical, 0, "", NULL, &p->critical});
    findings_clear(&now);
    return ok;
}

/* ---- queries ---------------------------------------------------------------------- */

struct sums {
    struct probe *p;
    double good, bad;
    double worst; /* rate of the worst domain, and its name */
    char domain[256];
    int listed;
};

static bool
add_domain(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct sums *s = ctx;
    double good = strtod(values[3], NULL), bad = strtod(values[4], NULL);
    double rate = bad > 0 ? 100 * bad / (good + bad) : 0;

    (void)n;
    (void)e;
    s->good += good;
    s->bad += bad;
    if (rate > s->worst) {
        s->worst = rate;
        (void)snprintf(s->domain, sizeof s->domain, "%s", values[0]);
    }
    if (s->p->c->options->verbose >= 2 && good + bad > 0 && s->listed++ < MOST_LINES) {
        check_say(&s->p->out.more, "%s: %.2f %% of %.0f sessions", values[0], rate,
                  good + bad);
        (void)buf_putc(&s->p->out.more, '\n');
    }
    return true;
}

static bool
check_failure_rate(struct probe *p, struct err *e)
{
    struct options *o = p->c->options;
    const char *params[OPTIONS_PARAMS];
    struct sums s = {.p = p};
    double rate = -1;

    if (o->since == INT64_MIN)
        o->since = findings_instant(p->c) - RATE_S;
    if (!options_params(o, params, e) ||
        !store_query(p->c->store, query_domains, params, 5, 7, add_domain, &s, e))
        return false;
    if (s.good + s.bad > 0)
        rate = 100 * s.bad / (s.good + s.bad);
    else
        check_raise(&p->out, CHECK_UNKNOWN);
    if (rate < 0)
        check_say(&p->out.text, "no report since %s can be believed", params[0]);
    else
        check_say(&p->out.text, "%.2f %% of %.0f sessions failed since %s", rate,
                  s.good + s.bad, params[0]);
    if (s.worst > 0)
        check_say(&p->out.text, ", most in %s (%.2f %%)", s.domain, s.worst);
    measure(p, "failure_rate", rate, 2, "%", true);
    measure(p, "sessions", s.good + s.bad, 0, "", false);
    measure(p, "failed_sessions", s.bad, 0, "", false);
    return true;
}

/* The one row of a query, kept as texts. */
struct cells {
    char text[MAX_CELLS][256];
    bool null[MAX_CELLS];
};

static bool
keep_cells(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct cells *cells = ctx;

    (void)e;
    for (size_t i = 0; i < n && i < MAX_CELLS; i++) {
        cells->null[i] = values[i] == NULL;
        (void)snprintf(cells->text[i], sizeof cells->text[i], "%s",
                       values[i] == NULL ? "" : values[i]);
    }
    return true;
}

static void
say_age(struct buf *out, double seconds)
{
    if (seconds < 0)
        check_say(out, "never");
    else if (seconds < 7200)
        check_say(out, "%.0f min ago", seconds / 60);
    else
        check_say(out, "%.0f hours ago", seconds / 3600);
}

static bool
check_silence(struct probe *p, struct err *e)
{
    const char *limits[OPTIONS_PARAMS], *params[3];
    struct cells row;
    char now[24];
    double age;

    (void)snprintf(now, sizeof now, "%" PRId64, findings_instant(p->c));
    if (!options_params(p->c->options, limits, e))
        return false;
    params[0] = now;
    params[1] = limits[2];
    params[2] = limits[3];
    if (!store_query(p->c->store, query_check_silence, params, 3, 1, keep_cells, &row, e))
        return false;
    age = row.null[0] ? -1 : strtod(row.text[0], NULL);
    if (age < 0) {
        check_raise(&p->out, CHECK_CRITICAL);
        check_say(&p->out.text, "no report of the latest 92 days can be believed");
    } else {
        check_say(&p->out.text, "the latest report came ");
        say_age(&p->out.text, age);
    }
    measure(p, "age", age, 0, "s", true);
    return true;
}

static bool
check_quarantine(struct probe *p, struct err *e)
{
    const struct options *o = p->c->options;
    const char *params[] = {(char[24]){""}};
    struct cells row;
    char since[24];

    (void)snprintf(since, sizeof since, "%" PRId64,
                   o->since == INT64_MIN ? findings_instant(p->c) - WHEN_DAY_S
                                         : o->since);
    params[0] = since;
    if (!store_query(p->c->store, query_check_quarantine, params, 1, 3, keep_cells, &row,
                     e))
        return false;
    check_say(&p->out.text, "%s new in the quarantine", row.text[0]);
    if (!row.null[2])
        check_say(&p->out.text, ", the latest: %s", row.text[2]);
    measure(p, "quarantined", strtod(row.text[0], NULL), 0, "", true);
    measure(p, "quarantined_bytes", strtod(row.text[1], NULL), 0, "B", false);
    return true;
}

/* A collector at work, and the database looked after. */
static bool
check_intake(struct probe *p, struct err *e)
{
    static const struct range overdue = {"93600", 0, 93600, false}; /* 26 hours */
    double age[2];
    struct cells row;

    if (!store_query(p->c->store, query_check_intake, NULL, 0, 2, keep_cells, &row, e))
        return false;
    for (size_t i = 0; i < 2; i++)
        age[i] = row.null[i] ? -1 : fmax(strtod(row.text[i], NULL), 0);
    if (age[0] < 0)
        check_raise(&p->out, CHECK_CRITICAL);
    if (age[1] < 0)
        check_raise(&p->out, CHECK_WARNING);
    check_say(&p->out.text, "collector at work ");
    say_age(&p->out.text, age[0]);
    check_say(&p->out.text, ", maintenance (tlsrptd maintain) ");
    say_age(&p->out.text, age[1]);
    measure(p, "age", age[0], 0, "s", true);
    check_measure(&p->out, &(struct check_metric){"maintenance_age", age[1], 0, "s",
                                                  &overdue, NULL});
    return true;
}

/* ---- the verb --------------------------------------------------------------------- */

#define WHOSE  (OPTION_DOMAIN | OPTION_SENDER | OPTION_AS_OF)
#define LIMITS (WHOSE | OPTION_SINCE)

static const struct check_kind {
    const char *name, *warning, *critical; /* thresholds unless given */
    cli_set limits;                        /* those of LIMITS that it knows */
    bool (*run)(struct probe *p, struct err *e);
} kinds[] = {
    {"findings", "0", "0", WHOSE, check_findings},
    {"failure-rate", "1", "5", LIMITS, check_failure_rate},
    {"silence", "129600", "259200", WHOSE, check_silence}, /* 36 hours, 3 days */
    {"intake", "300", "900", 0, check_intake},
    {"quarantine", "10", "100", OPTION_SINCE | OPTION_AS_OF, check_quarantine},
};

static const struct check_kind *
find_kind(const char *wanted, struct err *e)
{
    struct suggest s;

    suggest_init(&s, wanted);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].name, wanted) == 0)
            return &kinds[i];
        suggest_offer(&s, kinds[i].name);
    }
    (void)suggest_fail(&s, "check ", "", "tlsrpt check --help", e);
    return NULL;
}

/* The check that is asked for, and its thresholds; NULL when it is wrongly asked. */
static const struct check_kind *
read_use(const struct options *o, struct probe *p, struct err *e)
{
    const struct check_kind *kind = find_kind(o->line.args[0], e);

    if (kind == NULL)
        return NULL;
    for (const struct cli_option *row = option_rows; row->name != NULL; row++) {
        if ((o->line.given & LIMITS & ~kind->limits & row->bit) != 0) {
            (void)err_set(e, ERR_INPUT, "check %s takes no --%s", kind->name, row->name);
            return NULL;
        }
    }
    if (range_parse(o->warning != NULL ? o->warning : kind->warning, &p->warning, e) &&
        range_parse(o->critical != NULL ? o->critical : kind->critical, &p->critical, e))
        return kind;
    return NULL;
}

static bool
run(struct context *c, struct err *e)
{
    struct probe p = {.c = c};
    const struct check_kind *kind = read_use(c->options, &p, e);
    struct buf line;
    bool ok;

    check_init(&p.out);
    buf_init(&line, 0);
    ok = kind != NULL && kind->run(&p, e) && (check_print(&p.out, &line) || err_nomem(e));
    if (ok) {
        (void)fputs(line.bytes, stdout);
        c->exit_code = (int)p.out.state;
    }
    buf_clear(&line);
    check_clear(&p.out);
    return ok;
}

static int
complain(const struct err *error)
{
    struct check out;
    struct buf line;

    check_init(&out);
    buf_init(&line, 0);
    out.state = CHECK_UNKNOWN;
    check_say(&out.text, "%s", error->text);
    if (check_print(&out, &line))
        (void)fputs(line.bytes, stdout);
    buf_clear(&line);
    check_clear(&out);
    return CHECK_UNKNOWN;
}

static void
give_up(int number)
{
    static const char line[] = "TLSRPT UNKNOWN: no answer within the time of --timeout\n";

    (void)number;
    (void)!write(STDOUT_FILENO, line, sizeof line - 1);
    _exit(CHECK_UNKNOWN);
}

static bool
begin(const struct options *o, struct err *e)
{
    struct probe p = {0};

    (void)signal(SIGALRM, give_up);
    (void)alarm(o->timeout_s == 0 ? 10 : (unsigned)o->timeout_s);
    return read_use(o, &p, e) != NULL;
}

const struct command cmd_check = {
    .name = "check",
    .line = "A plugin for Nagios, Icinga and whatever follows their guidelines",
    .args = "CHECK",
    .examples = "  tlsrpt check findings\n"
                "  tlsrpt check failure-rate --domain example.com -w 1 -c 5\n"
                "  tlsrpt check silence -w 129600 -c 259200\n"
                "  tlsrpt check quarantine --since 24h -w 10 -c 100\n",
    .notes =
        "One line and performance data; exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 "
        "UNKNOWN\n"
        "(no answer, wrong use). Thresholds are ranges of the monitoring plugins "
        "guidelines\n"
        "and apply to:\n"
        "  findings      -w to open alarms, -c to the critical ones (0, 0)\n"
        "  failure-rate  per cent of the sessions since --since, 2d (1, 5)\n"
        "  silence       seconds since the latest report that counts (129600, 259200)\n"
        "  intake        seconds since a collector was at work (300, 900)\n"
        "  quarantine    inputs quarantined since --since, 24h (10, 100)\n",
    .options = OPTION_DB | OPTION_CONFIG | OPTION_AS_OF | OPTION_SINCE | OPTION_DOMAIN |
               OPTION_SENDER | OPTION_WARNING | OPTION_CRITICAL | OPTION_TIMEOUT |
               OPTION_VERBOSE,
    .run = run,
    .begin = begin,
    .complain = complain,
};
