/* The options of all verbs, and what each does with its value. */
#include "collector/command.h"

#include "base/when.h"
#include "collector/import/import_crew.h"
#include "schema/report/vocab.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DAYS = 36500
};

static bool
set_received(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct options *o = values;
    unsigned form;

    (void)row;
    return when_parse_rfc3339(value, strlen(value), &o->received, &form) ||
           err_set(e, ERR_INPUT, "\"%s\" is no time as 2026-03-01T06:00:00Z", value);
}

static bool
set_since(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct options *o = values;
    unsigned form;

    (void)row;
    return when_parse_rfc3339(value, strlen(value), &o->since, &form) ||
           err_set(e, ERR_INPUT, "\"%s\" is no time as 2026-03-01T06:00:00Z", value);
}

static bool
set_peer(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    unsigned char address[sizeof(struct in6_addr)];

    return (inet_pton(AF_INET, value, address) == 1 ||
            inet_pton(AF_INET6, value, address) == 1)
               ? cli_set_text(values, row, value, e)
               : err_set(e, ERR_INPUT, "\"%s\" is no address", value);
}

static bool
set_jobs(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct options *o = values;

    (void)row;
    return cli_read_number(value, 1, IMPORT_MAX_JOBS, &o->jobs, e);
}

/* "90d" or "90"; 0 is for ever. */
static bool
set_days(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    char *end;
    long days = strtol(value, &end, 10);

    if (end == value || days < 0 || days > MAX_DAYS ||
        (*end != '\0' && strcmp(end, "d") != 0))
        return err_set(e, ERR_INPUT, "\"%s\" is no number of days, as 400d", value);
    *(int *)(void *)((char *)values + row->offset) = (int)days;
    return true;
}

#define AT(field) offsetof(struct options, field)

const struct cli_option option_rows[] = {
    {"ready-file", '\0', "FILE", OPTION_READY_FILE,
     "gets a line for each socket when reports may come", NULL, AT(ready_file),
     cli_set_text},
    {"vouch", '\0', NULL, OPTION_VOUCH,
     "you answer for them: tier operator, no signature is asked for", NULL, 0, NULL},
    {"trust-authres", '\0', NULL, OPTION_TRUST_AUTHRES,
     "believe your server's Authentication-Results instead", NULL, 0, NULL},
    {"received", '\0', "INSTANT", OPTION_RECEIVED,
     "when reports that are no mail had come", NULL, 0, set_received},
    {"as", '\0', "https", OPTION_AS, "replay a post, with --received and --peer", "https",
     AT(as), cli_set_text},
    {"peer", '\0', "ADDRESS", OPTION_PEER, "who had posted it", NULL, AT(peer), set_peer},
    {"jobs", '\0', "N", OPTION_JOBS, "workers", NULL, 0, set_jobs},
    {"status", '\0', "STATUS", OPTION_STATUS, "only quarantined, or only ignored",
     "quarantined ignored", AT(status), cli_set_text},
    {"keep-raw", '\0', "DAYS", OPTION_KEEP_RAW,
     "keep the bytes of reports so long (0: for ever)", NULL, AT(raw_days), set_days},
    {"keep-reports", '\0', "DAYS", OPTION_KEEP_REPORTS,
     "keep reports so long, then daily sums", NULL, AT(report_days), set_days},
    {"dry-run", '\0', NULL, OPTION_DRY_RUN, "change nothing, only say what would be done",
     NULL, 0, NULL},
    {"trust", '\0', "TIER", OPTION_TRUST, "only what is unverified can be forgotten",
     "unverified", AT(trust), cli_set_text},
    {"peer", '\0', "NETWORK", OPTION_NETWORK,
     "posted from there: 192.0.2.7, 2001:db8::/64", NULL, AT(network), cli_set_text},
    {"sender", '\0', "NAME", OPTION_SENDER, "of this sending domain", NULL, AT(sender),
     cli_set_text},
    {"domain", '\0', "NAME", OPTION_DOMAIN, "about this policy domain", NULL, AT(domain),
     cli_set_text},
    {"since", '\0', "INSTANT", OPTION_SINCE, "that came then or later", NULL, 0,
     set_since},
    {"config", 'c', "FILE", OPTION_CONFIG, "instead of " SETTINGS_PATH, NULL,
     AT(config_file), cli_set_file},
    {"db", '\0', "URI", OPTION_DB, "this PostgreSQL instead of the configured one", NULL,
     AT(db_uri), cli_set_text},
    CLI_OWN_OPTIONS};

bool
command_has(const struct options *o, cli_set option)
{
    return (o->line.given & option) != 0;
}

int
command_fail(const struct err *e)
{
    return cli_fail("tlsrptd", e);
}
