/* Strangers choose the keys, so the table begins from a seed. */
#include "base/tally.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    BUCKETS = 1024
};

struct entry {
    struct entry *next;
    struct peer whose;
    int64_t number;
};

struct tally {
    uint64_t seed;
    struct entry *buckets[BUCKETS];
};

static struct entry *const *
find(const struct tally *t, const struct peer *whose)
{
    uint64_t hash = hash_bytes(t->seed, whose->bytes, sizeof whose->bytes);
    struct entry *const *at = &t->buckets[(hash >> 32) % BUCKETS];

    while (*at != NULL && memcmp(&(*at)->whose, whose, sizeof *whose) != 0)
        at = &(*at)->next;
    return at;
}

int64_t
tally_add(struct tally **t, const struct peer *whose, int64_t more)
{
    struct entry **at, *entry;
    int64_t number;

    if (*t == NULL) {
        if ((*t = calloc(1, sizeof **t)) == NULL)
            return 0;
        (void)getrandom(&(*t)->seed, sizeof(*t)->seed, GRND_NONBLOCK);
    }
    at = (struct entry **)(uintptr_t)find(*t, whose);
    if ((entry = *at) == NULL) {
        if (more == 0 || (entry = calloc(1, sizeof *entry)) == NULL)
            return 0;
        entry->whose = *whose;
        *at = entry;
    }
    number = entry->number += more;
    if (number == 0) {
        *at = entry->next;
        free(entry);
    }
    return number;
}

int64_t
tally_get(const struct tally *t, const struct peer *whose)
{
    const struct entry *entry = t == NULL ? NULL : *find(t, whose);

    return entry == NULL ? 0 : entry->number;
}

void
tally_free(struct tally *t)
{
    for (size_t i = 0; t != NULL && i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *entry = t->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    free(t);
}
