#include "analyzer/command.h"

#include "schema_sql.h"

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"senders", "SENDERS", COLUMN_COUNT, 2, COLOUR_NONE},
    {"reports", "REPORTS", COLUMN_COUNT, 3, COLOUR_NONE},
    {"successful_sessions", "OK", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"unverified_sessions", "UNVERIFIED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
};

const struct command cmd_domains = {
    .name = "domains",
    .line = "One line for each policy domain, the one with most failures first",
    .args = "",
    .examples = "  tlsrpt domains --since 30d\n"
                "  tlsrpt domains --sender google.com --format csv > google.csv\n",
    .notes =
        "Sessions that one report lists under several policy types are counted once.\n"
        "OK and FAILED are of reports that can be believed (verified, "
        "operator);\n"
        "UNVERIFIED are all sessions of the others, whose sender nobody has proved.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_domains,
    .params = 5,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .empty = COMMAND_NO_REPORTS,
};
