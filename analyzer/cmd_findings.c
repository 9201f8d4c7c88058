/* tlsrpt findings: who must act, and where; worst first. */
#include "analyzer/findings.h"
#include "analyzer/present/prose.h"

static bool
show_one(struct context *c, const struct findings *now, struct err *e)
{
    const char *wanted = c->options->line.args[0];
    const struct finding *found = findings_find(now, wanted);
    struct prose prose;
    bool ok;

    if (found == NULL)
        return err_set(e, ERR_INPUT, "no finding \"%s\": tlsrpt findings lists them",
                       wanted);
    if (c->options->format == VIEW_TABLE) {
        prose_init(&prose, c->terminal, stdout);
        ok = finding_explain(c, &now->facts, found, &prose, e);
        prose_clear(&prose);
        return ok;
    }
    return view_begin(c->view, findings_columns, findings_column_count, e) &&
           findings_row(c->view, &now->facts, found, e) && view_end(c->view, e);
}

static bool
run(struct context *c, struct err *e)
{
    struct findings now = {0}, before = {0};
    int64_t as_of = findings_instant(c), then = c->options->new_since;
    bool compare = c->options->line.given & OPTION_NEW_SINCE, ok = true;

    if (compare)
        ok = store_snapshot(c->store, then, e) && findings_load(c, then, &before, e);
    ok = ok && store_snapshot(c->store, as_of, e) && findings_load(c, as_of, &now, e) &&
         (c->options->line.arg_count
              ? show_one(c, &now, e)
              : findings_show(c, &now, compare ? &before : NULL, e));
    findings_clear(&before);
    findings_clear(&now);
    return ok;
}

const struct command cmd_findings = {
    .name = "findings",
    .line = "Who must act, and where: incidents, worst first; with ID, one in full",
    .args = "[ID]",
    .examples = "  tlsrpt findings\n"
                "  tlsrpt findings --brief\n"
                "  tlsrpt findings 5f3c9a1b20d4e877\n"
                "  tlsrpt findings --min-severity warning --state open --exit-code\n"
                "  tlsrpt findings --new-since 24h --format json\n",
    .notes =
        "An alarm is an open finding of severity warning or critical. With --exit-code\n"
        "the exit code is 1 when there is one (or one as grave as --min-severity).\n"
        "With --domain, only that domain and those that are declared to share its MX\n"
        "hosts are compared; --new-since leaves out what was an open finding then.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN | OPTION_SENDER | OPTION_EXIT_CODE |
               OPTION_MIN_SEVERITY | OPTION_STATE | OPTION_NEW_SINCE | OPTION_BRIEF,
    .run = run,
};
