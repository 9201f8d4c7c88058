/* Each field goes in with its length before it, so that no two different reports write
 * the same bytes. What is too much for one hash is hashed in pieces, each of which begins
 * with the hash of those before it. */
#include "schema/report/key.h"

#include "base/count.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 16384,
};

struct writer {
    size_t len;
    unsigned char bytes[PIECE_BYTES];
};

struct key
key_of_bytes(const void *bytes, size_t n)
{
    struct key k;

    /* It allocates nothing, and knows SHA-256: only our own mistake can fail it. */
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, n, k.bytes) < 0)
        abort();
    return k;
}

static void
put(struct writer *w, const void *bytes, size_t n)
{
    while (n > 0) {
        size_t room = sizeof w->bytes - w->len, part = n < room ? n : room;

        if (part == 0) {
            struct key before = key_of_bytes(w->bytes, w->len);

            memcpy(w->bytes, before.bytes, sizeof before.bytes);
            w->len = sizeof before.bytes;
            continue;
        }
        memcpy(w->bytes + w->len, bytes, part);
        w->len += part;
        bytes = (const char *)bytes + part;
        n -= part;
    }
}

static void
put_number(struct writer *w, uint64_t n)
{
    unsigned char bytes[8];

    for (size_t i = sizeof bytes; i > 0; n >>= 8)
        bytes[--i] = (unsigned char)n;
    put(w, bytes, sizeof bytes);
}

/* None is another than an empty one. */
static void
put_text(struct writer *w, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);

    put_number(w, text == NULL ? UINT64_MAX : n);
    put(w, text, n);
}

static void
put_texts(struct writer *w, const char *const *texts, size_t n)
{
    put_number(w, n);
    for (size_t i = 0; i < n; i++)
        put_text(w, texts[i]);
}

static void
put_head(struct writer *w, const struct report *r)
{
    put_text(w, r->sender);
    put_text(w, r->organization);
    put_text(w, r->contact_info);
    put_text(w, r->report_id);
    put_number(w, (uint64_t)r->start);
    put_number(w, (uint64_t)r->end);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct key
key_of_report(const struct report *r)
{
    const char *domains[REPORT_MAX_POLICIES];
    struct writer w;
    size_t n = 0;

    w.len = 0;
    put_head(&w, r);
    for (size_t i = 0; i < r->policy_count && n < REPORT_MAX_POLICIES; i++) {
        if (r->policies[i].domain != NULL)
            domains[n++] = r->policies[i].domain;
    }
    qsort(domains, n, sizeof *domains, compare);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(domains[i], domains[i - 1]) != 0)
            put_text(&w, domains[i]);
    }
    return key_of_bytes(w.bytes, w.len);
}

struct key
key_of_content(const struct report *r)
{
    struct writer w;

    w.len = 0;
    put_head(&w, r);
    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];

        put_text(&w, p->type_text);
        put_text(&w, p->domain);
        put_texts(&w, p->policy_string, p->policy_string_count);
        put_texts(&w, p->mx_host, p->mx_host_count);
        put_number(&w, (uint64_t)p->successful_sessions);
        put_number(&w, (uint64_t)p->failed_sessions);
        put_number(&w, p->detail_count);
        for (size_t k = 0; k < p->detail_count; k++) {
            const struct failure_detail *f = &p->details[k];
            const char *const texts[] = {
                f->result_type_text,   f->sending_mta_ip, f->receiving_mx_hostname,
                f->receiving_mx_helo,  f->receiving_ip,   f->additional_information,
                f->failure_reason_code};

            put_texts(&w, texts, COUNT_OF(texts));
            put_number(&w, (uint64_t)f->failed_sessions);
        }
    }
    return key_of_bytes(w.bytes, w.len);
}

struct key
key_of_claim(const struct key *report, const char *source)
{
    struct writer w;

    w.len = 0;
    put(&w, report->bytes, KEY_BYTES);
    put_text(&w, source);
    return key_of_bytes(w.bytes, w.len);
}
