/* What DNS said to one question: values decoded and capped. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

enum {
    DNS_MAX_VALUES = 32,        /* of one answer; more is DNS_TOO_BIG */
    DNS_MAX_VALUE_BYTES = 8192, /* of one value; more is DNS_TOO_BIG */
};

/* The numbers are those of the DNS. */
enum dns_type {
    DNS_A = 1,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_TLSA = 52,
};

enum dns_status {
    DNS_FOUND,
    DNS_NONE,    /* the name or the type does not exist */
    DNS_TOO_BIG, /* past a cap: as good as none, but worth a word */
    DNS_INVALID, /* not a name that can be asked for */
    DNS_FAILED,  /* server failure, time-out: another time may tell */
};

struct dns_value {
    const char *bytes; /* TXT: strings joined; A, AAAA: address in network order; PTR,
                          MX: text without final dot, MX in lower case; TLSA: "3 1 1 HEX".
                          NUL-terminated for good measure. */
    size_t len;
};

/* One piece of memory, to be free()d by its owner. */
struct dns_answer {
    enum dns_status status;
    bool nxdomain;  /* DNS_NONE: not even the name exists */
    bool alias;     /* the name leads on to another (CNAME) */
    unsigned ttl_s; /* how long it holds, as the server asked has it */
    size_t count;
    struct dns_value values[];
};

/* From the data of an answer as it is on the wire: `count` pieces with their lengths.
 * DNS_FOUND, or DNS_TOO_BIG, also for data that breaks its own form. NULL when out of
 * memory. */
MUST_USE struct dns_answer *dns_answer_new(enum dns_type type,
                                           const unsigned char *const data[],
                                           const int len[], size_t count);

MUST_USE struct dns_answer *dns_answer_copy(const struct dns_answer *a);
