/* Everything tlsrpt.conf can say, read by both programs: one table of settings with
 * names, defaults and bounds, so that `tlsrptd config` and tlsrpt.conf(5) cannot disagree
 * with it. */
#pragma once
#include "base/arena.h"

#include <stdint.h>

struct settings_list {
    const char **items;
    size_t count;
};

struct settings {
    struct arena arena;
    const char *state_dir; /* embedded database, sockets */
    const char *user;      /* whom a tlsrptd started as root becomes */

    /* Owned domains, lower case A-labels: exact, or ".example.com" for it and all below
     * it. MX host names go here too (DANE reports name them). Empty: all are accepted. */
    struct settings_list domains;

    struct {
        const char *uri;         /* NULL: the embedded one */
        const char *owner_uri;   /* NULL: uri */
        const char *reparse_uri; /* NULL: uri */
        const char *reader_uri;  /* NULL: uri */
    } database;
};
