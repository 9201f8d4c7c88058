/* The command line of tlsrpt: one table of options, of which each verb takes some. Pure:
 * `now` is passed. */
#pragma once
#include "analyzer/present/view.h"
#include "base/cli.h"

#define OPTION_DB           CLI_BIT(2)
#define OPTION_CONFIG       CLI_BIT(3)
#define OPTION_FORMAT       CLI_BIT(4)
#define OPTION_SINCE        CLI_BIT(5)
#define OPTION_UNTIL        CLI_BIT(6)
#define OPTION_AS_OF        CLI_BIT(7)
#define OPTION_DOMAIN       CLI_BIT(8)
#define OPTION_SENDER       CLI_BIT(9)
#define OPTION_TRUST        CLI_BIT(10)
#define OPTION_STATUS       CLI_BIT(11)
#define OPTION_RAW          CLI_BIT(12)
#define OPTION_EXIT_CODE    CLI_BIT(13)
#define OPTION_MIN_SEVERITY CLI_BIT(14)
#define OPTION_STATE        CLI_BIT(15)
#define OPTION_NEW_SINCE    CLI_BIT(16)
#define OPTION_TEXTFILE     CLI_BIT(17)
#define OPTION_WARNING      CLI_BIT(18)
#define OPTION_CRITICAL     CLI_BIT(19)
#define OPTION_TIMEOUT      CLI_BIT(20)
#define OPTION_VERBOSE      CLI_BIT(21)
#define OPTION_RECORDS      CLI_BIT(22)
#define OPTION_ENDPOINT     CLI_BIT(23)
#define OPTION_MAILTO       CLI_BIT(24)
#define OPTION_CONNECT_TO   CLI_BIT(25)
#define OPTION_CA           CLI_BIT(26)
#define OPTION_BRIEF        CLI_BIT(27)
#define OPTION_ORIGINS      CLI_BIT(28)

/* what every verb takes that reads the database */
#define OPTIONS_COMMON (OPTION_DB | OPTION_CONFIG | OPTION_FORMAT | OPTION_AS_OF)
/* what every verb takes that lists figures */
#define OPTIONS_FIGURES                                                                  \
    (OPTIONS_COMMON | OPTION_SINCE | OPTION_UNTIL | OPTION_DOMAIN | OPTION_SENDER |      \
     OPTION_TRUST)

/* Texts that an option may be given several times for, or with commas. */
struct option_list {
    const char **items;
    size_t count;
};

struct options {
    struct arena arena;
    struct cli line; /* which were given, the verb and its arguments */

    const char *db_uri;      /* NULL: as configured */
    const char *config_file; /* NULL: the default one */
    enum view_format format;
    int64_t now;
    int64_t as_of;                       /* INT64_MAX: everything that has arrived */
    int64_t since;                       /* INT64_MIN: no limit; first second taken */
    int64_t until;                       /* INT64_MAX: no limit; last second taken */
    struct option_list domains, senders; /* as domain_normalise() has them */
    struct option_list trust, status;    /* words of vocab.h; trust also "ignored" */
    const char *min_severity;            /* critical, warning or info; NULL: not given */
    const char *state;                   /* open or resolved; NULL: not given */
    const char *textfile;                /* NULL: not given */
    int64_t new_since;                   /* INT64_MIN: not given */
    const char *warning, *critical;      /* ranges, as typed; NULL: not given */
    int timeout_s;                       /* 0: not given */
    int verbose;                         /* how often it was given */
    const char *endpoint, *mailto;       /* where reports shall go; NULL: not given */
    const char *connect_to, *ca_file;    /* NULL: not given */

    /* of pages: where a list goes on, and how long it is; NULL: from the start, all */
    const char *after_received, *after_id, *limit;

    /* as typed, read once all of them are known */
    const char *as_of_text, *since_text, *until_text, *new_since_text;
};

/* The table of them all. */
extern const struct cli_option option_rows[];

/* Reads the words after the program's name, as cli_read(); p->options are option_rows.
 * Texts are borrowed from `words` or live in o->arena. Times are relative to --as-of when
 * it is given, else to `now`. */
MUST_USE bool options_parse(struct options *o, const struct cli_program *p, int count,
                            const char *const words[], int64_t now, struct err *e);
void options_clear(struct options *o);

/* The parameters that every query of figures has: $1 first day, $2 last day (dates,
 * infinite when not limited), $3 domains, $4 senders, $5 trust (text[], NULL when not
 * limited), $6 statuses (smallint[], so); $7 and $8 the row before, $9 how many. Only
 * `reports` has more than five. */
enum {
    OPTIONS_FIGURE_PARAMS = 5,
    OPTIONS_PARAMS = 9
};
MUST_USE bool options_params(struct options *o, const char *params[OPTIONS_PARAMS],
                             struct err *e);
