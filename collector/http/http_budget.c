/* A hash table of networks. One that has sent nothing in this hour is dropped; when
 * strangers with many addresses fill the table, so are all, and their count begins anew.
 */
#include "collector/http/http_budget.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,
    MAX_ENTRIES = 100000,
    HOUR_S = 3600,
};

struct entry {
    struct entry *next;
    struct peer network;
    int64_t hour, spent;
};

struct budget {
    int64_t bytes_per_hour;
    pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
    size_t count;
    int64_t swept_hour;
};

bool
budget_new(int64_t bytes_per_hour, struct budget **out, struct err *e)
{
    struct budget *b = calloc(1, sizeof *b);

    if (b == NULL)
        return err_nomem(e);
    b->bytes_per_hour = bytes_per_hour;
    (void)pthread_mutex_init(&b->lock, NULL);
    *out = b;
    return true;
}

static void
sweep(struct budget *b, int64_t hour)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry **at = &b->buckets[i];

        while (*at != NULL) {
            struct entry *entry = *at;

            if (entry->hour < hour || b->count > MAX_ENTRIES / 2) {
                *at = entry->next;
                free(entry);
                b->count--;
            } else {
                at = &entry->next;
            }
        }
    }
}

void
budget_free(struct budget *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *entry = b->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}

static size_t
bucket_of(const struct peer *network)
{
    return hash_bytes(HASH_START, network->bytes, sizeof network->bytes) % BUCKETS;
}

/* NULL only when out of memory: then nobody is counted. The lock is held. */
static struct entry *
find(struct budget *b, const struct peer *p)
{
    struct peer network = peer_network(p);
    struct entry **bucket = &b->buckets[bucket_of(&network)], *entry = *bucket;

    while (entry != NULL && memcmp(&entry->network, &network, sizeof network) != 0)
        entry = entry->next;
    if (entry == NULL && (entry = calloc(1, sizeof *entry)) != NULL) {
        entry->network = network;
        entry->next = *bucket;
        *bucket = entry;
        b->count++;
    }
    return entry;
}

/* The same, in the hour of `now`. */
static struct entry *
find_now(struct budget *b, const struct peer *p, int64_t now)
{
    int64_t hour = now / HOUR_S;
    struct entry *entry;

    if (hour != b->swept_hour || b->count > MAX_ENTRIES) {
        sweep(b, hour);
        b->swept_hour = hour;
    }
    if ((entry = find(b, p)) != NULL && entry->hour != hour) {
        entry->hour = hour;
        entry->spent = 0;
    }
    return entry;
}

int64_t
budget_wait_s(struct budget *b, const struct peer *p, int64_t now)
{
    const struct entry *entry;
    int64_t wait = 0;

    (void)pthread_mutex_lock(&b->lock);
    entry = find_now(b, p, now);
    if (entry != NULL && entry->spent >= b->bytes_per_hour)
        wait = HOUR_S - now % HOUR_S;
    (void)pthread_mutex_unlock(&b->lock);
    return wait;
}

void
budget_spend(struct budget *b, const struct peer *p, size_t bytes, int64_t now)
{
    struct entry *entry;

    (void)pthread_mutex_lock(&b->lock);
    if ((entry = find_now(b, p, now)) != NULL)
        entry->spent += (int64_t)bytes;
    (void)pthread_mutex_unlock(&b->lock);
}
