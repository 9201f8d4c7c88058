/* The words of RFC 8460 and ours, each once: enum, text, and what else hangs on the word.
 * A switch over one of these enums has no default, so that the compiler finds a new word.
 */
#pragma once
#include <stdint.h>

/* RFC 8460 section 4.4, "policy-type". Unknown ones are kept as their text. */
#define POLICY_TYPES(X)                                                                  \
    X(POLICY_STS, "sts")                                                                 \
    X(POLICY_TLSA, "tlsa")                                                               \
    X(POLICY_NONE, "no-policy-found")

/* RFC 8460 section 4.3, IANA "STARTTLS Validation Result Types". Unknown ones are kept as
 * text. */
#define RESULT_TYPES(X)                                                                  \
    X(RESULT_STARTTLS_NOT_SUPPORTED, "starttls-not-supported")                           \
    X(RESULT_CERTIFICATE_HOST_MISMATCH, "certificate-host-mismatch")                     \
    X(RESULT_CERTIFICATE_EXPIRED, "certificate-expired")                                 \
    X(RESULT_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted")                         \
    X(RESULT_VALIDATION_FAILURE, "validation-failure")                                   \
    X(RESULT_TLSA_INVALID, "tlsa-invalid")                                               \
    X(RESULT_DNSSEC_INVALID, "dnssec-invalid")                                           \
    X(RESULT_DANE_REQUIRED, "dane-required")                                             \
    X(RESULT_STS_POLICY_FETCH_ERROR, "sts-policy-fetch-error")                           \
    X(RESULT_STS_POLICY_INVALID, "sts-policy-invalid")                                   \
    X(RESULT_STS_WEBPKI_INVALID, "sts-webpki-invalid")

/* How far a report is believed; smaller is better. The numbers are stored. */
#define TIERS(X)                                                                         \
    X(TIER_VERIFIED, 1, "verified")                                                      \
    X(TIER_OPERATOR, 2, "operator")                                                      \
    X(TIER_CONFIRMED, 3, "confirmed")                                                    \
    X(TIER_UNVERIFIED, 4, "unverified")

/* The door a report came by. The numbers are stored. */
#define TRANSPORTS(X)                                                                    \
    X(TRANSPORT_HTTPS, 1, "https")                                                       \
    X(TRANSPORT_LMTP, 2, "lmtp")                                                         \
    X(TRANSPORT_DELIVER, 3, "deliver")                                                   \
    X(TRANSPORT_IMPORT, 4, "import")

/* What became of it. The numbers are stored. */
#define STATUSES(X)                                                                      \
    X(STATUS_ACCEPTED, 1, "accepted")                                                    \
    X(STATUS_QUARANTINED, 2, "quarantined")                                              \
    X(STATUS_IGNORED, 3, "ignored")

/* Deviations from RFC 8460 that are understood, and noted on the report. At most 64; the
 * names are stored, so the order may change. */
#define QUIRKS(X)                                                                        \
    X(QUIRK_BOM, "bom", "a byte order mark before the JSON")                             \
    X(QUIRK_NOT_COMPRESSED, "not-compressed", "plain JSON where gzip was announced")     \
    X(QUIRK_DOUBLE_GZIP, "double-gzip", "compressed twice")                              \
    X(QUIRK_MULTI_MEMBER, "multi-member", "gzip of several members")                     \
    X(QUIRK_TRAILING_GARBAGE, "trailing-garbage",                                        \
      "bytes after the end of the gzip or the JSON")                                     \
    X(QUIRK_ZIP, "zip", "a zip archive")                                                 \
    X(QUIRK_TAR, "tar", "a tar archive")                                                 \
    X(QUIRK_BUNDLE, "bundle", "one of several reports in one text or archive")           \
    X(QUIRK_WIDE_UNICODE, "wide-unicode", "UTF-16 or UTF-32 instead of UTF-8")           \
    X(QUIRK_NO_SENDER, "no-sender", "nothing in it names the sender's domain")           \
    X(QUIRK_ZLIB, "zlib", "a zlib stream instead of gzip")                               \
    X(QUIRK_DATE_WITHOUT_ZONE, "date-without-zone",                                      \
      "a date without a time zone, taken as UTC")                                        \
    X(QUIRK_DATE_FORMAT, "date-format", "a date that is not RFC 3339 to the letter")     \
    X(QUIRK_END_AT_MIDNIGHT, "end-at-midnight",                                          \
      "the window ends at 00:00:00 of the next day")                                     \
    X(QUIRK_NOT_A_DAY, "not-a-day", "the window is not one UTC day")                     \
    X(QUIRK_NO_ORGANIZATION, "no-organization",                                          \
      "organization-name is absent, null or empty")                                      \
    X(QUIRK_NO_CONTACT, "no-contact", "contact-info is absent, null or empty")           \
    X(QUIRK_CONTACT_FORMAT, "contact-format", "contact-info is no mail address")         \
    X(QUIRK_NO_REPORT_ID, "no-report-id", "report-id is absent, null or empty")          \
    X(QUIRK_NOT_ARRAY, "not-array",                                                      \
      "policies or failure-details is one object, not an array")                         \
    X(QUIRK_NO_POLICY_DOMAIN, "no-policy-domain",                                        \
      "policy-domain is absent and was found elsewhere")                                 \
    X(QUIRK_POLICY_DOMAIN_FORM, "policy-domain-form",                                    \
      "policy-domain not in lower case A-labels without a final dot")                    \
    X(QUIRK_POLICY_TYPE, "policy-type",                                                  \
      "a policy-type that RFC 8460 does not know, or none")                              \
    X(QUIRK_NO_SUMMARY, "no-summary", "a count is absent, and taken from the others")    \
    X(QUIRK_MX_HOST_STRING, "mx-host-string", "mx-host is a string, not an array")       \
    X(QUIRK_MX_HOST_PREFIX, "mx-host-prefix", "mx-host holds the key: \"mx: host\"")     \
    X(QUIRK_POLICY_STRING_STRING, "policy-string-string",                                \
      "policy-string is a string, not an array")                                         \
    X(QUIRK_POLICY_STRING_JSON, "policy-string-json",                                    \
      "policy-string is JSON inside a string")                                           \
    X(QUIRK_DETAILS_NULL, "details-null", "null instead of an array")                    \
    X(QUIRK_MEMBER_TYPE, "member-type",                                                  \
      "a describing member that is no string, passed over or read as one")               \
    X(QUIRK_RESULT_TYPE, "result-type", "a result-type that RFC 8460 does not know")     \
    X(QUIRK_NO_RESULT_TYPE, "no-result-type", "a failure without result-type")           \
    X(QUIRK_BLANKS, "blanks", "white space around a word, a name or an address")         \
    X(QUIRK_NUMBER_FORM, "number-form",                                                  \
      "a count written as a string or with a fraction of zero")                          \
    X(QUIRK_NEGATIVE_COUNT, "negative-count", "a negative count, taken as 0")            \
    X(QUIRK_DETAILS_EXCEED_TOTAL, "details-exceed-total",                                \
      "failure details sum to more than the total")                                      \
    X(QUIRK_FAILURES_WITHOUT_DETAILS, "failures-without-details",                        \
      "failures are counted and none is described")                                      \
    X(QUIRK_IP_FORM, "ip-form", "an address with a zone or not in canonical form")       \
    X(QUIRK_IP_INVALID, "ip-invalid", "an address field that holds no address")          \
    X(QUIRK_URI_FORM, "uri-form", "additional-information is no URI")                    \
    X(QUIRK_GRAMMAR_NAME, "grammar-name",                                                \
      "a member by another name (mx-host-pattern, failure_details)")                     \
    X(QUIRK_UNKNOWN_MEMBER, "unknown-member", "members that RFC 8460 does not know")     \
    X(QUIRK_POLICIES_DROPPED, "policies-dropped",                                        \
      "policies of domains that are not ours")                                           \
    X(QUIRK_LATE, "late", "more than three days after the end of its window")            \
    X(QUIRK_HEADERS_DISAGREE, "headers-disagree",                                        \
      "subject, filename or mail headers say other than the JSON")                       \
    X(QUIRK_SUBMITTER_MISMATCH, "submitter-mismatch",                                    \
      "TLS-Report-Submitter is not the domain of contact-info")

#define VOCAB_ENUM2(name, text)         name,
#define VOCAB_ENUM3(name, number, text) name = (number),
#define VOCAB_QUIRK(name, text, plain)  name,

enum policy_type {
    POLICY_TYPES(VOCAB_ENUM2) POLICY_OTHER
};
enum result_type {
    RESULT_TYPES(VOCAB_ENUM2) RESULT_OTHER
};
enum tier {
    TIERS(VOCAB_ENUM3)
};
enum transport {
    TRANSPORTS(VOCAB_ENUM3)
};
enum status {
    STATUSES(VOCAB_ENUM3)
};
enum quirk {
    QUIRKS(VOCAB_QUIRK) QUIRK_COUNT
};
_Static_assert(QUIRK_COUNT <= 64, "quirks are kept as one 64-bit set");

#undef VOCAB_ENUM2
#undef VOCAB_ENUM3
#undef VOCAB_QUIRK

/* The number of a word, without regard to ASCII case; POLICY_OTHER or RESULT_OTHER if
 * unknown. */
enum policy_type policy_type_parse(const char *text);
enum result_type result_type_parse(const char *text);

/* The text of a word; for the _OTHER ones "other". Static. */
const char *policy_type_text(enum policy_type type);
const char *result_type_text(enum result_type type);
const char *tier_text(enum tier tier);
const char *transport_text(enum transport transport);
const char *status_text(enum status status);
const char *quirk_text(enum quirk quirk);
const char *quirk_plain(enum quirk quirk); /* one clause in plain words */

/* The set of quirks of a report. */
typedef uint64_t quirk_set;
#define QUIRK_BIT(q) (UINT64_C(1) << (q))
