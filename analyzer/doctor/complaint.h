/* What `tlsrpt doctor` has to say: one complaint each, with what mends it. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"
#include "base/arena.h"

/* Fixes of several kinds. */
#define RENEW "renew it, and see why that did not happen by itself"
#define CHAIN                                                                            \
    "serve a certificate of a public authority for that very name, with its "            \
    "intermediate certificates"
#define REACH                                                                            \
    "see that the server runs, that its address is right, and that no firewall stands "  \
    "before it; inside a network that cannot reach its own outside, try --connect-to"
#define REWRITE "write the URI anew; `tlsrpt doctor --records` prints records to paste"
#define COVER   "add an mx: line for it, and give the record another id"
#define RENEW_ID                                                                         \
    "give the _mta-sts record another id, unless the policy was changed within the "     \
    "last days: by the id alone senders learn of a new one before theirs runs out"

/* All that it can complain of: a check is its kind, for scripts, with one fix for each
 * way in which it fails. */
#define COMPLAINTS(X)                                                                    \
    X(DATABASE_AWAY, "database-away", SEVERITY_CRITICAL,                                 \
      "see that it runs, that it fits this version (`tlsrptd migrate`), and that the "   \
      "database section of tlsrpt.conf is right")                                        \
    X(COLLECTOR_AWAY, "collector-cannot-connect", SEVERITY_WARNING,                      \
      "if tlsrptd is another user, run this as that user or as root; else mend "         \
      "database/uri")                                                                    \
    X(TOO_MANY_NAMES, "too-many", SEVERITY_WARNING, "name a domain at a time")           \
    X(NO_DOMAINS, "no-domains", SEVERITY_WARNING,                                        \
      "list your domains, and your MX hosts if you use DANE, in domains")                \
    X(NO_DOOR, "no-door", SEVERITY_INFO,                                                 \
      "set https/listen or lmtp/listen, unless systemd listens for tlsrptd, or "         \
      "`tlsrptd deliver` or `tlsrptd import` takes the reports")                         \
    X(USER_MISSING, "user-missing", SEVERITY_CRITICAL,                                   \
      "useradd --system --shell /usr/sbin/nologin NAME, or set user")                    \
    X(CERTIFICATE_FILE, "certificate-file", SEVERITY_CRITICAL,                           \
      "put the certificate there, leaf first, in PEM")                                   \
    X(CERTIFICATE_EXPIRING, "certificate-expiring", SEVERITY_WARNING,                    \
      "renew it, and let the ACME client's hook copy the new pair here")                 \
    X(CERTIFICATE_EXPIRED, "certificate-expiring", SEVERITY_CRITICAL,                    \
      "renew it, and let the ACME client's hook copy the new pair here")                 \
    X(KEY_UNREADABLE, "key-unreadable", SEVERITY_CRITICAL,                               \
      "give it to that user (chown) or to a group of his, mode 640")                     \
    X(SPOOL_FULL, "spool-full", SEVERITY_CRITICAL,                                       \
      "bring the database back; tlsrptd then drains the spool by itself")                \
    X(SPOOL_ASIDE, "spool-aside", SEVERITY_WARNING,                                      \
      "look for their names in the log of tlsrptd, which says why, then remove them")    \
    X(SPOOL_WAITING, "spool-waiting", SEVERITY_WARNING,                                  \
      "see that tlsrptd runs and reaches the database: its log says why not")            \
    X(ORIGIN_NOT_LISTED, "origin-not-listed", SEVERITY_INFO,                             \
      "if the host is theirs, paste the line that `tlsrpt senders --origins` prints")    \
    X(DNS_AWAY, "dns-failed", SEVERITY_WARNING,                                          \
      "look at the name servers of the zone, and at the resolver of this host")          \
    X(DOMAIN_MISSING, "domain-missing", SEVERITY_WARNING,                                \
      "correct its name in tlsrpt.conf, or take it out")                                 \
    X(DOMAIN_NOT_OWNED, "not-owned", SEVERITY_CRITICAL,                                  \
      "add it to domains in tlsrpt.conf, and restart tlsrptd")                           \
    X(DANE_NOT_DECLARED, "dane-not-declared", SEVERITY_WARNING,                          \
      "declare the set in tlsa of its domain section, with the day, or mend the zone")   \
    X(DANE_RECORD_MISSING, "dane-tlsrpt-missing", SEVERITY_CRITICAL,                     \
      "publish what `tlsrpt doctor --records` prints")                                   \
    X(MAILBOX_NO_MX, "mailbox-no-mx", SEVERITY_CRITICAL,                                 \
      "name a mailbox of a domain that takes mail")                                      \
    X(RECORD_MISSING, "tlsrpt-missing", SEVERITY_CRITICAL,                               \
      "publish what `tlsrpt doctor --records` prints")                                   \
    X(RECORD_ALIAS, "tlsrpt-alias", SEVERITY_CRITICAL,                                   \
      "let the alias lead to a TXT record that exists, or replace it by one")            \
    X(RECORD_FOREIGN, "tlsrpt-foreign", SEVERITY_CRITICAL,                               \
      "publish one at this very name: `tlsrpt doctor --records` prints it")              \
    X(RECORD_NOT_RECOGNISED, "tlsrpt-not-recognised", SEVERITY_CRITICAL,                 \
      "begin it with exactly v=TLSRPTv1;, no blank or quote before it, capitals as "     \
      "here")                                                                            \
    X(RECORD_TWICE, "tlsrpt-two-records", SEVERITY_CRITICAL,                             \
      "keep one of them, with all URIs in its rua=")                                     \
    X(RECORD_SYNTAX, "tlsrpt-syntax", SEVERITY_CRITICAL,                                 \
      "mend or remove that field: strict senders pass over the whole record; a "         \
      "semicolon within a URI is written %3B")                                           \
    X(RECORD_NO_RUA, "tlsrpt-no-rua", SEVERITY_CRITICAL,                                 \
      "add rua=mailto:... or rua=https://..., in lower case")                            \
    X(RECORD_RUA_TWICE, "tlsrpt-rua-twice", SEVERITY_WARNING,                            \
      "put all URIs into one rua=, separated by commas")                                 \
    X(RECORD_NO_MAILTO, "tlsrpt-no-mailto", SEVERITY_WARNING,                            \
      "add a mailto: URI beside it: some senders know only mail, and others fall back "  \
      "to it")                                                                           \
    X(RECORD_LONG, "tlsrpt-long", SEVERITY_INFO, "leave out URIs that nobody needs")     \
    X(RECORD_TTL, "tlsrpt-ttl", SEVERITY_INFO,                                           \
      "give it a day (86400), or sign the zone: who can suppress the answer while it "   \
      "is not cached suppresses the reports about it")                                   \
    X(URI_EMPTY, "tlsrpt-scheme", SEVERITY_WARNING, "remove the comma that is too much") \
    X(URI_SCHEME, "tlsrpt-scheme", SEVERITY_WARNING,                                     \
      "write mailto:user@domain or https://host/path; a comma within a URI is written "  \
      "%2C, a semicolon %3B")                                                            \
    X(URI_UNESCAPED, "tlsrpt-unescaped", SEVERITY_WARNING,                               \
      "write it as %21; a size limit, as DMARC has it (!10m), does not exist here: "     \
      "leave it out")                                                                    \
    X(URI_MAILTO, "tlsrpt-mailto", SEVERITY_WARNING, REWRITE)                            \
    X(URI_HTTPS, "tlsrpt-https", SEVERITY_WARNING, REWRITE)                              \
    X(ENDPOINT_AWAY, "endpoint-unreachable", SEVERITY_CRITICAL, REACH)                   \
    X(ENDPOINT_CERTIFICATE, "endpoint-certificate", SEVERITY_CRITICAL, CHAIN)            \
    X(ENDPOINT_EXPIRED, "endpoint-certificate", SEVERITY_CRITICAL, RENEW)                \
    X(ENDPOINT_EXPIRING, "endpoint-expiring", SEVERITY_WARNING, RENEW)                   \
    X(ENDPOINT_EXPIRING_SOON, "endpoint-expiring", SEVERITY_CRITICAL, RENEW)             \
    X(ENDPOINT_STATUS, "endpoint-status", SEVERITY_CRITICAL,                             \
      "let the URI, the proxy and https/path in tlsrpt.conf agree; reports are "         \
      "posted, and nobody follows a redirection")                                        \
    X(STS_AWAY, "sts-unreachable", SEVERITY_CRITICAL, REACH)                             \
    X(STS_CERTIFICATE, "sts-certificate", SEVERITY_CRITICAL, CHAIN)                      \
    X(STS_EXPIRED, "sts-certificate", SEVERITY_CRITICAL, RENEW)                          \
    X(STS_EXPIRING, "sts-expiring", SEVERITY_WARNING, RENEW)                             \
    X(STS_EXPIRING_SOON, "sts-expiring", SEVERITY_CRITICAL, RENEW)                       \
    X(STS_STATUS, "sts-status", SEVERITY_CRITICAL,                                       \
      "serve the policy there itself: senders follow no redirection")                    \
    X(STS_CONTENT_TYPE, "sts-content-type", SEVERITY_WARNING,                            \
      "let the web server say text/plain: some senders insist on it")                    \
    X(STS_RECORD, "sts-record", SEVERITY_CRITICAL,                                       \
      "write it as \"v=STSv1; id=20261101T000000;\": the id is up to 32 letters and "    \
      "digits, another one for each change of the policy")                               \
    X(STS_RECORD_TWICE, "sts-two-records", SEVERITY_CRITICAL, "keep one of them")        \
    X(STS_RECORD_MISSING, "sts-record-missing", SEVERITY_CRITICAL,                       \
      "publish _mta-sts.DOMAIN TXT \"v=STSv1; id=...\", or declare that there is no "    \
      "policy any more")                                                                 \
    X(STS_NO_POLICY, "sts-policy-syntax", SEVERITY_CRITICAL,                             \
      "serve the policy itself there, as text/plain, with the line version: STSv1")      \
    X(STS_LINE, "sts-policy-syntax", SEVERITY_CRITICAL,                                  \
      "mend that line of the policy: senders refuse one that is not well-formed")        \
    X(STS_LINE_MISSING, "sts-policy-syntax", SEVERITY_CRITICAL,                          \
      "add the line: a policy needs version, mode, max_age and mx")                      \
    X(STS_MAX_AGE, "sts-max-age", SEVERITY_WARNING,                                      \
      "use a week or more (max_age: 604800) once the policy works")                      \
    X(STS_NOT_COVERED, "sts-mx-not-covered", SEVERITY_WARNING, COVER)                    \
    X(STS_NOT_COVERED_ENFORCED, "sts-mx-not-covered", SEVERITY_CRITICAL, COVER)          \
    X(STS_NOT_DECLARED, "sts-not-declared", SEVERITY_WARNING,                            \
      "declare the policy in sts of its domain section, with the day, or serve the "     \
      "declared one")                                                                    \
    X(STS_SENDERS_DIFFER, "sts-senders-differ", SEVERITY_INFO, RENEW_ID)                 \
    X(STS_SENDERS_DIFFER_DECLARED, "sts-senders-differ", SEVERITY_WARNING, RENEW_ID)

#define COMPLAINT_ENUM(kind, check, severity, fix) kind,
enum complaint_kind {
    COMPLAINTS(COMPLAINT_ENUM) COMPLAINT_KINDS
};
#undef COMPLAINT_ENUM

struct complaint {
    enum severity severity;
    const char *check;
    const char *domain;  /* whom it concerns; "": this host and its database */
    const char *subject; /* the name, URI, file or setting that is at fault */
    const char *what, *fix;
};

/* A list of them; texts live in its arena. */
struct complaints {
    struct arena arena;
    const char *domain; /* whom the next ones concern */
    struct complaint *items;
    size_t count;
    bool failed; /* out of memory: one is missing */
};

void complaints_init(struct complaints *l, const char *domain);
void complaints_clear(struct complaints *l);

/* Adds one of a kind; the rest says what is wrong. */
void complain(struct complaints *l, enum complaint_kind kind, const char *subject,
              const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Adds a copy of one that somebody else made, of the list's domain. */
void complaints_put(struct complaints *l, const struct complaint *c);

/* Adds those of another list, which must live as long. */
MUST_USE bool complaints_add(struct complaints *l, const struct complaints *of);

/* For qsort: the worst first, then by domain, subject and check. */
int complaint_compare(const void *a, const void *b);
