/* Which findings are asked for, and their list. */
#include "analyzer/findings.h"

#include <string.h>

enum {
    EXIT_FINDINGS = 1,
    LEAST_ID = 4, /* digits that a beginning must have */
};

const struct finding *
findings_find(const struct findings *f, const char *wanted)
{
    const struct finding *found = NULL;

    for (size_t i = 0; i < f->all.count; i++) {
        const char *text = f->all.rows[i].id;

        if (!strcmp(text, wanted) || (!found && strlen(wanted) >= LEAST_ID &&
                                      !strncmp(text, wanted, strlen(wanted))))
            found = &f->all.rows[i];
    }
    return found;
}

/* Was it an open alarm then? */
static bool
was_known(const struct findings *before, const struct finding *x)
{
    for (size_t i = 0; before && i < before->all.count; i++)
        if (before->all.rows[i].open && before->all.rows[i].severity >= x->severity &&
            !strcmp(before->all.rows[i].id, x->id))
            return true;
    return false;
}

bool
findings_wanted(const struct context *c, const struct findings *now,
                const struct findings *before, const struct finding *x)
{
    const struct options *o = c->options;

    return x->severity >= severity_find(o->min_severity, SEVERITY_INFO) &&
           (!o->state || !strcmp(o->state, "open") == x->open) &&
           findings_is_of(c, &now->facts, x) &&
           !(before && (!x->open || was_known(before, x)));
}

bool
findings_show(struct context *c, const struct findings *now,
              const struct findings *before, struct err *e)
{
    enum severity alarming = severity_find(c->options->min_severity, SEVERITY_WARNING);

    if (!view_begin(c->view, findings_columns, findings_column_count, e))
        return false;
    for (size_t i = 0; i < now->all.count; i++) {
        const struct finding *x = &now->all.rows[i];

        if (!findings_wanted(c, now, before, x))
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
