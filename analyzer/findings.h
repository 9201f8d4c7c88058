/* The findings of one answer: loaded, analysed, muted as configured, and those left that
 * were asked for. */
#pragma once
#include "analyzer/analysis/analyse.h"
#include "analyzer/command.h"
#include "analyzer/overview.h"

struct findings {
    struct facts facts;
    struct analysis all;
    struct overview overview;
    bool borrowed; /* of c->ready: cleared by its owner */
};

/* What --as-of says, or now. */
int64_t findings_instant(const struct context *c);

/* Loads what had arrived by `as_of`; the store's snapshot must be taken there. `out` is
 * to be cleared, also on failure. */
MUST_USE bool findings_load(struct context *c, int64_t as_of, struct findings *out,
                            struct err *e);
void findings_clear(struct findings *f);

/* The facts alone, as of findings_instant(). */
MUST_USE bool findings_load_facts(struct context *c, struct findings *out, struct err *e);

/* DOMAIN as an argument means --domain DOMAIN. */
void findings_take_domain(struct context *c);

/* For an answer without rows: that there are no reports to judge by, else `text`. */
void findings_say_empty(struct context *c, const struct facts *f, const char *text);

/* Was the domain asked for, or none in particular? */
bool findings_asks_for(const struct context *c, const char *domain);

/* Is it about a domain and a sender that were asked for, or none in particular? */
bool findings_is_of(const struct context *c, const struct facts *f,
                    const struct finding *x);

/* One row of a view with the columns of findings_columns. */
extern const struct column findings_columns[];
extern const size_t findings_column_count;
MUST_USE bool findings_row(struct view *v, const struct facts *f, const struct finding *x,
                           struct err *e);

/* Is it of the severity, state, domains and senders that the options name, and no open
 * alarm in `before` (NULL: no matter)? */
bool findings_wanted(const struct context *c, const struct findings *now,
                     const struct findings *before, const struct finding *x);

/* All that are wanted, into c->view; sets the exit code. */
MUST_USE bool findings_show(struct context *c, const struct findings *now,
                            const struct findings *before, struct err *e);

/* The one of that id, or of its beginning; NULL if there is none. */
const struct finding *findings_find(const struct findings *f, const char *wanted);

/* The reports behind a finding, the latest first: id, day, sender, policy domain,
 * failures. */
typedef bool finding_report_fn(void *ctx, const char *const values[], size_t n,
                               struct err *e);
MUST_USE bool finding_reports(struct context *c, const struct facts *f,
                              const struct finding *x, finding_report_fn *row, void *ctx,
                              struct err *e);

/* What would tell that it is over; NULL when it is. */
const char *finding_ends(const struct finding *x);

/* The figures behind a finding, as a section. */
struct prose;
void finding_evidence(const struct facts *f, const struct finding *x, struct prose *p);

/* One finding in full, for a person. */
MUST_USE bool finding_explain(struct context *c, const struct facts *f,
                              const struct finding *x, struct prose *p, struct err *e);
