/* See analyse_triage.h. */
#include "analyzer/analysis/analyse_triage.h"

#include <math.h>

static const double everybody = .6, one_network = .85, wholly = .8;

enum {
    SEVERAL = 3,
    NODE_FAILED = 16, /* failures that would not all pass the other addresses by */
};

/* Could an attacker on the path cause it (RFC 8460 section 4.3)? */
static bool
can_be_attack(enum result_type type)
{
    return type == RESULT_STARTTLS_NOT_SUPPORTED ||
           type == RESULT_CERTIFICATE_HOST_MISMATCH ||
           type == RESULT_CERTIFICATE_NOT_TRUSTED || type == RESULT_DNSSEC_INVALID;
}

/* Where only one sender reports, there are failures that it can hardly be blamed for. */
static bool
is_hardly_theirs(enum result_type type)
{
    return type == RESULT_CERTIFICATE_EXPIRED ||
           type == RESULT_CERTIFICATE_HOST_MISMATCH || type == RESULT_TLSA_INVALID ||
           type == RESULT_STS_POLICY_INVALID || type == RESULT_STS_WEBPKI_INVALID;
}

static int64_t
count_failed(const struct spots *l)
{
    int64_t failed = 0;

    for (size_t i = 0; i < l->count; i++)
        failed += l->rows[i].failed;
    return failed;
}

/* Some of our addresses, and the others are fine. Senders that name no address name at
 * most the host. */
static bool
is_node(const struct scope *s)
{
    int failing = scope_failing(s, &s->addresses);

    if (failing > 0)
        return s->addresses_seen >= 2 && (size_t)failing * 2 <= s->addresses_seen &&
               count_failed(&s->addresses) >= NODE_FAILED;
    failing = scope_failing(s, &s->hosts);
    return failing > 0 && (size_t)failing * 2 <= s->hosts_seen &&
           count_failed(&s->hosts) >= NODE_FAILED;
}

/* Nearly all of it from one of the sender's several networks. */
static bool
is_one_network(const struct scope *s)
{
    int64_t total = count_failed(&s->networks), most = 0;

    for (size_t i = 0; i < s->networks.count; i++) {
        if (s->networks.rows[i].failed > most)
            most = s->networks.rows[i].failed;
    }
    return s->networks_seen >= 2 && total > 0 &&
           (double)most >= one_network * (double)total;
}

static bool
is_foreign(const struct scope *s)
{
    int64_t foreign = 0, failed = 0;

    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].elevated) {
            foreign += s->witnesses[i].foreign;
            failed += s->witnesses[i].failed;
        }
    return foreign * 2 > failed;
}

/* One sender alone fails. */
static enum fault
one_sender(const struct scope *s, enum result_type type)
{
    bool elsewhere_clean = false;

    for (size_t i = 0; i < s->witness_count; i++)
        elsewhere_clean |= s->witnesses[i].elevated && s->witnesses[i].other_domain_clean;
    if (grid_class_of(type) == GRID_STS)
        return VERDICT_SENDER;
    if (is_one_network(s))
        return VERDICT_PATH;
    if (elsewhere_clean && can_be_attack(type))
        return VERDICT_PATH;
    return VERDICT_SENDER;
}

enum fault
triage_verdict(const struct scope *s)
{
    enum result_type type = result_type_parse(facts_text(s->f, s->in->kind));
    double share = s->powerful ? (double)s->agreeing / s->powerful : 0;

    if (is_foreign(s) && (s->agreeing < 3 || share < everybody))
        return VERDICT_PATH;
    /* Unrelated senders that agree speak of us, be it that others do not notice: an
     * intermediate certificate is fetched or remembered by some. */
    if (s->agreeing >= SEVERAL ||
        (s->agreeing == 2 && (share >= everybody || s->rate >= wholly)))
        return is_node(s) ? VERDICT_NODE : VERDICT_OURS;
    if (s->agreeing == 1 && (s->powerful >= 2 || is_one_network(s)))
        return one_sender(s, type);
    if (s->agreeing == 1 && s->powerful == 1 && is_hardly_theirs(type))
        return VERDICT_OURS;
    return VERDICT_UNKNOWN;
}

double
triage_confidence(const struct scope *s, enum fault verdict)
{
    double c = .55 + .1 * fmin(s->powerful, 4);
    int64_t failed = 0;

    for (int d = 0; d < FACTS_DAYS; d++)
        failed += s->in->days[d] ? s->failed[d] : 0;
    if (failed > 0)
        c -= .2 * fmin((double)s->unplaced / (double)failed, 1);
    if (verdict == VERDICT_UNKNOWN)
        c *= .5;
    return fmax(.1, fmin(c, .99));
}
