/* What a mail domain and its MX hosts publish for TLS reports, as senders meet it. */
#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/policy_text.h"
#include "analyzer/doctor/doctor.h"
#include "analyzer/doctor/tlsrpt_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
doctor_dns_failed(struct doctor_task *t, const char *node)
{
    complain(&t->said, DNS_AWAY, node,
             "DNS gives no answer for %s (an error, nothing within %d s, or too many "
             "records): senders may get none either",
             node, DOCTOR_DNS_MS / 1000);
}

static void
follow_uris(struct doctor *d, const struct doctor_task *t, const struct tlsrpt_record *r)
{
    for (size_t i = 0; i < r->uri_count; i++) {
        const struct tlsrpt_uri *u = &r->uris[i];

        doctor_add(d, u->https ? doctor_endpoint : doctor_mailbox,
                   u->https ? u->text : u->host, t->said.domain);
    }
}

/* The TLSRPT record of a name; `missing` is what its absence costs, NULL if nothing. */
static void
look_at_record(struct doctor *d, struct doctor_task *t, const char *node,
               enum complaint_kind kind, const char *missing)
{
    struct dns_answer *a = doctor_ask(d, DNS_TXT, "_smtp._tls.%s", node);
    struct tlsrpt_record *record = malloc(sizeof *record);
    char subject[300];

    (void)snprintf(subject, sizeof subject, "_smtp._tls.%s", node);
    if (record == NULL || doctor_status(a) == DNS_FAILED) {
        doctor_dns_failed(t, subject);
    } else if (a->status == DNS_FOUND) {
        tlsrpt_record_read(a, subject, record, &t->said);
        follow_uris(d, t, record);
    } else if (a->alias && missing != NULL) {
        complain(&t->said, RECORD_ALIAS, subject,
                 "the name is an alias (CNAME) that leads to no TXT record");
    } else if (missing != NULL) {
        complain(&t->said, kind, subject, "there is no TLSRPT record: %s", missing);
    }
    free(record);
    free(a);
}

static void
look_at_ownership(const struct doctor *d, struct doctor_task *t, const char *node)
{
    if (settings_owns(&d->settings->domains, node))
        return;
    complain(&t->said, DOMAIN_NOT_OWNED, node,
             "%s is not among the configured domains, so tlsrptd refuses reports about "
             "it",
             node);
}

/* ---- MX hosts and DANE ---- */

void
doctor_mx_host(struct doctor *d, struct doctor_task *t)
{
    look_at_record(d, t, t->name, DANE_RECORD_MISSING,
                   "senders that use DANE send reports to the address that the MX host "
                   "names, and it names none");
    look_at_ownership(d, t, t->name);
}

/* What is published now against what is declared to be. */
static void
compare_tlsa(const struct doctor *d, struct doctor_task *t, const char *raw)
{
    const struct declared *known;
    name domain = facts_find(d->facts, t->name), wanted;
    struct buf now;

    if (domain == 0 || (known = facts_declared(d->facts, domain)) == NULL)
        return;
    wanted = drift_declared(known->tlsa, known->tlsa_count,
                            d->facts->first_day + d->facts->today);
    buf_init(&now, 0);
    if (known->tlsa_count > 0 && policy_text_tlsa(raw, &now) &&
        strcmp(now.len > 0 ? now.bytes : "", facts_text(d->facts, wanted)) != 0)
        complain(&t->said, DANE_NOT_DECLARED, t->name,
                 "the TLSA records of the MX hosts are not those that tlsrpt.conf "
                 "declares");
    buf_clear(&now);
}

/* Reports on DANE are addressed to the MX host's own record (RFC 8460 section 1.1). True
 * when one of the hosts has TLSA records. */
static bool
look_at_dane(struct doctor *d, struct doctor_task *t, const char *const hosts[],
             size_t count)
{
    bool found = false;
    struct buf all;

    buf_init(&all, 0);
    for (size_t i = 0; i < count; i++) {
        struct dns_answer *a = doctor_ask(d, DNS_TLSA, "_25._tcp.%s", hosts[i]);

        if (doctor_status(a) == DNS_FAILED) {
            doctor_dns_failed(t, hosts[i]);
        } else if (a->status == DNS_FOUND) {
            found = true;
            for (size_t k = 0; k < a->count; k++)
                (void)buf_printf(&all, "%s\n", a->values[k].bytes);
            if (doctor_is_ours(d, hosts[i]) && strcmp(hosts[i], t->name) != 0)
                doctor_add(d, doctor_mx_host, hosts[i], t->said.domain);
        }
        free(a);
    }
    compare_tlsa(d, t, all.len > 0 ? all.bytes : "");
    buf_clear(&all);
    return found;
}

/* Where mail for the domain goes: nowhere when it says so (RFC 7505), to itself when it
 * says nothing (RFC 5321 section 5.1). */
static size_t
list_hosts(const struct dns_answer *mx, const char *domain,
           const char *hosts[DNS_MAX_VALUES])
{
    hosts[0] = domain;
    if (mx->status != DNS_FOUND)
        return 1;
    for (size_t i = 0; i < mx->count; i++)
        hosts[i] = mx->values[i].bytes;
    return *hosts[0] == '\0' ? 0 : mx->count;
}

void
doctor_domain(struct doctor *d, struct doctor_task *t)
{
    struct dns_answer *mx = doctor_ask(d, DNS_MX, "%s", t->name);
    const char *hosts[DNS_MAX_VALUES];

    if (doctor_status(mx) == DNS_FAILED) {
        doctor_dns_failed(t, t->name);
    } else if (mx->nxdomain) {
        complain(&t->said, DOMAIN_MISSING, t->name, "the domain does not exist in DNS");
    } else {
        size_t count = list_hosts(mx, t->name, hosts);
        bool mail = mx->status == DNS_FOUND && count > 0;

        if (look_at_dane(d, t, hosts, count) && !mail) {
            doctor_mx_host(d, t);
        } else {
            look_at_record(d, t, t->name, RECORD_MISSING,
                           mail ? "senders have nowhere to send reports to" : NULL);
            look_at_ownership(d, t, t->name);
        }
        if (mail)
            doctor_sts(d, t, hosts, count);
    }
    free(mx);
}

/* ---- where reports go ---- */

void
doctor_mailbox(struct doctor *d, struct doctor_task *t)
{
    struct dns_answer *mx = doctor_ask(d, DNS_MX, "%s", t->name), *a = NULL, *aaaa = NULL;
    bool null_mx = doctor_status(mx) == DNS_FOUND && mx->values[0].len == 0;

    if (doctor_status(mx) == DNS_NONE) {
        a = doctor_ask(d, DNS_A, "%s", t->name);
        aaaa = doctor_ask(d, DNS_AAAA, "%s", t->name);
    }
    if (doctor_status(mx) == DNS_FAILED)
        doctor_dns_failed(t, t->name);
    else if (null_mx || (mx->status == DNS_NONE && doctor_status(a) == DNS_NONE &&
                         doctor_status(aaaa) == DNS_NONE))
        complain(&t->said, MAILBOX_NO_MX, t->name,
                 "reports by mail go to %s, which takes no mail: it has no MX", t->name);
    free(mx);
    free(a);
    free(aaaa);
}
