/* What a verb of tlsrptd is: a constant descriptor and a function. Each stands in its own
 * cmd_<verb>.c; main.c lists them. */
#pragma once
#include "base/cli.h"
#include "schema/settings/settings.h"

#define OPTION_CONFIG        CLI_BIT(2)
#define OPTION_DB            CLI_BIT(3)
#define OPTION_READY_FILE    CLI_BIT(4)
#define OPTION_VOUCH         CLI_BIT(5)
#define OPTION_TRUST_AUTHRES CLI_BIT(6)
#define OPTION_RECEIVED      CLI_BIT(7)
#define OPTION_AS            CLI_BIT(8)
#define OPTION_PEER          CLI_BIT(9)
#define OPTION_JOBS          CLI_BIT(10)
#define OPTION_STATUS        CLI_BIT(11)
#define OPTION_KEEP_RAW      CLI_BIT(12)
#define OPTION_KEEP_REPORTS  CLI_BIT(13)
#define OPTION_DRY_RUN       CLI_BIT(14)
#define OPTION_TRUST         CLI_BIT(15)
#define OPTION_SENDER        CLI_BIT(16)
#define OPTION_DOMAIN        CLI_BIT(17)
#define OPTION_SINCE         CLI_BIT(18)
#define OPTION_NETWORK       CLI_BIT(19)

/* what every verb takes */
#define OPTIONS_COMMON (OPTION_CONFIG | OPTION_DB)

/* NULL or 0: not given. */
struct options {
    struct cli line; /* which were given, the verb and its arguments */
    const char *config_file, *db_uri, *ready_file;
    const char *as, *peer, *status;
    const char *trust, *sender, *domain, *network;
    int64_t received, since;
    int jobs;
    int raw_days, report_days;
};

extern const struct cli_option option_rows[];

struct command {
    CLI_VERB_MEMBER
    int (*run)(const struct options *o, const struct settings *s); /* its exit code */
    int wrong_code; /* 0: wrong use and settings have the codes of sysexits.h; else this
                     */
};

extern const struct command cmd_config, cmd_serve, cmd_import, cmd_deliver, cmd_migrate,
    cmd_maintain, cmd_prune, cmd_forget, cmd_reparse, cmd_database;

/* Was it given? */
bool command_has(const struct options *o, cli_set option);

/* Says "tlsrptd: <error>" on standard error; returns the exit code for it. */
int command_fail(const struct err *e);
