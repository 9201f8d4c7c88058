/* RFC 6376 section 6.1.1: what a verifier must check before it asks for the key. */
#include "collector/dkim/dkim_header.h"

#include "base/base64.h"
#include "base/count.h"
#include "base/text.h"
#include "collector/dkim/dkim_tags.h"

#include <string.h>
#include <strings.h>

enum {
    SHA256_BYTES = 32,
    MAX_NAME_BYTES = 253,
    MAX_LABEL_BYTES = 63,
    MAX_TIME_DIGITS = 12 /* section 3.5: "no more than 12 digits" are needed */
};

static const char no_memory[] = "out of memory"; /* ours, not the signature's */

/* One check of the list: returns the flaw, or NULL. */
typedef const char *check_fn(struct arena *a, const struct dkim_tags *tags, int64_t now,
                             struct dkim_signature *s);

static bool
is_host_name(const char *name, size_t min_dots)
{
    size_t label = 0, dots = 0, n = strlen(name);

    if (n == 0 || n > MAX_NAME_BYTES)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                      (c == '-' && label > 0);

        if (c == '.' && label > 0 && name[i - 1] != '-') {
            label = 0;
            dots++;
        } else if (!letter || ++label > MAX_LABEL_BYTES) {
            return false;
        }
    }
    return label > 0 && name[n - 1] != '-' && dots >= min_dots;
}

static char *
lower_copy(struct arena *a, const char *text)
{
    char *p = arena_strdup(a, text);

    if (p != NULL)
        text_lower(p);
    return p;
}

static const char *
check_version(struct arena *a, const struct dkim_tags *tags, int64_t now,
              struct dkim_signature *s)
{
    const char *v = dkim_tag_find(tags, "v");

    (void)a;
    (void)now;
    (void)s;
    return v != NULL && strcmp(v, "1") == 0 ? NULL : "v= is not 1";
}

static const char *
check_domain(struct arena *a, const struct dkim_tags *tags, int64_t now,
             struct dkim_signature *s)
{
    const char *d = dkim_tag_find(tags, "d"), *sel = dkim_tag_find(tags, "s");
    char *domain = lower_copy(a, d == NULL ? "" : d);
    char *selector = lower_copy(a, sel == NULL ? "" : sel);

    (void)now;
    if (domain == NULL || selector == NULL)
        return no_memory;
    if (!is_host_name(domain, 1))
        return "d= is no domain";
    s->domain = domain;
    if (!is_host_name(selector, 0))
        return "s= is no selector";
    s->query = arena_printf(a, "%s._domainkey.%s", selector, domain);
    return s->query != NULL && strlen(s->query) > MAX_NAME_BYTES
               ? "s= and d= are too long"
               : NULL;
}

static const char *
check_algorithm(struct arena *a, const struct dkim_tags *tags, int64_t now,
                struct dkim_signature *s)
{
    const char *alg = dkim_tag_find(tags, "a"), *q = dkim_tag_find(tags, "q");

    (void)a;
    (void)now;
    if (q != NULL && !dkim_list_has(q, "dns/txt"))
        return "q= does not offer dns/txt";
    s->algorithm = DKIM_RSA_SHA256;
    if (alg == NULL)
        return "a= is missing";
    if (strcmp(alg, "rsa-sha256") == 0)
        return NULL;
    s->algorithm = DKIM_ED25519_SHA256;
    if (strcmp(alg, "ed25519-sha256") == 0)
        return NULL;
    return strcmp(alg, "rsa-sha1") == 0 ? "rsa-sha1 is not accepted (RFC 8301)"
                                        : "a= is not an algorithm we know";
}

static bool
canon_parse(const char *text, size_t n, enum dkim_canon *out)
{
    *out = n == 7 ? DKIM_RELAXED : DKIM_SIMPLE;
    return (n == 7 && strncmp(text, "relaxed", n) == 0) ||
           (n == 6 && strncmp(text, "simple", n) == 0);
}

static const char *
check_canon(struct arena *a, const struct dkim_tags *tags, int64_t now,
            struct dkim_signature *s)
{
    const char *c = dkim_tag_find(tags, "c"), *slash;
    size_t n;

    (void)a;
    (void)now;
    s->header_canon = s->body_canon = DKIM_SIMPLE;
    if (c == NULL)
        return NULL;
    slash = strchr(c, '/');
    n = slash == NULL ? strlen(c) : (size_t)(slash - c);
    if (!canon_parse(c, n, &s->header_canon) ||
        (slash != NULL && !canon_parse(slash + 1, strlen(slash + 1), &s->body_canon)))
        return "c= is not a canonicalization we know";
    return NULL;
}

/* A signature over a part of the body lets anybody append a report: RFC 8460 section 3
 * forbids l=. */
static const char *
check_body(struct arena *a, const struct dkim_tags *tags, int64_t now,
           struct dkim_signature *s)
{
    const char *bh = dkim_tag_find(tags, "bh"), *b = dkim_tag_find(tags, "b");
    unsigned char *hash, *signature;
    size_t len;

    (void)now;
    s->b_text = b == NULL ? "" : b;
    s->partial = dkim_tag_find(tags, "l") != NULL;
    if (s->partial)
        return "l= leaves a part of the body unsigned (RFC 8460 section 3)";
    if (bh == NULL || b == NULL)
        return bh == NULL ? "bh= is missing" : "b= is missing";
    hash = arena_alloc(a, base64_size(strlen(bh)));
    signature = arena_alloc(a, base64_size(strlen(b)));
    if (hash == NULL || signature == NULL)
        return no_memory;
    s->body_hash = hash;
    s->signature = signature;
    if (!base64_strict(bh, strlen(bh), hash, &len) || len != SHA256_BYTES)
        return "bh= is no SHA-256 hash";
    return base64_strict(b, strlen(b), signature, &s->signature_len)
               ? NULL
               : "b= is no signature";
}

static bool
seconds_parse(const char *text, int64_t *out)
{
    size_t n = strlen(text);

    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return n > 0;
}

static const char *
check_times(struct arena *a, const struct dkim_tags *tags, int64_t now,
            struct dkim_signature *s)
{
    const char *t = dkim_tag_find(tags, "t"), *x = dkim_tag_find(tags, "x");
    int64_t signed_at = 0, expires;

    (void)a;
    (void)s;
    if ((t != NULL && strlen(t) > MAX_TIME_DIGITS) ||
        (x != NULL && strlen(x) > MAX_TIME_DIGITS))
        return "t= or x= is out of range";
    if (t != NULL && !seconds_parse(t, &signed_at))
        return "t= is no time";
    if (t != NULL && signed_at > now + DKIM_CLOCK_SLACK_S)
        return "t= is in the future";
    if (x == NULL)
        return NULL;
    if (!seconds_parse(x, &expires) || (t != NULL && expires <= signed_at))
        return "x= is no time after t=";
    return expires < now - DKIM_CLOCK_SLACK_S ? "expired (x=)" : NULL;
}

static const char *
check_identity(struct arena *a, const struct dkim_tags *tags, int64_t now,
               struct dkim_signature *s)
{
    const char *i = dkim_tag_find(tags, "i"), *at;
    size_t host, domain = strlen(s->domain);

    (void)a;
    (void)now;
    if (i == NULL)
        return NULL;
    at = strrchr(i, '@');
    if (at == NULL)
        return "i= has no @";
    host = strlen(++at);
    if (host < domain || strcasecmp(at + host - domain, s->domain) != 0)
        return "i= is not within d=";
    if (host > domain && at[host - domain - 1] != '.')
        return "i= is not within d=";
    s->subdomain_identity = host > domain;
    return NULL;
}

static const char *
check_names(struct arena *a, const struct dkim_tags *tags, int64_t now,
            struct dkim_signature *s)
{
    const char *h = dkim_tag_find(tags, "h");
    char *list = lower_copy(a, h == NULL ? "" : h), *name;

    (void)now;
    s->names = arena_array(a, DKIM_MAX_SIGNED, sizeof *s->names);
    if (list == NULL || s->names == NULL)
        return no_memory;
    while ((name = strsep(&list, ":")) != NULL) {
        size_t n;

        name += strspn(name, " \t\r\n");
        n = strlen(name);
        while (n > 0 && strchr(" \t\r\n", name[n - 1]) != NULL)
            name[--n] = '\0';
        if (n == 0)
            return "h= is missing or has an empty name";
        if (s->name_count == DKIM_MAX_SIGNED)
            return "h= names too many fields";
        s->names[s->name_count++] = name;
    }
    return dkim_header_signs(s, "from") == 0 ? "From is not signed" : NULL;
}

bool
dkim_header_parse(struct arena *a, const struct message_field *f, int64_t now,
                  struct dkim_signature *out, struct err *e)
{
    /* The domain first, so that whatever else is wrong can be told with a name. */
    static check_fn *const checks[] = {
        check_domain, check_version,  check_algorithm, check_canon,
        check_body,   check_identity, check_names,     check_times,
    };
    struct dkim_tags tags;

    *out = (struct dkim_signature){.field = f, .domain = ""};
    if (!dkim_tags_parse(a, f->value, f->value_len, &tags, e))
        return false;
    out->flaw = tags.flaw;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        const char *flaw = checks[i](a, &tags, now, out);

        if (flaw == no_memory)
            return err_nomem(e);
        if (out->flaw == NULL)
            out->flaw = flaw;
    }
    for (size_t i = 0; i < tags.count; i++) {
        if (strcmp(tags.tags[i].name, "b") == 0) {
            out->b_at = tags.tags[i].at;
            out->b_end = tags.tags[i].end;
        }
    }
    return true;
}

size_t
dkim_header_signs(const struct dkim_signature *s, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < s->name_count; i++)
        n += strcasecmp(s->names[i], name) == 0;
    return n;
}
