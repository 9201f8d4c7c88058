/* RFC 6376 section 6.1. What costs is done last: a flaw of the field or of what it covers
 * is found before any hash is made. */
#include "collector/dkim/dkim.h"

#include "base/count.h"
#include "collector/dkim/dkim_cover.h"
#include "collector/dkim/dkim_crypto.h"
#include "schema/report/sender.h"

#include <string.h>

/* Smaller ranks are tried earlier. */
static void
insert(struct dkim_plan *p, int ranks[], const struct dkim_signature *s, int r)
{
    size_t i = p->count;

    while (i > 0 && ranks[i - 1] > r)
        i--;
    if (i == DKIM_MAX_TRIED)
        return;
    if (p->count < DKIM_MAX_TRIED)
        p->count++;
    for (size_t j = p->count - 1; j > i; j--) {
        p->tried[j] = p->tried[j - 1];
        ranks[j] = ranks[j - 1];
    }
    p->tried[i] = *s;
    ranks[i] = r;
}

bool
dkim_plan_make(struct arena *a, const struct message *m, const char *from_domain,
               int64_t now, struct dkim_plan *out, struct err *e)
{
    const char *from = sender_registered(a, from_domain);
    int ranks[DKIM_MAX_TRIED] = {0};
    struct dkim_signature s;

    *out = (struct dkim_plan){0};
    if (from == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < m->field_count; i++) {
        const char *signer;

        if (!message_field_is(&m->fields[i], "DKIM-Signature"))
            continue;
        out->signature_count++;
        if (!dkim_header_parse(a, &m->fields[i], now, &s, e))
            return false;
        if ((signer = sender_registered(a, s.domain)) == NULL)
            return err_nomem(e);
        insert(out, ranks, &s,
               (s.flaw != NULL ? 2 : 0) + (strcmp(signer, from) == 0 ? 0 : 1));
    }
    return true;
}

static bool
body_matches(const struct message *m, const struct dkim_signature *s, struct err *e)
{
    struct dkim_hash *h = dkim_hash_new();
    unsigned char digest[DKIM_HASH_BYTES];

    if (h == NULL)
        return err_nomem(e);
    dkim_canon_body(s->body_canon, m->body, m->body_len, dkim_hash_add, h);
    dkim_hash_free(h, digest);
    return memcmp(digest, s->body_hash, sizeof digest) == 0;
}

/* Section 5.4.2: a name given several times in h= takes fields from the bottom up; a name
 * without a field (any more) adds nothing. */
static const struct message_field *
select_field(const struct message *m, const struct dkim_signature *s, size_t which)
{
    size_t skip = 0;

    for (size_t i = 0; i < which; i++)
        skip += strcmp(s->names[i], s->names[which]) == 0;
    for (size_t i = m->field_count; i > 0; i--) {
        if (message_field_is(&m->fields[i - 1], s->names[which]) && skip-- == 0)
            return &m->fields[i - 1];
    }
    return NULL;
}

static bool
header_digest(const struct message *m, const struct dkim_signature *s,
              unsigned char digest[DKIM_HASH_BYTES], struct err *e)
{
    struct dkim_hash *h = dkim_hash_new();

    if (h == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < s->name_count; i++) {
        const struct message_field *f = select_field(m, s, i);

        if (f != NULL)
            dkim_canon_field(s->header_canon, f, dkim_hash_add, h);
    }
    dkim_canon_signature(s->header_canon, s->field, s->b_at, s->b_end, dkim_hash_add, h);
    dkim_hash_free(h, digest);
    return true;
}

/* The one usable record among the answers: there are TXT records of other purposes under
 * a wildcard, but two keys under one name are undefined (section 3.6.2.2), so refused. */
static bool
find_key(struct arena *a, const struct dns_answer *keys, bool strict,
         struct dkim_key *out, struct err *e)
{
    struct dkim_key key;
    size_t usable = 0;

    *out = (struct dkim_key){.note = "", .flaw = "no key record"};
    for (size_t i = 0; i < keys->count; i++) {
        if (!dkim_key_parse(a, keys->values[i].bytes, keys->values[i].len, strict, &key,
                            e))
            return false;
        usable += key.flaw == NULL;
        if (key.flaw == NULL || i == 0)
            *out = key;
    }
    if (usable > 1)
        out->flaw = "several keys under one name";
    return true;
}

/* NULL when out of memory. */
static const char *
pass_note(struct arena *a, const struct message *m, const struct dkim_signature *s,
          const struct dkim_key *key, unsigned bits)
{
    bool weak = key->algorithm == DKIM_RSA_SHA256 && bits < DKIM_GOOD_RSA_BITS;
    const char *notes[] = {weak ? "key has less than 2048 bits" : "", key->note,
                           key->testing ? "key is in test mode (t=y)" : "",
                           dkim_cover_note(a, m, s)};
    const char *all = "";

    for (size_t i = 0; all != NULL && i < COUNT_OF(notes); i++) {
        if (notes[i] == NULL)
            return NULL;
        if (*notes[i] != '\0')
            all = arena_printf(a, "%s%s%s", all, *all == '\0' ? "" : ", ", notes[i]);
    }
    return all;
}

/* With a usable key. Sets out->reason, false only when out of memory. */
static bool
verify_with_key(const struct dkim_check *c, const struct dkim_signature *s,
                const struct dkim_key *key, struct dkim_result *out, struct err *e)
{
    unsigned char digest[DKIM_HASH_BYTES];
    const char *flaw;
    unsigned bits;

    if (key->algorithm != s->algorithm) {
        out->reason = "key is of another type than a=";
        return true;
    }
    if (key->exact_identity && s->subdomain_identity) {
        out->reason = "i= is below d=, which the key forbids (t=s)";
        return true;
    }
    if (!header_digest(c->message, s, digest, e))
        return false;
    if (!dkim_crypto_verify(key, digest, s->signature, s->signature_len, &bits, &flaw)) {
        out->reason = flaw;
        return flaw != NULL || err_nomem(e);
    }
    out->status = DKIM_PASS;
    out->note = pass_note(c->arena, c->message, s, key, bits);
    return out->note != NULL || err_nomem(e);
}

/* What DNS said, as far as it decides already; NULL when there are records to read. */
static const char *
answer_flaw(const struct dns_answer *keys, enum dkim_status *status)
{
    *status = DKIM_FAIL;
    switch (keys == NULL ? DNS_FAILED : keys->status) {
    case DNS_FOUND:
        return NULL;
    case DNS_NONE:
        return "no key in DNS";
    case DNS_TOO_BIG:
        return "key record is too big";
    case DNS_INVALID:
        return "key's name cannot be asked for";
    case DNS_FAILED:
        break;
    }
    *status = DKIM_AGAIN;
    return "no answer from DNS for the key";
}

bool
dkim_verify(const struct dkim_check *c, const struct dkim_signature *s,
            const struct dns_answer *keys, struct dkim_result *out, struct err *e)
{
    struct dkim_key key;
    struct err hashing = {0};

    *out = (struct dkim_result){.status = DKIM_FAIL, .reason = "", .note = ""};
    out->reason = s->flaw != NULL ? s->flaw : dkim_cover_flaw(c->message, s, c->framed);
    if (out->reason != NULL)
        return true;
    out->reason = answer_flaw(keys, &out->status);
    if (out->reason != NULL)
        return true;
    if (!find_key(c->arena, keys, c->strict, &key, e))
        return false;
    out->reason = key.flaw;
    if (out->reason != NULL)
        return true;
    out->reason = "";
    if (!body_matches(c->message, s, &hashing)) {
        out->reason = "body was changed (bh=)";
        return hashing.kind == ERR_NONE || err_nomem(e);
    }
    return verify_with_key(c, s, &key, out, e);
}
