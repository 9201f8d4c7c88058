/* The two canonical forms of RFC 6376 section 3.4, written to a sink piece by piece. Bare
 * line feeds are read as CRLF, for files lose the CR. Pure. */
#pragma once
#include "collector/mail/message.h"

enum dkim_canon {
    DKIM_SIMPLE,
    DKIM_RELAXED,
};

typedef void dkim_sink(void *ctx, const void *bytes, size_t n);

/* One header field, with CRLF at its end. */
void dkim_canon_field(enum dkim_canon c, const struct message_field *f, dkim_sink *sink,
                      void *ctx);

/* The signature's own field: without the value in [b_at, b_end) of f->value and without
 * CRLF at the end (section 3.7). */
void dkim_canon_signature(enum dkim_canon c, const struct message_field *f, size_t b_at,
                          size_t b_end, dkim_sink *sink, void *ctx);

void dkim_canon_body(enum dkim_canon c, const char *body, size_t n, dkim_sink *sink,
                     void *ctx);
