/* tlsrpt findings: who must act, and where; worst first. */
#include "analyzer/findings.h"

#include <stdio.h>
#include <string.h>

enum {
    EXIT_FINDINGS = 1,
    LEAST_ID = 4, /* digits that a beginning must have */
};

static enum severity
severity_of(const char *word, enum severity otherwise)
{
    for (int s = SEVERITY_INFO; word && s <= SEVERITY_CRITICAL; s++)
        if (!strcmp(word, severity_text((enum severity)s)))
            return (enum severity)s;
    return otherwise;
}

/* Was it an open alarm then? */
static bool
was_known(const struct findings *before, const struct finding *x)
{
    char a[48], b[48];

    for (size_t i = 0; before && i < before->all.count; i++)
        if (before->all.rows[i].open && before->all.rows[i].severity >= x->severity &&
            !strcmp(finding_id(&before->all.rows[i], a), finding_id(x, b)))
            return true;
    return false;
}

static bool
is_wanted(const struct context *c, const struct findings *now,
          const struct findings *before, const struct finding *x)
{
    const struct options *o = c->options;

    return x->severity >= severity_of(o->min_severity, SEVERITY_INFO) &&
           (!o->state || !strcmp(o->state, "open") == x->open) &&
           findings_is_of(c, &now->facts, x) &&
           !(before && (!x->open || was_known(before, x)));
}

static bool
show_all(struct context *c, const struct findings *now, const struct findings *before,
         struct err *e)
{
    enum severity alarming = severity_of(c->options->min_severity, SEVERITY_WARNING);

    if (!view_begin(c->view, findings_columns, findings_column_count, e))
        return false;
    for (size_t i = 0; i < now->all.count; i++) {
        const struct finding *x = &now->all.rows[i];

        if (!is_wanted(c, now, before, x))
            continue;
        if (!findings_row(c->view, &now->facts, x, e))
            return false;
        if ((c->options->given & OPTION_EXIT_CODE) != 0 && x->open && !x->known_until &&
            x->severity >= alarming)
            c->exit_code = EXIT_FINDINGS;
    }
    if (!view_end(c->view, e))
        return false;
    if (!c->view->row_count)
        findings_say_empty(c, &now->facts, "nothing to act on");
    return true;
}

static bool
show_one(struct context *c, const struct findings *now, struct err *e)
{
    const char *wanted = c->options->args[0];
    const struct finding *found = NULL;
    char id[48];

    for (size_t i = 0; i < now->all.count; i++) {
        const char *text = finding_id(&now->all.rows[i], id);

        if (!strcmp(text, wanted) || (!found && strlen(wanted) >= LEAST_ID &&
                                      !strncmp(text, wanted, strlen(wanted))))
            found = &now->all.rows[i];
    }
    if (!found)
        return err_set(e, ERR_INPUT, "no finding \"%s\": tlsrpt findings lists them",
                       wanted);
    if (c->options->format == VIEW_TABLE)
        return finding_explain(c, &now->facts, found, e);
    return view_begin(c->view, findings_columns, findings_column_count, e) &&
           findings_row(c->view, &now->facts, found, e) && view_end(c->view, e);
}

static bool
run(struct context *c, struct err *e)
{
    struct findings now = {0}, before = {0};
    int64_t as_of = findings_instant(c), then = c->options->new_since;
    bool compare = c->options->given & OPTION_NEW_SINCE, ok = true;

    if (compare)
        ok = store_snapshot(c->store, then, e) && findings_load(c, then, &before, e);
    ok = ok && store_snapshot(c->store, as_of, e) && findings_load(c, as_of, &now, e) &&
         (c->options->arg_count ? show_one(c, &now, e)
                                : show_all(c, &now, compare ? &before : NULL, e));
    findings_clear(&before);
    findings_clear(&now);
    return ok;
}

const struct command cmd_findings = {
    .name = "findings",
    .line = "Who must act, and where: incidents, worst first; with ID, one in full",
    .args = "[ID]",
    .max_args = 1,
    .examples = "  tlsrpt findings\n"
                "  tlsrpt findings 5f3c9a1b20d4e877\n"
                "  tlsrpt findings --min-severity warning --state open --exit-code\n"
                "  tlsrpt findings --new-since 24h --format json\n",
    .notes =
        "An alarm is an open finding of severity warning or critical. With --exit-code\n"
        "the exit code is 1 when there is one (or one as grave as --min-severity).\n"
        "With --domain, only that domain and those that are declared to share its MX\n"
        "hosts are compared; --new-since leaves out what was an open finding then.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN | OPTION_SENDER | OPTION_EXIT_CODE |
               OPTION_MIN_SEVERITY | OPTION_STATE | OPTION_NEW_SINCE,
    .run = run,
};
