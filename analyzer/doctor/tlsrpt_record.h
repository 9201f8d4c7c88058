/* The TXT record that asks for reports, read as a strict sender reads it (RFC 8460
 * section 3). Pure. */
#pragma once
#include "analyzer/doctor/complaint.h"
#include "base/dns_answer.h"

enum {
    TLSRPT_MAX_URIS = 16, /* of one record; the rest is passed over */
    TLSRPT_URI_SIZE = 1024,
    TLSRPT_MIN_TTL_S = 3600,
    TLSRPT_MAX_BYTES = 1100, /* more does not fit into one UDP answer of 1232 bytes */
};

struct tlsrpt_uri {
    bool https; /* else mailto */
    char text[TLSRPT_URI_SIZE];
    char host[256];   /* of https: without brackets; of mailto: the address's domain */
    const char *path; /* of https, into text; "" or "/..." with its query */
    unsigned port;    /* of https */
};

struct tlsrpt_record {
    struct tlsrpt_uri uris[TLSRPT_MAX_URIS]; /* those that can be used */
    size_t uri_count;
};

/* Judges the answer, which is DNS_FOUND, for the name `subject`. */
void tlsrpt_record_read(const struct dns_answer *answer, const char *subject,
                        struct tlsrpt_record *out, struct complaints *said);

/* Reads one URI, complaining of `subject` where it cannot be used. */
MUST_USE bool tlsrpt_uri_read(const char *text, size_t n, const char *subject,
                              struct tlsrpt_uri *out, struct complaints *said);
