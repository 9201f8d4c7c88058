/* tlsrpt senders --origins: who posts in whose name, and whether signed mails bear it
 * out. */
#pragma once
#include "analyzer/command.h"

enum {
    ORIGINS_ENOUGH = 3, /* posts that a signed mail confirms, and none that it denies */
};

/* Hosts of one pattern that post in the name of a sender; texts live in the options'
 * arena. */
struct origin {
    const char *sender, *hosts, *first_day, *last_day;
    int64_t reports;
    int64_t matched, differed; /* of which a signed mail said the same, another thing */
};

struct origins {
    struct arena *arena;
    struct origin *rows;
    size_t count;
};

/* Reads those of the days and names asked for, by sender: params as options_params(). To
 * be cleared, also on failure. */
MUST_USE bool origins_find(struct context *c, const char *const params[],
                           struct origins *out, struct err *e);
void origins_clear(struct origins *o);

/* Do enough signed mails bear it out, and none the contrary? */
bool origin_is_borne_out(const struct origin *o);

/* Lists the hosts by sender, those of one network of names as one pattern, each with the
 * https_sender line that it justifies. Believes nothing by itself. */
MUST_USE bool origins_show(struct context *c, struct err *e);

/* The pattern of https_sender that names a host and its siblings: "*.mail.example.net"
 * for "a.mail.example.net", never wider than a name that somebody registered. NULL when
 * out of memory. */
MUST_USE const char *origins_pattern(struct arena *a, const char *host);
