#include "analyzer/command.h"
#include "analyzer/pruned.h"

#include "base/count.h"
#include "schema_sql.h"

#include <string.h>

/* For whoever looks at everything. */
static const struct column all_columns[] = {
    {"id", "ID", COLUMN_TEXT, -1, COLOUR_NONE},
    {"received", "RECEIVED (UTC)", COLUMN_INSTANT, 3, COLOUR_NONE},
    {"transport", "BY", COLUMN_TRANSPORT, 4, COLOUR_NONE},
    {"trust", "TRUST", COLUMN_TEXT, 1, COLOUR_WORD},
    {"status", "STATUS", COLUMN_STATUS, 0, COLOUR_WORD},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"organization", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"report_id", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domains", "DOMAINS", COLUMN_LIST, 2, COLOUR_NONE},
    {"start", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"end", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"quirks", "QUIRKS", COLUMN_LIST, 6, COLOUR_NONE},
    {"reason", "WHY", COLUMN_TEXT, 5, COLOUR_NONE},
};

/* For whoever asks only for what is not accepted: why is what matters. The same keys. */
static const struct column held_columns[] = {
    {"id", "ID", COLUMN_TEXT, -1, COLOUR_NONE},
    {"received", "RECEIVED (UTC)", COLUMN_INSTANT, 2, COLOUR_NONE},
    {"transport", "BY", COLUMN_TRANSPORT, 3, COLOUR_NONE},
    {"trust", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"status", "STATUS", COLUMN_STATUS, 0, COLOUR_WORD},
    {"sender", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"organization", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"report_id", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domains", "SEEMS ABOUT", COLUMN_LIST, 1, COLOUR_NONE},
    {"start", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"end", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"quirks", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"reason", "WHY", COLUMN_TEXT, 0, COLOUR_NONE},
};

static bool
reports_run(struct context *c, struct err *e)
{
    const struct option_list *wanted = &c->options->status;
    const struct command *own = c->command;
    struct command held = *own;
    bool accepted = wanted->count == 0, ok;

    for (size_t i = 0; i < wanted->count; i++)
        accepted = accepted || strcmp(wanted->items[i], "accepted") == 0;
    if (!accepted) {
        held.columns = held_columns;
        c->command = &held;
    }
    ok = command_query(c, e);
    if (ok && accepted)
        pruned_say(c);
    c->command = own;
    return ok;
}

const struct command cmd_reports = {
    .name = "reports",
    .line = "Everything that was kept, the latest arrival first",
    .examples = "  tlsrpt reports --since 2d\n"
                "  tlsrpt reports --status quarantined,ignored\n"
                "  tlsrpt reports --sender google.com --format json\n",
    .notes =
        "A report that came twice, by roads that are believed differently, has a line "
        "for\n"
        "each; only the better one is counted. What is quarantined could not be "
        "understood,\nwhat is ignored may not be believed: both are in no figure. "
        "--since and --until go\nby the day that a report is about, for those two by the "
        "day of arrival.\n",
    .options = OPTIONS_FIGURES | OPTION_STATUS,
    .run = reports_run,
    .sql = query_reports,
    .params = 9,
    .columns = all_columns,
    .column_count = COUNT_OF(all_columns),
    .empty = COMMAND_NO_REPORTS,
};
