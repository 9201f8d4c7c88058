/* tlsrpt senders --origins: who posts in whose name, and whether signed mails bear it
 * out. */
#pragma once
#include "analyzer/command.h"

enum {
    ORIGINS_ENOUGH = 3, /* posts that a signed mail confirms, and none that it denies */
};

/* Lists the hosts by sender, those of one network of names as one pattern, each with the
 * https_sender line that it justifies. Believes nothing by itself. */
MUST_USE bool origins_show(struct context *c, struct err *e);

/* The pattern of https_sender that names a host and its siblings: "*.mail.example.net"
 * for "a.mail.example.net", never wider than a name that somebody registered. NULL when
 * out of memory. */
MUST_USE const char *origins_pattern(struct arena *a, const char *host);
