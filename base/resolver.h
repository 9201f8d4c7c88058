/* DNS for any program here: libunbound behind a thread of its own, every question with a
 * deadline, answers cached by libunbound and capped here. Thread-safe. */
#pragma once
#include "base/err.h"

#include <stddef.h>

enum {
    DNS_MAX_VALUES = 32,        /* of one answer; more is DNS_TOO_BIG */
    DNS_MAX_VALUE_BYTES = 8192, /* of one value; more is DNS_TOO_BIG */
    DNS_MAX_PENDING = 1000,     /* questions under way; one more is DNS_FAILED */
};

/* The numbers are those of the DNS. */
enum dns_type {
    DNS_A = 1,
    DNS_PTR = 12,
    DNS_TXT = 16,
    DNS_AAAA = 28,
};

enum dns_status {
    DNS_FOUND,
    DNS_NONE,    /* the name or the type does not exist */
    DNS_TOO_BIG, /* past a cap: as good as none, but worth a word */
    DNS_INVALID, /* not a name that can be asked for */
    DNS_FAILED,  /* server failure, time-out: another time may tell */
};

struct dns_value {
    const char *bytes; /* TXT: strings joined; A, AAAA: address in network order; PTR:
                          text without final dot. NUL-terminated for good measure. */
    size_t len;
};

/* Lives until the callback returns, or dns_answer_free() if it was waited for. */
struct dns_answer {
    enum dns_status status;
    size_t count;
    struct dns_value values[];
};

struct resolver;

/* `forwarders`: addresses ("192.0.2.1", "127.0.0.1@5353") that are asked for every name,
 * none held back as private or reserved. Without any: those of /etc/resolv.conf. */
MUST_USE bool resolver_open(const char *const forwarders[], size_t count,
                            struct resolver **out, struct err *e);

/* Answers what is still under way with DNS_FAILED, then ends. NULL is fine. */
void resolver_close(struct resolver *r);

typedef void resolver_fn(void *ctx, const struct dns_answer *answer);

/* Asks, and calls `fn` exactly once: from the resolver's thread, not before this returns
 * unless it cannot ask at all, and no later than timeout_ms from now. fn must not block.
 */
void resolver_ask(struct resolver *r, const char *name, enum dns_type type,
                  int timeout_ms, resolver_fn *fn, void *ctx);

/* Asks for all names at once and waits. answers[i] is the caller's to free(); NULL when
 * out of memory, which counts as DNS_FAILED. */
void resolver_wait(struct resolver *r, const char *const names[], size_t count,
                   enum dns_type type, int timeout_ms, struct dns_answer *answers[]);
