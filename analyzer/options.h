/* The command line of tlsrpt: one table of options, of which each verb takes some. Pure:
 * `now` is passed. */
#pragma once
#include "analyzer/present/view.h"
#include "base/arena.h"

/* Which options were given, and which a verb takes. */
enum {
    OPTION_DB = 1 << 0,
    OPTION_CONFIG = 1 << 1,
    OPTION_FORMAT = 1 << 2,
    OPTION_SINCE = 1 << 3,
    OPTION_UNTIL = 1 << 4,
    OPTION_AS_OF = 1 << 5,
    OPTION_DOMAIN = 1 << 6,
    OPTION_SENDER = 1 << 7,
    OPTION_TRUST = 1 << 8,
    OPTION_STATUS = 1 << 9,
    OPTION_RAW = 1 << 10,
    OPTION_EXIT_CODE = 1 << 11,
    OPTION_MIN_SEVERITY = 1 << 12,
    OPTION_STATE = 1 << 13,
    OPTION_NEW_SINCE = 1 << 14,
    OPTION_HELP = 1 << 15,
    OPTION_VERSION = 1 << 16,
    OPTION_TEXTFILE = 1 << 17,
    OPTION_WARNING = 1 << 18,
    OPTION_CRITICAL = 1 << 19,
    OPTION_TIMEOUT = 1 << 20,
    OPTION_VERBOSE = 1 << 21,
    OPTION_RECORDS = 1 << 22,
    OPTION_ENDPOINT = 1 << 23,
    OPTION_MAILTO = 1 << 24,
    OPTION_CONNECT_TO = 1 << 25,
    OPTION_CA = 1 << 26,

    /* what every verb takes that reads the database */
    OPTIONS_COMMON = OPTION_DB | OPTION_CONFIG | OPTION_FORMAT | OPTION_AS_OF,
    /* what every verb takes that lists figures */
    OPTIONS_FIGURES = OPTIONS_COMMON | OPTION_SINCE | OPTION_UNTIL | OPTION_DOMAIN |
                      OPTION_SENDER | OPTION_TRUST,
};

enum {
    OPTIONS_MAX_ARGS = 64
};

/* Texts that an option may be given several times for, or with commas. */
struct option_list {
    const char **items;
    size_t count;
};

struct options {
    struct arena arena;
    unsigned given;                     /* OPTION_* */
    const char *verb;                   /* NULL: none given */
    const char *args[OPTIONS_MAX_ARGS]; /* after the verb */
    size_t arg_count;

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

struct option_row {
    const char *name; /* without the dashes */
    char letter;      /* '\0': none; of two options the one that the verb takes */
    const char *arg;  /* what it takes, for the help; NULL: nothing */
    unsigned bit;
    const char *help;
    const char *words; /* what its value may be, separated by blanks; NULL: anything */
    size_t offset;     /* where in struct options it goes */
    bool (*set)(struct options *o, const struct option_row *row, const char *value,
                struct err *e); /* NULL: it is but given or not */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* Reads the words after the program's name. Texts are borrowed from `words` or live in
 * o->arena. Times are relative to --as-of when it is given, else to `now`. On failure
 * ERR_INPUT, with "did you mean" where something is near. */
MUST_USE bool options_parse(struct options *o, int count, const char *const words[],
                            int64_t now, struct err *e);
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
