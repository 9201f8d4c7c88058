/* The web servers that senders meet: where reports are posted, and where the MTA-STS
 * policy is. */
#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/policy_text.h"
#include "analyzer/doctor/doctor.h"
#include "analyzer/doctor/https_get.h"
#include "analyzer/doctor/sts_record.h"
#include "analyzer/doctor/tlsrpt_record.h"
#include "base/when.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ADDRESSES = 8,
    MAX_NAMED = 3,    /* senders that a complaint lists */
    NOTICED_DAYS = 2, /* after which senders know of a new policy by its id */
};

typedef char address[INET6_ADDRSTRLEN];

static size_t
find_addresses(struct doctor *d, const char *host, unsigned port,
               address out[MAX_ADDRESSES])
{
    static const struct {
        enum dns_type type;
        int family;
    } kinds[] = {{DNS_AAAA, AF_INET6}, {DNS_A, AF_INET}};
    unsigned char bytes[sizeof(struct in6_addr)];
    size_t count = 0;

    if (port == 443 && d->connect_address != NULL) {
        (void)snprintf(out[0], sizeof out[0], "%s", d->connect_address);
        return 1;
    }
    if (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1) {
        (void)snprintf(out[0], sizeof out[0], "%s", host);
        return 1;
    }
    for (size_t k = 0; k < 2; k++) {
        struct dns_answer *a = doctor_ask(d, kinds[k].type, "%s", host);

        for (size_t i = 0; a != NULL && i < a->count && count < MAX_ADDRESSES; i++)
            count += inet_ntop(kinds[k].family, a->values[i].bytes, out[count],
                               sizeof out[count]) != NULL;
        free(a);
    }
    return count;
}

/* One address, complained of unless there is an answer and a certificate that will last.
 */
static void
judge_reply(const struct doctor *d, const struct https_reply *r, const char *where,
            const char *subject, bool sts, struct complaints *said)
{
    static const struct kinds {
        enum complaint_kind certificate, expired, away, expiring, soon;
    } all[] = {
        {ENDPOINT_CERTIFICATE, ENDPOINT_EXPIRED, ENDPOINT_AWAY, ENDPOINT_EXPIRING,
         ENDPOINT_EXPIRING_SOON},
        {STS_CERTIFICATE, STS_EXPIRED, STS_AWAY, STS_EXPIRING, STS_EXPIRING_SOON},
    };
    const struct kinds *of = &all[sts];
    int64_t left = (r->expires - d->now) / WHEN_DAY_S;
    bool expired = strncmp(r->why, "expired", strlen("expired")) == 0;
    char day[WHEN_DAY_SIZE];

    if (r->outcome == HTTPS_BAD_CERTIFICATE)
        complain(said, expired ? of->expired : of->certificate, subject,
                 "the certificate at %s %s", where, r->why);
    else if (r->outcome != HTTPS_ANSWERED)
        complain(said, of->away, subject, "no HTTPS at %s: %s", where, r->why);
    else if (left < DOCTOR_EXPIRY_DAYS)
        complain(said, left < DOCTOR_EXPIRED_DAYS ? of->soon : of->expiring, subject,
                 "the certificate at %s expires on %s", where,
                 when_print_day(when_day_of_instant(r->expires), day));
}

/* Fetches from each address of the host; complains of connection and certificate, with
 * `sts` as of a policy's, else as of an endpoint's. True when there is an answer, with
 * its body, to be cleared. */
static bool
fetch(struct doctor *d, struct doctor_task *t, const struct https_where *from,
      const char *subject, bool sts, struct https_reply *out)
{
    address addresses[MAX_ADDRESSES];
    size_t count = find_addresses(d, from->host, from->port, addresses);
    bool answered = false, routed = false;
    char where[400];

    *out =
        (struct https_reply){.outcome = HTTPS_NO_CONNECTION, .why = "no address in DNS"};
    (void)snprintf(where, sizeof where, "%s", from->host);
    for (size_t i = 0; i < count; i++) {
        struct https_where w = *from;
        struct https_reply r;

        w.address = addresses[i];
        w.ca_file = d->options->ca_file;
        if (w.port == 443 && d->connect_address != NULL)
            w.port = d->connect_port;
        https_get(&w, &r);
        (void)snprintf(where, sizeof where, "%s (%s port %u)", w.host, w.address, w.port);
        routed |= r.outcome != HTTPS_NO_ROUTE;
        if (r.outcome != HTTPS_NO_ROUTE)
            judge_reply(d, &r, where, subject, sts, &t->said);
        if (!answered) {
            buf_clear(&out->body);
            *out = r;
            answered = r.outcome == HTTPS_ANSWERED;
        } else {
            buf_clear(&r.body);
        }
    }
    if (!routed)
        judge_reply(d, out, where, subject, sts, &t->said);
    if (!answered)
        buf_clear(&out->body);
    return answered;
}

/* A GET is refused where reports are posted, but tells who is there. */
void
doctor_endpoint(struct doctor *d, struct doctor_task *t)
{
    struct complaints ignored;
    struct https_reply r;
    struct tlsrpt_uri uri;
    struct https_where from = {.host = uri.host};
    bool ok;

    complaints_init(&ignored, "");
    ok = tlsrpt_uri_read(t->name, strlen(t->name), "", &uri, &ignored);
    complaints_clear(&ignored);
    from.port = uri.port;
    from.path = uri.path;
    if (!ok || !fetch(d, t, &from, t->name, false, &r))
        return;
    if (r.status >= 500 || (r.status >= 300 && r.status < 400) ||
        (r.status == 404 && doctor_is_ours(d, uri.host)))
        complain(&t->said, ENDPOINT_STATUS, t->name,
                 "the endpoint answers with status %d (tlsrptd here takes reports at %s)",
                 r.status, d->settings->https.path);
    buf_clear(&r.body);
}

/* ---- MTA-STS ---- */

/* Is it what the sender saw last, and not the policy `live`? */
static bool
is_latest_other(const struct facts *f, size_t first, size_t end, const struct seen *s,
                name live)
{
    bool latest = s->type == POLICY_STS && s->policy != live;

    for (size_t i = first; i < end; i++) {
        const struct seen *o = &f->seen[i];

        if (o->type == s->type && o->sender == s->sender &&
            (o->last > s->last || (o->last == s->last && o->policy == live)))
            latest = false;
    }
    return latest;
}

/* Senders that still use another policy than the one in force, since `since` if that is
 * known: senders notice a new one within days. */
static void
compare_seen(const struct facts *f, struct doctor_task *t, const char *subject,
             name domain, name live, const int32_t *since)
{
    int32_t oldest = f->first_day + f->today - FACTS_ESTABLISHED;
    size_t first, end, differing = 0;
    struct buf names;

    if (since != NULL && *since + NOTICED_DAYS > oldest)
        oldest = *since + NOTICED_DAYS;
    buf_init(&names, 0);
    facts_seen_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        if (f->first_day + f->seen[i].last >= oldest &&
            is_latest_other(f, first, end, &f->seen[i], live) && differing++ < MAX_NAMED)
            (void)buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
                             facts_text(f, f->seen[i].sender));
    }
    if (differing > 0)
        complain(&t->said,
                 since != NULL ? STS_SENDERS_DIFFER_DECLARED : STS_SENDERS_DIFFER,
                 subject, "senders still use another policy (%zu): %s%s", differing,
                 names.len > 0 ? names.bytes : "", differing > MAX_NAMED ? ", ..." : "");
    buf_clear(&names);
}

/* The policy that is served (NULL: none) against the declared one, and the senders'. */
static void
compare_policy(struct doctor *d, struct doctor_task *t, const char *subject,
               const char *live)
{
    const struct facts *f = d->facts;
    name domain = facts_find(f, t->name), wanted = 0;
    const struct declared *known = domain == 0 ? NULL : facts_declared(f, domain);
    const int32_t *since = NULL;

    if (known != NULL)
        wanted =
            drift_declared(known->policies, known->policy_count, f->first_day + f->today);
    for (size_t i = 0; wanted != 0 && i < known->policy_count; i++) {
        if (known->policies[i].text == wanted)
            since = &known->policies[i].since;
    }
    if (live == NULL && wanted != 0 &&
        strstr(facts_text(f, wanted), "mode: none") == NULL)
        complain(&t->said, STS_RECORD_MISSING, subject,
                 "tlsrpt.conf declares an MTA-STS policy, but there is no record that "
                 "tells senders of it");
    else if (live != NULL && wanted != 0 && strcmp(live, facts_text(f, wanted)) != 0)
        complain(&t->said, STS_NOT_DECLARED, subject,
                 "the policy that is served is not the one that tlsrpt.conf declares");
    else if (live != NULL && domain != 0)
        compare_seen(f, t, subject, domain, facts_find(f, live), since);
}

static void
look_at_policy(struct doctor *d, struct doctor_task *t, const char *const hosts[],
               size_t count)
{
    char host[300];
    const struct https_where from = {
        .host = host, .port = 443, .path = "/.well-known/mta-sts.txt"};
    struct https_reply r;
    struct buf live;

    (void)snprintf(host, sizeof host, "mta-sts.%s", t->name);
    if (!fetch(d, t, &from, host, true, &r))
        return;
    buf_init(&live, 0);
    if (r.status != 200) {
        complain(&t->said, STS_STATUS, host,
                 "https://%s%s answers with status %d instead of 200", host, from.path,
                 r.status);
    } else {
        if (strcmp(r.content_type, "text/plain") != 0)
            complain(&t->said, STS_CONTENT_TYPE, host, "the policy is served as \"%s\"",
                     r.content_type);
        if (sts_policy_read(r.body.bytes != NULL ? r.body.bytes : "", r.body.len, host,
                            hosts, count, &live, &t->said) &&
            live.len > 0)
            compare_policy(d, t, host, live.bytes);
    }
    buf_clear(&live);
    buf_clear(&r.body);
}

void
doctor_sts(struct doctor *d, struct doctor_task *t, const char *const hosts[],
           size_t count)
{
    struct dns_answer *a = doctor_ask(d, DNS_TXT, "_mta-sts.%s", t->name);
    char subject[300];

    (void)snprintf(subject, sizeof subject, "_mta-sts.%s", t->name);
    if (doctor_status(a) == DNS_FAILED)
        doctor_dns_failed(t, subject);
    else if (a->status == DNS_FOUND && sts_record_read(a, subject, &t->said))
        look_at_policy(d, t, hosts, count);
    else
        compare_policy(d, t, subject, NULL);
    free(a);
}
