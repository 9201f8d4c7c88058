/* A mail as RFC 5322 frames it: header fields and a body. Signatures, hints and the MIME
 * parser all read the fields from here, so that no two of them can see different ones.
 * Points into the bytes of the mail and copies nothing. Pure. */
#pragma once
#include "base/arena.h"

#include <stddef.h>

struct message_field {
    const char *name; /* not NUL-terminated */
    size_t name_len;
    const char *value; /* after the colon, folds included, without the final line end */
    size_t value_len;
};

struct message {
    struct message_field *fields; /* topmost first */
    size_t field_count;
    const char *body;
    size_t body_len;
    bool
        malformed; /* a header line that is no field was skipped: nothing signed counts */
};

/* A first line "From " (mbox) is skipped; lines end in CRLF or LF. The mail must have
 * passed mail_limits_check(). False only when out of memory. */
MUST_USE bool message_parse(struct arena *a, const char *bytes, size_t n,
                            struct message *out, struct err *e);

bool message_field_is(const struct message_field *f, const char *name);

/* The topmost field of that name; NULL if none. */
const struct message_field *message_find(const struct message *m, const char *name);
size_t message_count(const struct message *m, const char *name);

/* A field's value unfolded, trimmed; NULL when out of memory. */
MUST_USE char *message_text(struct arena *a, const struct message_field *f);

/* The next line of [*at, end) without its line end, and *at behind it. False at the end.
 */
bool message_line(const char **at, const char *end, const char **line, size_t *len);
