/* The verbs that are a query and its columns. */
#include "analyzer/command.h"

#include "analyzer/origins.h"
#include "base/count.h"
#include "schema_sql.h"

static const struct column summary_columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_type", "POLICY", COLUMN_TEXT, -1, COLOUR_NONE},
    {"trust", "TRUST", COLUMN_TEXT, -1, COLOUR_WORD},
    {"reports", "REPORTS", COLUMN_COUNT, 2, COLOUR_NONE},
    {"contested", "CONTESTED", COLUMN_COUNT, 4, COLOUR_NONE},
    {"successful_sessions", "OK", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"first_day", "FIRST DAY", COLUMN_DAY, 3, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
};

const struct command cmd_summary = {
    .name = "summary",
    .line = "What each sender said of each policy domain, by policy type and trust",
    .examples = "  tlsrpt summary --since 7d\n"
                "  tlsrpt summary --domain example.com --trust verified,operator\n"
                "  tlsrpt summary --as-of 2026-11-01 --format json\n",
    .notes =
        "A sender that reports the same sessions under two policy types has two lines:\n"
        "do not add them up. `tlsrpt domains` and `tlsrpt senders` count each once.\n"
        "CONTESTED are reports of which other networks claim something else.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_summary,
    .columns = summary_columns,
    .column_count = COUNT_OF(summary_columns),
    .empty = COMMAND_NO_REPORTS,
};

static const struct column domains_columns[] = {
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
    .examples = "  tlsrpt domains --since 30d\n"
                "  tlsrpt domains --sender google.com --format csv > google.csv\n",
    .notes =
        "Sessions that one report lists under several policy types are counted once.\n"
        "OK and FAILED are of reports that can be believed (verified, "
        "operator, confirmed);\n"
        "UNVERIFIED are all sessions of the others, whose sender nobody has proved.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_domains,
    .columns = domains_columns,
    .column_count = COUNT_OF(domains_columns),
    .empty = COMMAND_NO_REPORTS,
};

static const struct column senders_columns[] = {
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

static bool
run_senders(struct context *c, struct err *e)
{
    return (c->options->line.given & OPTION_ORIGINS) != 0 ? origins_show(c, e)
                                                          : command_query(c, e);
}

const struct command cmd_senders = {
    .name = "senders",
    .line = "One line for each sending domain, the one with most failures first",
    .examples = "  tlsrpt senders --since 30d\n"
                "  tlsrpt senders --domain example.com\n"
                "  tlsrpt senders --origins\n"
                "  tlsrpt senders --format json | jq '.[] | select(.quirks != [])'\n",
    .notes =
        "Sessions that one report lists under several policy types are counted once.\n"
        "OK and FAILED are of reports that can be believed (verified, "
        "operator, confirmed);\n"
        "UNVERIFIED are all sessions of the others, whose sender nobody has proved.\n"
        "QUIRKS are what a sender's reports have that RFC 8460 has not.\n"
        "--origins lists the hosts, confirmed by DNS, that posted in a sender's name and "
        "that\n"
        "no https_sender line names. MATCHED are those of which a signed mail said the "
        "same,\n"
        "DIFFERED those of which it said another thing; where they bear it out there is "
        "the\n"
        "line for tlsrpt.conf that makes later ones count. Check the host before you "
        "paste "
        "it.\n",
    .options = OPTIONS_FIGURES | OPTION_ORIGINS,
    .run = run_senders,
    .sql = query_senders,
    .columns = senders_columns,
    .column_count = COUNT_OF(senders_columns),
    .empty = COMMAND_NO_REPORTS,
};

static const struct column failures_columns[] = {
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
    .columns = failures_columns,
    .column_count = COUNT_OF(failures_columns),
    .empty = "no failures are reported: `tlsrpt summary` says what is",
};

static const struct column results_columns[] = {
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
    .examples = "  tlsrpt results --since 30d\n"
                "  tlsrpt results --domain example.com --format json\n",
    .notes =
        "Of reports that can be believed (verified, operator, confirmed), unless\n"
        "--trust says otherwise, and of the policy type that is counted. One session can "
        "fail in\n"
        "several ways, so these do not add up to the sessions of `tlsrpt summary`.\n",
    .options = OPTIONS_FIGURES,
    .run = command_query,
    .sql = query_results,
    .columns = results_columns,
    .column_count = COUNT_OF(results_columns),
    .empty = "no failures that can be believed: --trust unverified has the others",
};
