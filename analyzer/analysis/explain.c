/* See explain.h. */
#include "analyzer/analysis/explain.h"

#include "base/count.h"
#include "base/figure.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct explanation explain_table[] = {
    {EXPLAIN_RESULT, "starttls-not-supported", "our MX offered no STARTTLS",
     "ours, or somebody on the path who strips it",
     "Connect to each MX address from outside, say EHLO and look for STARTTLS; look for "
     "a "
     "firewall that rewrites SMTP."},
    {EXPLAIN_RESULT, "certificate-host-mismatch",
     "the certificate does not name the MX host", "ours, or an interceptor",
     "Look at the certificate that each MX address shows: it must name the MX host, not "
     "the mail domain."},
    {EXPLAIN_RESULT, "certificate-expired", "the certificate has expired",
     "ours: often one host that did not load the new one",
     "Renew the certificate and reload the mail server on every address listed."},
    {EXPLAIN_RESULT, "certificate-not-trusted", "the certificate is not trusted",
     "ours (a missing intermediate), an interceptor, or the sender's list of authorities",
     "Serve the full chain; compare the certificate seen from outside with yours."},
    {EXPLAIN_RESULT, "validation-failure",
     "TLS failed for a reason without a name of its own",
     "open: the failure reason code says more",
     "Read the reason codes and the mail server's log of those sessions."},
    {EXPLAIN_RESULT, "tlsa-invalid", "no TLSA record matches the certificate",
     "ours: a certificate was changed before its TLSA record",
     "Publish a TLSA record for the certificate in use now; next time publish it two "
     "TTLs "
     "ahead."},
    {EXPLAIN_RESULT, "dnssec-invalid", "DNSSEC of the MX zone does not validate",
     "ours: our zone or its signer",
     "Check DS, RRSIG expiry and the signer of the zone."},
    {EXPLAIN_RESULT, "dane-required",
     "the sender demands DANE and found no usable TLSA record", "ours, or an agreement",
     "Publish TLSA records in a signed zone, or settle it with the sender."},
    {EXPLAIN_RESULT, "sts-policy-fetch-error", "the MTA-STS policy could not be fetched",
     "ours: the policy's web host; sometimes the sender",
     "Fetch https://mta-sts.DOMAIN/.well-known/mta-sts.txt over IPv4 and IPv6; it must "
     "not "
     "redirect."},
    {EXPLAIN_RESULT, "sts-policy-invalid", "the MTA-STS policy is not valid", "ours",
     "Check version, mode, max_age and mx of the policy file, and its line endings."},
    {EXPLAIN_RESULT, "sts-webpki-invalid",
     "the web host of the MTA-STS policy shows no valid certificate", "ours",
     "Renew the certificate of mta-sts.DOMAIN and make it name that host."},
    {EXPLAIN_KIND, KIND_MX_NOT_COVERED,
     "mail is received by a host that the MTA-STS policy does not list", "ours",
     "Add the host to the policy and change the id in its DNS record, or take it out of "
     "the MX records."},
    {EXPLAIN_KIND, KIND_POLICY_DRIFT, "senders see another policy than the declared one",
     "ours, or one sender's cache",
     "Compare what is published with the configuration; tlsrpt policies shows who saw "
     "what."},
    {EXPLAIN_KIND, KIND_REPORT_GAP, "a sender that reported almost every day has stopped",
     "the sender, or our DNS record",
     "Check the _smtp._tls TXT record and the mailbox; then wait, or ask the sender."},
    {EXPLAIN_KIND, KIND_INTAKE_SILENT, "no reports come in any more", "ours",
     "Check the collector, the _smtp._tls TXT records and the MX of the report mailbox."},
    {EXPLAIN_KIND, KIND_REPORT_LOOP,
     "a sender's only session each day is the delivery of its own report", "the sender",
     "Nothing: it is noise."},
    {EXPLAIN_KIND, KIND_NOT_DESCRIBED, "sessions fail, and the reports do not say why",
     "open: the reports tell no more than the count",
     "Read the mail server's log of those days for the sender; other senders may name "
     "the cause."},
    {EXPLAIN_KIND, KIND_NEWCOMER,
     "a sender that nobody knows reports more sessions than is believable", "a stranger",
     "Nothing: its counts are kept out of every verdict."},
    {EXPLAIN_REASON, "MX_HOSTS_MISMATCH",
     "the MX host is not among those of the policy (Microsoft)", "ours",
     "Compare the MX records with the mx lines of the MTA-STS policy."},
    {EXPLAIN_REASON, "VALIDATION_FAILURE", "the certificate did not validate (Microsoft)",
     "open", "Look at the certificates that the MX hosts show."},
    {EXPLAIN_REASON, "bad https response code: 404",
     "the policy file is not where it must be (mail.ru)", "ours",
     "Serve /.well-known/mta-sts.txt on the host mta-sts of the domain."},
    {EXPLAIN_REASON, "bad https response code: 5",
     "the policy's web server answered with an error of its own (mail.ru)", "ours",
     "Read the log of the policy's web server."},
    {EXPLAIN_REASON,
     "bad https response code:", "the policy's web server did not answer 200 (mail.ru)",
     "ours", "Fetch the policy yourself; redirects are not followed."},
    {EXPLAIN_REASON, "X509_V_ERR_CERT_HAS_EXPIRED",
     "the certificate has expired (OpenSSL)", "ours",
     "Renew it and reload the mail server."},
    {EXPLAIN_REASON, "X509_V_ERR_CERT_UNTRUSTED",
     "the certificate's authority is not trusted (OpenSSL)", "ours, or the sender's list",
     "Serve the full chain, from an authority that others trust."},
    {EXPLAIN_REASON, "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT",
     "the certificate is signed by itself (OpenSSL)", "ours",
     "Use a certificate of a public authority, or DANE."},
    {EXPLAIN_REASON, "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT",
     "an intermediate certificate is missing (OpenSSL)", "ours", "Serve the full chain."},
    {EXPLAIN_REASON, "X509_V_ERR_HOSTNAME_MISMATCH",
     "the certificate names another host (OpenSSL)", "ours",
     "The certificate must name the MX host."},
    {EXPLAIN_REASON, "X509_V_ERR_", "the certificate did not verify (OpenSSL)", "open",
     "The rest of the code names the check that failed: see "
     "openssl-verification-options."},
    {EXPLAIN_REASON, "tls-remote-alert-", "our side sent this TLS alert (mox)", "open",
     "The number is that of RFC 8446 section 6; read the mail server's log."},
    {EXPLAIN_REASON, "tls-local-alert-", "the sender ended TLS with this alert (mox)",
     "open", "The number is that of RFC 8446 section 6."},
    {EXPLAIN_REASON, "io-timeout-during-handshake", "TLS took too long (mox)",
     "the network, or a busy host", "A few a day are normal; else look at load and MTU."},
    {EXPLAIN_REASON, "connection-closed-during-handshake",
     "the connection was closed while TLS was being set up (mox)",
     "the network, or a host in trouble", "Read the mail server's log at that time."},
    {EXPLAIN_REASON, "tls-record-header-error", "what came was not TLS (mox)",
     "ours, or something on the path", "Look at what answers after STARTTLS."},
    {EXPLAIN_REASON, "unknown-go-certificate-verification-error",
     "the certificate did not verify (mox)", "open", "Look at the certificate shown."},
    {EXPLAIN_REASON, "not-authorized-to-sign",
     "an intermediate is not allowed to sign certificates (mox)", "ours",
     "Serve the right chain."},
    {EXPLAIN_REASON, "no-system-roots", "the sender has no list of authorities (mox)",
     "the sender", "Tell the sender."},
};
const size_t explain_count = COUNT_OF(explain_table);

static bool
begins(const char *text, const char *prefix)
{
    for (; *prefix; text++, prefix++) {
        char a[2] = {*text, 0}, b[2] = {*prefix, 0};

        if (!text_equal_nocase(a, b))
            return false;
    }
    return true;
}

const struct explanation *
explain_find(enum explain_area area, const char *word)
{
    const struct explanation *best = NULL;

    for (size_t i = 0; i < explain_count; i++) {
        const struct explanation *x = &explain_table[i];

        if (x->area == area &&
            (area == EXPLAIN_REASON ? begins(word, x->word)
                                    : text_equal_nocase(word, x->word)) &&
            (!best || strlen(x->word) > strlen(best->word)))
            best = x;
    }
    return best;
}

/* What is not our fault is not told as if it were. */
static const struct {
    const char *word, *plain;
} neutral[] = {
    {"starttls-not-supported", "STARTTLS did not come through"},
    {"certificate-host-mismatch", "a certificate for another host was seen"},
    {"certificate-not-trusted", "a certificate was not trusted"},
    {"certificate-expired", "a certificate was taken for expired"},
    {"dnssec-invalid", "DNSSEC answers did not validate"},
    {"tlsa-invalid", "the certificate seen matched no TLSA record"},
};

const char *
explain_plain(const struct finding *x)
{
    const struct explanation *about = explain_find(EXPLAIN_RESULT, x->kind);

    about = about ? about : explain_find(EXPLAIN_KIND, x->kind);
    if (x->verdict == VERDICT_PATH || x->verdict == VERDICT_SENDER)
        for (size_t i = 0; i < COUNT_OF(neutral); i++)
            if (strcmp(neutral[i].word, x->kind) == 0)
                return neutral[i].plain;
    return about ? about->plain : x->kind;
}

/* "a.example", "a.example and b.example", "a.example and 49 others" */
static const char *
name_some(const struct facts *f, const struct name_list *l, struct arena *arena)
{
    const char *first = l->count ? facts_text(f, l->items[0]) : "all domains";

    if (l->count < 2)
        return first;
    if (l->count == 2)
        return arena_printf(arena, "%s and %s", first, facts_text(f, l->items[1]));
    return arena_printf(arena, "%s and %zu others", first, l->count - 1);
}

static const char *
who(const struct facts *f, const struct finding *x, struct arena *arena)
{
    if (x->unverified)
        return "an unverified report claims so";
    if (x->old_news)
        return arena_printf(arena, "as %s has said for as long as it is known",
                            name_some(f, &x->senders, arena));
    switch (x->verdict) {
    case VERDICT_OURS:
        if (x->senders_failing * 5 >= x->senders_seen * 3)
            return "nearly every sender sees it";
        return arena_printf(arena, "%d unrelated senders of %d see it",
                            x->senders_failing, x->senders_seen);
    case VERDICT_NODE:
        return arena_printf(
            arena, "at %s only",
            name_some(f, x->addresses.count ? &x->addresses : &x->hosts, arena));
    case VERDICT_SENDER:
        return arena_printf(arena, "only %s sees it", name_some(f, &x->senders, arena));
    case VERDICT_PATH:
        return arena_printf(arena, "between %s and us", name_some(f, &x->senders, arena));
    case VERDICT_UNKNOWN:
        break;
    }
    return arena_printf(arena, "seen by %s", name_some(f, &x->senders, arena));
}

static const char *
advice_of(const struct finding *x, const struct explanation *about)
{
    if (x->unverified)
        return "Nothing: without a verified report it is only a claim.";
    if (x->severity == SEVERITY_INFO)
        return "Nothing, unless you know better.";
    if (x->verdict == VERDICT_PATH)
        return "Find out what stands between that sender's networks and the addresses "
               "listed: "
               "it may be an interception.";
    if (x->verdict == VERDICT_SENDER && strcmp(x->kind, KIND_REPORT_GAP) != 0 &&
        strcmp(x->kind, KIND_POLICY_DRIFT) != 0)
        return "Tell the sender; others do not see it.";
    return about ? about->remedy : "Look at the reports: tlsrpt failures.";
}

static const char *
failed_share(const struct finding *x, struct arena *arena)
{
    double percent = 100.0 * (double)x->failed / (double)x->sessions;
    char sessions[FIGURE_SIZE];
    int digits = percent < 1 ? 2 : percent < 10 ? 1 : 0;

    if (x->unverified) /* nobody knows of how many */
        return arena_printf(arena, ": %s sessions failed",
                            figure_count(x->failed, sessions));
    return arena_printf(arena, ": %.*f %% of %s sessions failed", digits, percent,
                        figure_count(x->sessions, sessions));
}

/* What is about a sender itself, and not about what it saw. */
static bool
is_about_senders(const struct finding *x)
{
    return !strcmp(x->kind, KIND_REPORT_GAP) || !strcmp(x->kind, KIND_REPORT_LOOP) ||
           !strcmp(x->kind, KIND_NEWCOMER);
}

/* One sentence. */
static char *
summary_of(const struct facts *f, const struct finding *x, const char *plain,
           struct arena *arena)
{
    const char *domains = name_some(f, &x->domains, arena);
    const char *seen_by = who(f, x, arena), *figures = "";

    if (x->sessions > 0 && x->failed > 0)
        figures = failed_share(x, arena);
    if (is_about_senders(x))
        return arena_printf(arena, "%s: %s, for %s.", plain,
                            name_some(f, &x->senders, arena), domains);
    return arena_printf(arena, "%s for %s, %s%s.", plain, domains, seen_by, figures);
}

bool
explain_finding(const struct facts *f, struct finding *out, struct arena *arena,
                struct err *e)
{
    const struct explanation *about = explain_find(EXPLAIN_RESULT, out->kind);
    char *summary;

    about = about ? about : explain_find(EXPLAIN_KIND, out->kind);
    out->advice = advice_of(out, about);
    summary = summary_of(f, out, explain_plain(out), arena);
    if (!summary)
        return err_nomem(e);
    if (*summary >= 'a' && *summary <= 'z')
        *summary = (char)(*summary - 'a' + 'A');
    out->summary = summary;
    return true;
}
