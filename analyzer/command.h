/* What a verb of tlsrpt is: a constant descriptor and a function. */
#pragma once
#include "analyzer/options.h"
#include "schema/settings/settings.h"
#include "schema/store/store.h"

/* All that a running verb may use. */
struct context {
    const struct command *command;
    struct options *options;
    const struct settings *settings;
    struct store *store; /* open, its snapshot taken at options->as_of; NULL: no_store */
    struct view *view;   /* where the answer goes; not begun */
    struct terminal *terminal;
    int exit_code; /* 0; a verb may set another for an answer that was given */
    const struct findings *ready; /* of a page: those of now, to be taken; else NULL */
};

struct command {
    CLI_VERB_MEMBER
    bool no_store; /* it opens the database itself, or needs none */
    bool (*run)(struct context *c, struct err *e);
    /* What there is to say without a database, beside the error; NULL: nothing. */
    void (*unreachable)(struct context *c, struct err *e);

    /* For verbs whose reader is a program with rules of its own; NULL: as the others. */
    bool (*begin)(const struct options *o, struct err *e); /* before anything is opened */
    int (*complain)(const struct err *error); /* says it; returns the exit code */

    /* For verbs that are one query (run = command_query): */
    const char *sql; /* of schema/sql/queries, parameters as options_params() */
    size_t params;   /* how many of them; 0: those of all figures */
    const struct column *columns;
    size_t column_count;
    const char *empty; /* what to say and do when nothing matches, one line */
};

/* For `empty`, where only an empty database gives no rows. */
#define COMMAND_NO_REPORTS                                                               \
    "no reports yet: publish the _smtp._tls record that leads to tlsrptd, or read old "  \
    "ones with `tlsrptd import PATH`"

/* Runs c->command->sql and shows its rows. */
MUST_USE bool command_query(struct context *c, struct err *e);

/* One line on standard error for an answer without rows, if a person reads it (table):
 * which domain or sender may have been meant, that nothing has arrived, or that nothing
 * matches, or `text`. */
void command_say_empty(struct context *c, const char *text);

extern const struct command cmd_summary, cmd_domains, cmd_senders, cmd_failures,
    cmd_reports, cmd_show, cmd_findings, cmd_readiness, cmd_policies, cmd_coverage,
    cmd_check, cmd_metrics, cmd_serve, cmd_results, cmd_doctor;
