/* The identity of a report, and of what it says. Report-ids alone collide between senders
 * and between one sender's domains, so the identity is a SHA-256 over sender,
 * organization-name, contact-info, report-id, start, end and the policy domains, each
 * with its length before it. Pure. */
#pragma once
#include "schema/report/report.h"

enum {
    KEY_BYTES = 32,
    KEY_KEPT_BYTES = 16, /* of them, in the database: no two reports meet by chance */
};

struct key {
    unsigned char bytes[KEY_BYTES];
};

/* Both need r->sender and all the policies that the report came with. Reports of one
 * content are one report, whatever they were wrapped in; of one identity and another
 * content they contradict each other. */
struct key key_of_report(const struct report *r);
struct key key_of_content(const struct report *r);

/* The identity of what only a network, or the domain d= of a signature, claims. */
struct key key_of_claim(const struct key *report, const char *source);

/* SHA-256 of bytes. */
struct key key_of_bytes(const void *bytes, size_t n);
