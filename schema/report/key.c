/* Each field goes in with its length before it, so that no two different reports write
 * the same bytes. */
#include "schema/report/key.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_BYTES = 8,
    TEXT_FIELDS = 4,
    NUMBER_FIELDS = 2,
};

/* Everything that the decoder lets through fits whole; a longer text still counts with
 * its true length. */
struct writer {
    unsigned char bytes[TEXT_FIELDS * (NUMBER_BYTES + REPORT_MAX_STRING_BYTES) +
                        NUMBER_FIELDS * (2 * NUMBER_BYTES)];
    size_t len;
};

static void
put_number(struct writer *w, uint64_t n)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        w->bytes[w->len++] = (unsigned char)(n >> shift);
}

static void
put_text(struct writer *w, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);
    size_t copied = n < REPORT_MAX_STRING_BYTES ? n : REPORT_MAX_STRING_BYTES;

    put_number(w, n);
    if (copied > 0)
        memcpy(w->bytes + w->len, text, copied);
    w->len += copied;
}

static void
put_instant(struct writer *w, int64_t instant)
{
    put_number(w, NUMBER_BYTES);
    put_number(w, (uint64_t)instant);
}

struct key
key_of_bytes(const void *bytes, size_t n)
{
    struct key k;

    /* It allocates nothing, and knows SHA-256: only our own mistake can fail it. */
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, n, k.bytes) < 0)
        abort();
    return k;
}

struct key
key_of_report(const struct report *r)
{
    struct writer w;

    w.len = 0;
    put_text(&w, r->sender);
    put_text(&w, r->organization);
    put_text(&w, r->contact_info);
    put_text(&w, r->report_id);
    put_instant(&w, r->start);
    put_instant(&w, r->end);
    return key_of_bytes(w.bytes, w.len);
}
