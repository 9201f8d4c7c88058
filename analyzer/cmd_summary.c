#include "analyzer/command.h"

#include "schema_sql.h"

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_type", "POLICY", COLUMN_TEXT, -1, COLOUR_NONE},
    {"trust", "TRUST", COLUMN_TEXT, -1, COLOUR_WORD},
    {"reports", "REPORTS", COLUMN_COUNT, 2, COLOUR_NONE},
    {"successful_sessions", "OK", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"first_day", "FIRST DAY", COLUMN_DAY, 3, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
};

const struct command cmd_summary = {
    .name = "summary",
    .line = "What each sender said of each policy domain, by policy type and trust",
    .args = "",
    .examples = "  tlsrpt summary --since 7d\n"
                "  tlsrpt summary --domain example.com --trust verified,operator\n"
                "  tlsrpt summary --as-of 2026-11-01 --format json\n",
    .notes =
        "A sender that reports the same sessions under two policy types has two lines:\n"
        "do not add them up. `tlsrpt domains` and `tlsrpt senders` count each once.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_summary,
    .params = 5,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .empty = COMMAND_NO_REPORTS,
};
