/* The verbs that are one query: rows go from the database to the view one at a time. */
#include "analyzer/command.h"

#include <stdio.h>

static bool
show_row(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct view *v = ctx;

    (void)n;
    return view_row(v, values, e);
}

bool
command_query(struct context *c, struct err *e)
{
    const struct command *cmd = c->command;
    const char *params[OPTIONS_PARAMS];

    if (!options_params(c->options, params, e) ||
        !view_begin(c->view, cmd->columns, cmd->column_count, e) ||
        !store_query(c->store, cmd->sql, params,
                     cmd->params == 0 ? OPTIONS_FIGURE_PARAMS : cmd->params,
                     cmd->column_count, show_row, c->view, e) ||
        !view_end(c->view, e))
        return false;
    if (c->view->row_count == 0)
        command_say_empty(c, cmd->empty);
    return true;
}

void
command_say_empty(struct context *c, const char *text)
{
    const unsigned limits = OPTION_SINCE | OPTION_UNTIL | OPTION_AS_OF | OPTION_DOMAIN |
                            OPTION_SENDER | OPTION_TRUST | OPTION_STATUS;
    const char *between = "tlsrpt: nothing matches: try it without --";

    if (c->options->format != VIEW_TABLE)
        return;
    if ((c->options->given & limits) == 0) {
        (void)fprintf(stderr, "tlsrpt: %s\n", text);
        return;
    }
    for (size_t i = 0; i < option_row_count; i++) {
        if ((c->options->given & limits & option_rows[i].bit) == 0)
            continue;
        (void)fprintf(stderr, "%s%s", between, option_rows[i].name);
        between = " or --";
    }
    (void)fputc('\n', stderr);
}
