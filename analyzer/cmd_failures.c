#include "analyzer/command.h"

#include "schema_sql.h"

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"policy_type", "POLICY", COLUMN_TEXT, 2, COLOUR_NONE},
    {"result_type", "RESULT", COLUMN_TEXT, -1, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"sending_mta_ip", "FROM", COLUMN_TEXT, 6, COLOUR_NONE},
    {"receiving_mx_hostname", "MX", COLUMN_TEXT, 3, COLOUR_NONE},
    {"receiving_ip", "AT", COLUMN_TEXT, 5, COLOUR_NONE},
    {"failure_reason_code", "REASON", COLUMN_TEXT, 4, COLOUR_NONE},
    {"trust", "TRUST", COLUMN_TEXT, -1, COLOUR_WORD},
};

const struct command cmd_failures = {
    .name = "failures",
    .line = "What failed: every failure that senders described, the latest day first",
    .args = "",
    .examples = "  tlsrpt failures --since yesterday\n"
                "  tlsrpt failures --domain example.com --trust verified\n"
                "  tlsrpt failures --format ndjson | grep certificate-expired\n",
    .notes =
        "One session can fail in several ways, so these do not add up to the sessions\n"
        "of `tlsrpt summary`. What is \"not-described\" a sender counted and said no "
        "more.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_failures,
    .params = 5,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .empty = "no failures are reported: `tlsrpt summary` says what is",
};
