/* libunbound alone waits up to 17 s for a dead server, so every question has a deadline
 * of ours and is cancelled then; a cancelled question never calls back. All of libunbound
 * is used from one thread; others leave questions in a queue. */
#include "base/resolver.h"

#include "base/clock.h"
#include "base/count.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

enum {
    DNS_CLASS_IN = 1,
    DNS_NAME_BYTES = 256, /* as text */
    RCODE_NOERROR = 0,
    RCODE_NXDOMAIN = 3
};

struct question {
    struct question *next;
    struct resolver *resolver;
    char name[DNS_NAME_BYTES];
    enum dns_type type;
    int64_t deadline_ms;
    int id; /* libunbound's, once asked */
    resolver_fn *fn;
    void *ctx;
};

struct resolver {
    struct ub_ctx *ub;
    pthread_t thread;
    pthread_mutex_t lock;
    struct question *queued; /* under the lock, as the two below */
    size_t pending;
    bool closing;
    _Atomic int64_t until_ms; /* the deadline of all questions */
    int wake_fd;
    struct question *asked; /* the thread's own */
};

static const struct dns_answer failed = {.status = DNS_FAILED};
static const struct dns_answer invalid = {.status = DNS_INVALID};

static void
deliver(struct question *q, int error, const struct ub_result *r)
{
    struct dns_answer *a = NULL, absent = {.status = DNS_NONE};
    const struct dns_answer *told = &failed;
    size_t count = 0;

    if (error != 0 || r == NULL) {
        told = error == UB_SYNTAX ? &invalid : &failed;
    } else if (r->rcode == RCODE_NXDOMAIN ||
               (r->rcode == RCODE_NOERROR && !r->havedata)) {
        absent.nxdomain = r->rcode == RCODE_NXDOMAIN;
        absent.alias = r->canonname != NULL;
        told = &absent;
    } else if (r->rcode == RCODE_NOERROR && !r->bogus) {
        while (r->data[count] != NULL)
            count++;
        a = dns_answer_new(q->type, (const unsigned char *const *)(void *)r->data, r->len,
                           count);
        if ((told = a) != NULL) {
            a->alias = r->canonname != NULL;
            a->ttl_s = r->ttl > 0 ? (unsigned)r->ttl : 0;
        }
    }
    q->fn(q->ctx, told != NULL ? told : &failed);
    free(a);
}

/* ---- the thread ---- */

/* The question is answered, or never will be. */
static void
forget(struct resolver *r, struct question *q)
{
    struct question **at = &r->asked;

    while (*at != NULL && *at != q)
        at = &(*at)->next;
    if (*at != NULL)
        *at = q->next;
    free(q);
    (void)pthread_mutex_lock(&r->lock);
    r->pending--;
    (void)pthread_mutex_unlock(&r->lock);
}

static void
answered(void *ctx, int error, struct ub_result *result)
{
    struct question *q = ctx;

    deliver(q, error, result);
    ub_resolve_free(result);
    forget(q->resolver, q);
}

/* Gives up what is over its deadline; returns how long to wait for the next one. */
static int
expire(struct resolver *r, bool all)
{
    int64_t now = clock_ms(), wait = INT_MAX, until = r->until_ms;
    struct question *next;

    for (struct question *q = r->asked; q != NULL; q = next) {
        next = q->next;
        if (q->deadline_ms > until)
            q->deadline_ms = until;
        if (all || q->deadline_ms <= now) {
            (void)ub_cancel(r->ub, q->id);
            q->fn(q->ctx, &failed);
            forget(r, q);
        } else if (q->deadline_ms - now < wait)
            wait = q->deadline_ms - now;
    }
    return r->asked == NULL ? -1 : (int)wait;
}

static void *
run(void *arg)
{
    struct resolver *r = arg;
    struct pollfd fds[2] = {{.fd = r->wake_fd, .events = POLLIN},
                            {.fd = ub_fd(r->ub), .events = POLLIN}};
    struct question *q, *next;
    bool closing = false;
    uint64_t woken;
    int error;

    while (!closing) {
        if (poll(fds, 2, expire(r, false)) < 0 && errno != EINTR)
            break;
        if (read(r->wake_fd, &woken, sizeof woken) < 0)
            woken = 0; /* nothing to read: it was the other one, or the time */
        (void)pthread_mutex_lock(&r->lock);
        q = r->queued;
        r->queued = NULL;
        closing = r->closing;
        (void)pthread_mutex_unlock(&r->lock);
        for (; q != NULL; q = next) {
            next = q->next;
            q->next = r->asked;
            r->asked = q;
            error = ub_resolve_async(r->ub, q->name, (int)q->type, DNS_CLASS_IN, q,
                                     answered, &q->id);
            if (error != 0) {
                deliver(q, error, NULL);
                forget(r, q);
            }
        }
        (void)ub_process(r->ub);
    }
    (void)expire(r, true);
    return NULL;
}

/* ---- the callers ---- */

static void
wake(struct resolver *r)
{
    uint64_t one = 1;

    if (write(r->wake_fd, &one, sizeof one) < 0)
        return; /* the counter is full: awake already */
}

/* libunbound answers for reserved names itself; with an operator's own forwarder they are
 * that one's business. */
static void
unblock_reserved(struct ub_ctx *ub)
{
    static const char *const zones[] = {
        "localhost.",
        "127.in-addr.arpa.",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
        "home.arpa.",
        "onion.",
        "test.",
        "invalid.",
        "10.in-addr.arpa.",
        "168.192.in-addr.arpa.",
        "0.in-addr.arpa.",
        "254.169.in-addr.arpa.",
        "2.0.192.in-addr.arpa.",
        "100.51.198.in-addr.arpa.",
        "113.0.203.in-addr.arpa.",
        "255.255.255.255.in-addr.arpa.",
        "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
        "d.f.ip6.arpa.",
        "8.e.f.ip6.arpa.",
        "9.e.f.ip6.arpa.",
        "a.e.f.ip6.arpa.",
        "b.e.f.ip6.arpa.",
        "8.b.d.0.1.0.0.2.ip6.arpa.",
    };
    char shared[32];

    for (size_t i = 0; i < COUNT_OF(zones); i++)
        (void)ub_ctx_zone_remove(ub, zones[i]);
    for (int i = 16; i <= 127; i++) { /* 172.16/12 and 100.64/10 */
        (void)snprintf(shared, sizeof shared, "%d.%s.in-addr.arpa.", i,
                       i < 32 ? "172" : "100");
        (void)ub_ctx_zone_remove(ub, shared);
    }
}

static bool
configure(struct ub_ctx *ub, const char *const forwarders[], size_t count, struct err *e)
{
    int error = 0;

    (void)ub_ctx_debuglevel(ub, 0);
    (void)ub_ctx_async(ub, 1);
    for (size_t i = 0; i < count; i++) {
        error = ub_ctx_set_fwd(ub, forwarders[i]);
        if (error != 0)
            return err_set(e, ERR_CONFIG, "cannot use the resolver \"%s\": %s",
                           forwarders[i], ub_strerror(error));
    }
    if (count > 0)
        unblock_reserved(ub);
    else
        (void)ub_ctx_resolvconf(ub, NULL); /* without it libunbound asks the roots */
    return true;
}

bool
resolver_open(const char *const forwarders[], size_t count, struct resolver **out,
              struct err *e)
{
    struct resolver *r = calloc(1, sizeof *r);

    *out = NULL;
    if (r == NULL)
        return err_nomem(e);
    (void)pthread_mutex_init(&r->lock, NULL);
    r->until_ms = INT64_MAX;
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r->ub = ub_ctx_create();
    if (r->wake_fd < 0 || r->ub == NULL) {
        (void)err_set(e, ERR_AGAIN, "cannot start the resolver");
        goto fail;
    }
    if (!configure(r->ub, forwarders, count, e))
        goto fail;
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        (void)err_set(e, ERR_AGAIN, "cannot start the resolver's thread");
        goto fail;
    }
    *out = r;
    return true;
fail:
    if (r->ub != NULL)
        ub_ctx_delete(r->ub);
    if (r->wake_fd >= 0)
        (void)close(r->wake_fd);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
    return false;
}

void
resolver_hurry(struct resolver *r, int timeout_ms)
{
    if (r == NULL)
        return;
    r->until_ms = clock_ms() + timeout_ms;
    wake(r);
}

void
resolver_close(struct resolver *r)
{
    if (r == NULL)
        return;
    (void)pthread_mutex_lock(&r->lock);
    r->closing = true;
    (void)pthread_mutex_unlock(&r->lock);
    wake(r);
    (void)pthread_join(r->thread, NULL);
    ub_ctx_delete(r->ub);
    (void)close(r->wake_fd);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

/* Takes a place among the pending and queues it; false when there is none. */
static bool
enqueue(struct resolver *r, struct question *q)
{
    bool ok;

    (void)pthread_mutex_lock(&r->lock);
    ok = !r->closing && r->pending < DNS_MAX_PENDING;
    if (ok) {
        r->pending++;
        q->next = r->queued;
        r->queued = q;
    }
    (void)pthread_mutex_unlock(&r->lock);
    return ok;
}

void
resolver_ask(struct resolver *r, const char *name, enum dns_type type, int timeout_ms,
             resolver_fn *fn, void *ctx)
{
    struct question *q;

    if (strlen(name) >= DNS_NAME_BYTES) {
        fn(ctx, &invalid);
        return;
    }
    q = calloc(1, sizeof *q);
    if (q == NULL) {
        fn(ctx, &failed);
        return;
    }
    *q = (struct question){.resolver = r, .type = type, .fn = fn, .ctx = ctx};
    q->deadline_ms = clock_ms() + timeout_ms;
    (void)stpcpy(q->name, name);
    if (!enqueue(r, q)) {
        free(q);
        fn(ctx, &failed);
        return;
    }
    wake(r);
}

/* ---- several at once ---- */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t open;
};

struct slot {
    struct waiting *waiting;
    struct dns_answer **answer;
};

static void
arrived(void *ctx, const struct dns_answer *answer)
{
    struct slot *s = ctx;
    struct waiting *w = s->waiting;

    *s->answer = dns_answer_copy(answer);
    (void)pthread_mutex_lock(&w->lock);
    if (--w->open == 0)
        (void)pthread_cond_signal(&w->done);
    (void)pthread_mutex_unlock(&w->lock);
}

void
resolver_wait(struct resolver *r, const char *const names[], size_t count,
              enum dns_type type, int timeout_ms, struct dns_answer *answers[])
{
    struct waiting w = {.open = count};
    struct slot *slots = calloc(count + 1, sizeof *slots);

    for (size_t i = 0; i < count; i++)
        answers[i] = NULL;
    if (slots == NULL)
        return;
    (void)pthread_mutex_init(&w.lock, NULL);
    (void)pthread_cond_init(&w.done, NULL);
    for (size_t i = 0; i < count; i++) {
        slots[i] = (struct slot){&w, &answers[i]};
        resolver_ask(r, names[i], type, timeout_ms, arrived, &slots[i]);
    }
    (void)pthread_mutex_lock(&w.lock);
    while (w.open > 0) /* every question has its deadline */
        (void)pthread_cond_wait(&w.done, &w.lock);
    (void)pthread_mutex_unlock(&w.lock);
    (void)pthread_cond_destroy(&w.done);
    (void)pthread_mutex_destroy(&w.lock);
    free(slots);
}
