/* What `tlsrpt doctor` looks at. The world is asked in parallel: each name, URI and
 * mailbox once, however many domains lead there. */
#pragma once
#include "analyzer/analysis/facts.h"
#include "analyzer/command.h"
#include "analyzer/doctor/complaint.h"
#include "base/resolver.h"

#include <pthread.h>

enum {
    DOCTOR_THREADS = 16,
    DOCTOR_MAX_TASKS = 20000, /* names, URIs and mailboxes of one run */
    DOCTOR_DNS_MS = 5000,     /* for one question */
    DOCTOR_EXPIRY_DAYS = 14,  /* a certificate that ends before is a warning */
    DOCTOR_EXPIRED_DAYS = 2,  /* critical */
};

struct doctor {
    const struct settings *settings;
    const struct options *options;
    const struct facts *facts; /* NULL: no database, or nothing asked of it */
    struct resolver *resolver;
    char *connect_address; /* where port 443 of any host is; NULL: where DNS says */
    unsigned connect_port;
    int64_t now;

    pthread_mutex_t lock; /* of all below */
    struct doctor_task **tasks;
    size_t task_count, task_room, dropped;
    size_t next, round_end; /* tasks to do now; those behind are for the next round */
};

typedef void doctor_fn(struct doctor *d, struct doctor_task *t);

struct doctor_task {
    doctor_fn *fn;
    const char *name;
    struct complaints said;
};

/* Opens the resolver, and reads --connect-to. */
MUST_USE bool doctor_open(struct doctor *d, const struct context *c, struct err *e);
void doctor_close(struct doctor *d);

/* Adds a thing to look at, unless it is there already: `domain`, which must live as long,
 * is whose complaints it will be (of several, the first by name). */
void doctor_add(struct doctor *d, doctor_fn *fn, const char *what, const char *domain);

/* The domain that was asked for, else all owned and declared ones. ERR_INPUT when there
 * is none. */
MUST_USE bool doctor_add_domains(struct doctor *d, doctor_fn *fn, struct err *e);

/* Looks at all of them, and at what they lead to; then `said` has all complaints. */
MUST_USE bool doctor_run(struct doctor *d, struct complaints *said, struct err *e);

/* Waits for one answer, the caller's to free(); never NULL but for want of memory, which
 * counts as DNS_FAILED. */
struct dns_answer *doctor_ask(struct doctor *d, enum dns_type type, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
enum dns_status doctor_status(const struct dns_answer *a);

/* Is the host one of ours: owned, or below a domain that is? */
bool doctor_is_ours(const struct doctor *d, const char *host);

/* What it looks at: a mail domain with all that it publishes; an MX host under DANE; a
 * https: URI and a mail domain that reports go to. */
doctor_fn doctor_domain, doctor_mx_host, doctor_endpoint, doctor_mailbox;

/* Without an answer from DNS: says so. */
void doctor_dns_failed(struct doctor_task *t, const char *node);

/* MTA-STS of a domain with these MX hosts. */
void doctor_sts(struct doctor *d, struct doctor_task *t, const char *const hosts[],
                size_t host_count);

/* This host and the database, if there is one. */
MUST_USE bool doctor_host(struct context *c, struct complaints *said, struct err *e);

/* --records: zone-file lines to publish. */
MUST_USE bool doctor_records(struct context *c, struct doctor *d, struct err *e);
