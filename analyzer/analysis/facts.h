/* What the analysis looks at: counted reports as rows of small numbers, every text kept
 * once, and what the operator declared. Filled by a loader, then finished, then only
 * read. After facts_finish() names are in byte order and rows are sorted, so that nothing
 * depends on the order in which reports came. Pure. */
#pragma once
#include "base/arena.h"
#include "schema/report/vocab.h"

#include <stddef.h>
#include <stdint.h>

/* Of one row, more than the mails of all the world in a day: sums of rows stay numbers.
 */
#define FACTS_MOST (INT64_C(1) << 40)

enum {
    FACTS_DAYS = 92,        /* days looked at, the day of as_of included */
    FACTS_ESTABLISHED = 14, /* reported days after which a sender is established */
    FACTS_IDLE_DAYS = 45,   /* without a report, before the days looked at stand still */
    FACTS_MAX_NAMES = 1 << 24,
};

static inline int64_t
facts_bounded(int64_t count)
{
    return count < FACTS_MOST ? count : FACTS_MOST;
}

/* The kind of those failures that a report counts and does not describe. */
#define FACTS_NOT_DESCRIBED "not-described"

typedef uint32_t name; /* an index into facts.names; 0 is "", absent */

/* Sessions of one sender, domain, day and policy type. Days count from facts.first_day.
 */
struct tally {
    name domain, sender;
    int16_t day;
    uint8_t type;     /* enum policy_type */
    bool long_window; /* counts, but tells nothing about single days */
    int32_t lag_h;    /* hours from the end of the day to the first report's arrival */
    int64_t sessions, failed;
};

/* Failures of one kind, at one place. */
struct miss {
    name domain, sender, kind;
    int16_t day;
    uint8_t type;
    name net; /* /24 or /48 of the sending address */
    name host, ip, reason;
    int64_t failed;
};

/* A policy that a sender saw, from the first to the last day that it did. */
struct seen {
    name domain, sender, policy;
    uint8_t type;
    int16_t first, last;
    int32_t days;
};

/* What unverified reports claim. */
struct claim {
    name domain, sender, kind;
    int16_t first, last;
    int64_t failed, sessions;
};

struct published {
    int32_t since; /* days since 1970 */
    name text;     /* lines as facts_policy_text() makes them */
};

/* What the operator knows of one domain; any of it may be missing. */
struct declared {
    name domain;
    name *hosts, *addresses;
    size_t host_count, address_count;
    struct published *policies, *tlsa; /* in order of since */
    size_t policy_count, tlsa_count;
};

struct facts {
    int64_t as_of;     /* seconds since 1970 */
    int32_t first_day; /* days since 1970 */
    int16_t today;     /* the day of as_of: FACTS_DAYS - 1 */
    int32_t idle_days; /* since then, when nothing has come for so long */

    struct arena texts;
    const char **names; /* name_count of them */
    size_t name_count;
    name *slots; /* hash table over names, while loading */
    size_t slot_count;
    uint64_t seed; /* of its hashes: strangers choose the names. No order depends on it */

    struct tally *tallies; /* by domain, sender, day, type */
    size_t tally_count;
    struct miss *misses; /* by domain, kind, sender, day */
    size_t miss_count;
    struct seen *seen; /* by domain, type, sender, first, policy */
    size_t seen_count;
    struct claim *claims;
    size_t claim_count;
    struct declared *declared; /* by domain */
    size_t declared_count;

    uint8_t *is_domain;              /* by name */
    uint8_t (*reported)[FACTS_DAYS]; /* by name: the days for which a sender reported */
    name *group; /* by name of a domain: the first domain that shares hosts with it */
    uint32_t *places; /* by name of a domain: hosts or addresses seen in its failures */
    struct lag { /* by name of a sender: how late it reports, a row never over 72 h */
        int64_t hours, rows;
    } * lags;
    struct err err;
};

/* Empty facts that end on the day of `as_of`. */
void facts_init(struct facts *f, int64_t as_of);
void facts_clear(struct facts *f);

/* Loading. Texts may be NULL; running out of memory is kept in f->err and told by
 * facts_finish(). `day` is days since 1970; what lies outside the window is dropped, and
 * counts above FACTS_MOST are that. */
name facts_name(struct facts *f, const char *text);
void facts_add_tally(struct facts *f, int32_t day, const struct tally *t);
void facts_add_miss(struct facts *f, int32_t day, const struct miss *m);
void facts_add_seen(struct facts *f, int32_t first, int32_t last, const struct seen *s);
void facts_add_claim(struct facts *f, int32_t first, int32_t last, const struct claim *c);
struct declared *facts_add_declared(struct facts *f, const char *domain);
void facts_add_host(struct facts *f, struct declared *d, const char *host);
void facts_add_address(struct facts *f, struct declared *d, const char *address);
void facts_add_policy(struct facts *f, struct declared *d, int32_t since,
                      const char *text);
void facts_add_tlsa(struct facts *f, struct declared *d, int32_t since, const char *text);

/* The network of an address, /24 or /48, as a name; absent for what is no address. */
name facts_net(struct facts *f, const char *address);

/* Sorts, and finds who reported when and which domains belong together. */
MUST_USE bool facts_finish(struct facts *f, struct err *e);

/* For qsort and bsearch: names, or rows that begin with one. */
int name_compare(const void *a, const void *b);

/* Reading. */
const char *facts_text(const struct facts *f, name n);
/* The name of a text among the facts, which may be NULL; 0 if it is not there. */
name facts_find(const struct facts *f, const char *text);
const struct declared *facts_declared(const struct facts *f, name domain);

/* Is the address declared not to be of the domain? Never when none are declared. */
bool facts_is_foreign(const struct facts *f, name domain, name address);

/* On how many days up to and including `day` had the sender reported? */
int facts_reported_days(const struct facts *f, name sender, int day);

/* The rows of a domain: [*first, *end) of tallies, misses or policies seen. */
void facts_tallies_of(const struct facts *f, name domain, size_t *first, size_t *end);
void facts_misses_of(const struct facts *f, name domain, size_t *first, size_t *end);
void facts_seen_of(const struct facts *f, name domain, size_t *first, size_t *end);

/* The tallies from `first` on that are of the same domain and sender: up to before it. */
size_t facts_pair_end(const struct facts *f, size_t first);

/* Of one domain's rows [first, end), the first that is not below the sender, or not below
 * the kind and sender; end if none. */
size_t facts_tally_at(const struct facts *f, size_t first, size_t end, name sender);
size_t facts_miss_at(const struct facts *f, size_t first, size_t end, name kind,
                     name sender);
