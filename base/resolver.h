/* DNS for any program here: libunbound behind a thread of its own, every question with a
 * deadline, answers cached by libunbound and capped here. Thread-safe. */
#pragma once
#include "base/dns_answer.h"

enum {
    DNS_MAX_PENDING = 1000 /* questions under way; one more is DNS_FAILED */
};

struct resolver;

/* `forwarders`: addresses ("192.0.2.1", "127.0.0.1@5353") that are asked for every name,
 * none held back as private or reserved. Without any: those of /etc/resolv.conf. */
MUST_USE bool resolver_open(const char *const forwarders[], size_t count,
                            struct resolver **out, struct err *e);

/* Answers what is still under way with DNS_FAILED, then ends. NULL is fine. */
void resolver_close(struct resolver *r);

/* From here on no question is under way for longer than timeout_ms from now. NULL is
 * fine. */
void resolver_hurry(struct resolver *r, int timeout_ms);

/* The answer lives until the callback returns. */
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
