/* The identity of a report. Report-ids alone collide between senders, so it is a SHA-256
 * over sender, organization-name, contact-info, report-id, start and end, each with its
 * length before it. Pure. */
#pragma once
#include "schema/report/report.h"

enum {
    KEY_BYTES = 32,
    KEY_KEPT_BYTES = 16, /* of them, in the database: no two reports meet by chance */
};

struct key {
    unsigned char bytes[KEY_BYTES];
};

/* Needs r->sender. */
struct key key_of_report(const struct report *r);

/* SHA-256 of bytes. */
struct key key_of_bytes(const void *bytes, size_t n);
