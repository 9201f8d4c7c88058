/* A name that an address's owner gives it proves nothing until the name's owner gives
 * that address back. All steps after the first run in the resolver's thread. */
#include "collector/intake/origin.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEER_BYTES = 64, /* an address as text */
    ARPA_BYTES = 80,
};

struct entry {
    char peer[PEER_BYTES];
    char name[ORIGIN_NAME_BYTES];
    int64_t until_ms;
};

struct origin {
    struct resolver *resolver;
    pthread_mutex_t lock;
    struct entry entries[ORIGIN_CACHE_ENTRIES]; /* one place for each hash: a later peer
                                                   takes it from an earlier one */
};

/* One address on its way to a name and back. */
struct trip {
    struct origin *origin;
    char peer[PEER_BYTES];
    unsigned char address[16];
    size_t address_len;
    int64_t deadline_ms;
    origin_fn *fn;
    void *ctx;
    struct leg {
        struct trip *trip;
        char name[ORIGIN_NAME_BYTES];
        bool confirmed;
    } legs[ORIGIN_MAX_NAMES];
    size_t leg_count, open;
    bool trouble;
};

/* ---- the cache ---- */

static struct entry *
place(struct origin *o, const char *peer)
{
    return &o->entries[hash_text(HASH_START, peer) % ORIGIN_CACHE_ENTRIES];
}

static bool
recall(struct origin *o, const char *peer, char name[ORIGIN_NAME_BYTES])
{
    struct entry *entry = place(o, peer);
    bool known;

    (void)pthread_mutex_lock(&o->lock);
    known = strcmp(entry->peer, peer) == 0 && clock_ms() < entry->until_ms;
    if (known)
        (void)stpcpy(name, entry->name);
    (void)pthread_mutex_unlock(&o->lock);
    return known;
}

static void
remember(struct origin *o, const char *peer, const char *name, int keep_s)
{
    struct entry *entry = place(o, peer);

    (void)pthread_mutex_lock(&o->lock);
    (void)stpcpy(entry->peer, peer);
    (void)stpcpy(entry->name, name);
    entry->until_ms = clock_ms_in(keep_s);
    (void)pthread_mutex_unlock(&o->lock);
}

/* ---- the trip ---- */

static void
arrive(struct trip *t)
{
    const char *name = "";

    for (size_t i = t->leg_count; i > 0; i--) {
        if (t->legs[i - 1].confirmed)
            name = t->legs[i - 1].name;
    }
    remember(t->origin, t->peer, name,
             t->trouble && name[0] == '\0' ? ORIGIN_KEEP_FAILED_S : ORIGIN_KEEP_S);
    t->fn(t->ctx, name);
    free(t);
}

static void
note_trouble(struct trip *t, const struct dns_answer *answer)
{
    t->trouble = t->trouble || answer->status == DNS_FAILED;
}

static void
came_back(void *ctx, const struct dns_answer *answer)
{
    struct leg *leg = ctx;
    struct trip *t = leg->trip;

    note_trouble(t, answer);
    for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++) {
        if (answer->values[i].len == t->address_len &&
            memcmp(answer->values[i].bytes, t->address, t->address_len) == 0)
            leg->confirmed = true;
    }
    if (--t->open == 0)
        arrive(t);
}

/* A PTR may hold any bytes; only what can be a host name is asked for and shown. */
static bool
is_host_name(const struct dns_value *v)
{
    for (size_t i = 0; i < v->len; i++) {
        char c = v->bytes[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
            return false;
    }
    return v->len > 0 && v->len < ORIGIN_NAME_BYTES;
}

static void
got_names(void *ctx, const struct dns_answer *answer)
{
    struct trip *t = ctx;
    int64_t left = t->deadline_ms - clock_ms();

    note_trouble(t, answer);
    for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++) {
        if (t->leg_count < ORIGIN_MAX_NAMES && is_host_name(&answer->values[i])) {
            struct leg *leg = &t->legs[t->leg_count++];

            leg->trip = t;
            (void)stpcpy(leg->name, answer->values[i].bytes);
            text_lower(leg->name);
        }
    }
    t->open = t->leg_count;
    if (t->open == 0) {
        arrive(t);
        return;
    }
    for (size_t i = 0, n = t->leg_count; i < n; i++) /* the last one frees t */
        resolver_ask(t->origin->resolver, t->legs[i].name,
                     t->address_len == 4 ? DNS_A : DNS_AAAA, left > 0 ? (int)left : 0,
                     came_back, &t->legs[i]);
}

/* The name under which an address's PTR stands (RFC 1035 section 3.5, RFC 3596). */
static void
print_arpa(const struct trip *t, char out[ARPA_BYTES])
{
    const unsigned char *a = t->address;
    char *at = out;

    if (t->address_len == 4) {
        (void)snprintf(out, ARPA_BYTES, "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1],
                       a[0]);
        return;
    }
    for (size_t i = 16; i > 0; i--) {
        *at++ = "0123456789abcdef"[a[i - 1] & 15];
        *at++ = '.';
        *at++ = "0123456789abcdef"[a[i - 1] >> 4];
        *at++ = '.';
    }
    (void)stpcpy(at, "ip6.arpa");
}

void
origin_ask(struct origin *o, const char *peer, origin_fn *fn, void *ctx)
{
    char name[ORIGIN_NAME_BYTES], arpa[ARPA_BYTES];
    struct trip *t;

    if (recall(o, peer, name)) {
        fn(ctx, name);
        return;
    }
    t = calloc(1, sizeof *t);
    if (t != NULL && strlen(peer) < PEER_BYTES) {
        if (inet_pton(AF_INET, peer, t->address) == 1)
            t->address_len = 4;
        else if (inet_pton(AF_INET6, peer, t->address) == 1)
            t->address_len = 16;
    }
    if (t == NULL || t->address_len == 0) {
        free(t);
        fn(ctx, "");
        return;
    }
    (void)stpcpy(t->peer, peer);
    t->origin = o;
    t->fn = fn;
    t->ctx = ctx;
    t->deadline_ms = clock_ms() + ORIGIN_TIMEOUT_MS;
    print_arpa(t, arpa);
    resolver_ask(o->resolver, arpa, DNS_PTR, ORIGIN_TIMEOUT_MS, got_names, t);
}

bool
origin_new(struct resolver *r, struct origin **out, struct err *e)
{
    struct origin *o = calloc(1, sizeof *o);

    *out = o;
    if (o == NULL)
        return err_nomem(e);
    o->resolver = r;
    (void)pthread_mutex_init(&o->lock, NULL);
    return true;
}

void
origin_free(struct origin *o)
{
    if (o == NULL)
        return;
    (void)pthread_mutex_destroy(&o->lock);
    free(o);
}
