#include "analyzer/command.h"

#include "schema_sql.h"

static const struct column columns[] = {
    {"result_type", "RESULT", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"senders", "SENDERS", COLUMN_COUNT, 2, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"first_day", "FIRST DAY", COLUMN_DAY, 3, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
};

const struct command cmd_results = {
    .name = "results",
    .line = "What failed, by result type and domain, the most first",
    .args = "",
    .examples = "  tlsrpt results --since 30d\n"
                "  tlsrpt results --domain example.com --format json\n",
    .notes =
        "Of reports that can be believed (verified, operator), unless --trust says\n"
        "otherwise, and of the policy type that is counted. One session can fail in\n"
        "several ways, so these do not add up to the sessions of `tlsrpt summary`.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_results,
    .params = 5,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .empty = "no failures that can be believed: --trust unverified has the others",
};
