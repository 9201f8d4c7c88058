/* tlsrpt policies: what each sender saw, since when, beside what is declared. */
#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/findings.h"
#include "base/count.h"

#include <string.h>

enum {
    MOST_SENDERS = 3, /* named in a row of a table */
};

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_type", "POLICY", COLUMN_TEXT, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"first_day", "FIRST", COLUMN_DAY, 0, COLOUR_NONE},
    {"last_day", "LAST", COLUMN_DAY, 0, COLOUR_NONE},
    {"status", "STATUS", COLUMN_TEXT, 0, COLOUR_WORD},
    {"policy", "TEXT", COLUMN_LIST, 0, COLOUR_NONE},
};

/* The lines of a policy as a JSON array. */
static const char *
lines_cell(struct view *v, const char *text)
{
    struct buf *out = &v->cell;

    buf_reset(out);
    (void)buf_putc(out, '[');
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");

        (void)buf_puts(out, at == text ? "" : ", ");
        (void)view_json_string(out, at, n);
        at += n;
        at += *at != 0;
    }
    v->failed |= !buf_putc(out, ']');
    return v->failed ? NULL : view_text(v, "%s", out->bytes);
}

/* Compared with what is declared: "declared" is in force, "earlier" was, "undeclared"
 * never was; NULL when nothing is declared. */
static const char *
status_of(const struct facts *f, const struct seen *s)
{
    const struct declared *d = facts_declared(f, s->domain);
    const struct published *list;
    size_t count;

    if (d == NULL)
        return NULL;
    list = s->type == POLICY_STS ? d->policies : d->tlsa;
    count = s->type == POLICY_STS ? d->policy_count : d->tlsa_count;
    if (drift_declared(list, count, f->first_day + f->today) == s->policy)
        return "declared";
    for (size_t i = 0; i < count; i++)
        if (list[i].text == s->policy)
            return "earlier";
    return count ? "undeclared" : NULL;
}

/* Does row i tell what row k of the same domain does? */
static bool
is_same(const struct facts *f, size_t i, size_t k)
{
    const struct seen *a = &f->seen[i], *b = &f->seen[k];

    return a->domain == b->domain && a->type == b->type && a->policy == b->policy;
}

/* Stands a row before it for the same? */
static bool
stands_already(const struct facts *f, size_t i)
{
    for (size_t k = i; k > 0 && f->seen[k - 1].domain == f->seen[i].domain; k--)
        if (is_same(f, i, k - 1))
            return true;
    return false;
}

/* Takes into row i those behind it that tell the same: their senders, and their days. */
static void
gather(const struct facts *f, size_t i, int *first, int *last, struct buf *senders)
{
    name named = f->seen[i].sender;
    size_t names = 1;

    for (size_t k = i + 1; k < f->seen_count && f->seen[k].domain == f->seen[i].domain;
         k++) {
        const struct seen *other = &f->seen[k];

        if (!is_same(f, i, k))
            continue;
        *first = other->first < *first ? other->first : *first;
        *last = other->last > *last ? other->last : *last;
        if (other->sender != named && names++ < MOST_SENDERS)
            (void)buf_printf(senders, ", %s", facts_text(f, other->sender));
        named = other->sender;
    }
    if (names > MOST_SENDERS)
        (void)buf_printf(senders, " and %zu more", names - MOST_SENDERS);
}

/* For a person, senders that saw the same stand in one row, at the first of them. */
static bool
show_seen(struct context *c, const struct facts *f, struct err *e)
{
    bool group = c->options->format == VIEW_TABLE, ok = true;
    struct view *v = c->view;
    struct buf senders;

    buf_init(&senders, 0);
    for (size_t i = 0; i < f->seen_count && ok; i++) {
        const struct seen *s = &f->seen[i];
        int first = s->first, last = s->last;

        if (!findings_asks_for(c, facts_text(f, s->domain)) ||
            (group && stands_already(f, i)))
            continue;
        buf_reset(&senders);
        (void)buf_puts(&senders, facts_text(f, s->sender));
        if (group)
            gather(f, i, &first, &last, &senders);
        ok = senders.failed
                 ? err_nomem(e)
                 : view_row(v,
                            (const char *const[]){
                                facts_text(f, s->domain),
                                policy_type_text((enum policy_type)s->type),
                                senders.bytes, view_day(v, f->first_day + first),
                                view_day(v, f->first_day + last), status_of(f, s),
                                lines_cell(v, facts_text(f, s->policy))},
                            e);
    }
    buf_clear(&senders);
    return ok;
}

static bool
show_published(struct context *c, const struct facts *f, const struct declared *d,
               const struct published *list, size_t count, const char *type,
               struct err *e)
{
    struct view *v = c->view;

    for (size_t i = 0; i < count; i++) {
        const char *until = i + 1 < count ? view_day(v, list[i + 1].since - 1) : NULL;
        const char *row[] = {facts_text(f, d->domain),
                             type,
                             NULL,
                             view_day(v, list[i].since),
                             until,
                             until ? "earlier" : "declared",
                             lines_cell(v, facts_text(f, list[i].text))};

        if (findings_asks_for(c, row[0]) && !view_row(v, row, e))
            return false;
    }
    return true;
}

static bool
show_declared(struct context *c, const struct facts *f, struct err *e)
{
    for (size_t i = 0; i < f->declared_count; i++) {
        const struct declared *d = &f->declared[i];

        if (!show_published(c, f, d, d->policies, d->policy_count, "sts", e) ||
            !show_published(c, f, d, d->tlsa, d->tlsa_count, "tlsa", e))
            return false;
    }
    return true;
}

static bool
run(struct context *c, struct err *e)
{
    struct findings now;
    bool ok;

    findings_take_domain(c);
    ok = findings_load_facts(c, &now, e) &&
         view_begin(c->view, columns, COUNT_OF(columns), e) &&
         show_declared(c, &now.facts, e) && show_seen(c, &now.facts, e) &&
         view_end(c->view, e);
    if (ok && c->view->row_count == 0)
        findings_say_empty(c, &now.facts, "no sender told a policy yet");
    findings_clear(&now);
    return ok;
}

const struct command cmd_policies = {
    .name = "policies",
    .line = "Which policies senders saw, since when, beside what is declared",
    .args = "[DOMAIN]",
    .examples = "  tlsrpt policies example.com\n",
    .notes =
        "In a table senders that saw the same have one line; the other formats have "
        "each.\n"
        "Lines without a sender are what the configuration declares. The other form in\n"
        "which Microsoft tells TLSA records is unfolded. Of the latest 92 days.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN,
    .run = run,
};
