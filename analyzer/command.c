/* The verbs that are one query: rows go from the database to the view one at a time. */
#include "analyzer/command.h"

#include "base/suggest.h"
#include "base/text.h"
#include "schema_sql.h"

#include <stdio.h>
#include <string.h>

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

/* The names of one kind that were asked for, and what is near them. */
struct near {
    const char *kind; /* as names.sql has it */
    struct arena *arena;
    struct suggest *asked;
    size_t count;
};

static bool
offer_name(void *ctx, const char *const values[], size_t n, struct err *e)
{
    const struct near *near = ctx;

    (void)n;
    if (strcmp(values[0], near->kind) != 0)
        return true;
    for (size_t i = 0; i < near->count; i++) {
        struct suggest *s = &near->asked[i];

        suggest_offer(s, values[1]);
        if (s->nearest == values[1] &&
            (s->nearest = arena_strdup(near->arena, s->nearest)) == NULL)
            return err_nomem(e);
    }
    return true;
}

/* Says which names of the database may have been meant; false when there are none. */
static bool
say_near(struct context *c, const char *kind, const struct option_list *asked)
{
    struct near near = {kind, &c->options->arena, NULL, asked->count};
    struct err unsaid = {0};
    struct buf line;
    bool said = false;

    near.asked = arena_array(near.arena, near.count, sizeof *near.asked);
    if (near.count == 0 || near.asked == NULL)
        return false;
    for (size_t i = 0; i < near.count; i++)
        suggest_init(&near.asked[i], asked->items[i]);
    if (!store_query(c->store, query_names, NULL, 0, 2, offer_name, &near, &unsaid))
        return false;
    buf_init(&line, 0);
    for (size_t i = 0; i < near.count; i++) {
        const struct suggest *s = &near.asked[i];

        if (s->nearest == NULL || s->distance == 0)
            continue;
        buf_reset(&line);
        (void)text_escape(&line, s->typed, strlen(s->typed));
        (void)buf_puts(&line, "\": did you mean ");
        (void)text_escape(&line, s->nearest, strlen(s->nearest));
        if (!line.failed)
            (void)fprintf(stderr, "tlsrpt: there is no %s \"%s?\n", kind, line.bytes);
        said = true;
    }
    buf_clear(&line);
    return said;
}

void
command_say_empty(struct context *c, const char *text)
{
    const cli_set limits = OPTION_SINCE | OPTION_UNTIL | OPTION_AS_OF | OPTION_DOMAIN |
                           OPTION_SENDER | OPTION_TRUST | OPTION_STATUS;
    const char *between = "tlsrpt: nothing matches: try it without --";

    if (c->options->format != VIEW_TABLE || say_near(c, "domain", &c->options->domains) ||
        say_near(c, "sender", &c->options->senders))
        return;
    if ((c->options->line.given & limits) == 0) {
        (void)fprintf(stderr, "tlsrpt: %s\n", text);
        return;
    }
    for (const struct cli_option *row = option_rows; row->name != NULL; row++) {
        if ((c->options->line.given & limits & row->bit) == 0)
            continue;
        (void)fprintf(stderr, "%s%s", between, row->name);
        between = " or --";
    }
    (void)fputc('\n', stderr);
}
