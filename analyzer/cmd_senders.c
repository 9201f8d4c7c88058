#include "analyzer/command.h"

#include "schema_sql.h"

static const struct column columns[] = {
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"organization", "ORGANIZATION", COLUMN_TEXT, 3, COLOUR_NONE},
    {"policy_domains", "DOMAINS", COLUMN_COUNT, 2, COLOUR_NONE},
    {"reports", "REPORTS", COLUMN_COUNT, 4, COLOUR_NONE},
    {"successful_sessions", "OK", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"unverified_sessions", "UNVERIFIED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
    {"quirks", "QUIRKS", COLUMN_LIST, 5, COLOUR_NONE},
};

const struct command cmd_senders = {
    .name = "senders",
    .line = "One line for each sending domain, the one with most failures first",
    .args = "",
    .examples = "  tlsrpt senders --since 30d\n"
                "  tlsrpt senders --domain example.com\n"
                "  tlsrpt senders --format json | jq '.[] | select(.quirks != [])'\n",
    .notes =
        "Sessions that one report lists under several policy types are counted once.\n"
        "OK and FAILED are of reports that can be believed (verified, "
        "operator);\n"
        "UNVERIFIED are all sessions of the others, whose sender nobody has proved.\n"
        "QUIRKS are what a sender's reports have that RFC 8460 has not.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_senders,
    .params = 5,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .empty = COMMAND_NO_REPORTS,
};
