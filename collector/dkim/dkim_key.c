/* The service type s= decides little in practice: nearly nobody sets it, and a record
 * without it serves all. opendkim refuses the very "s=tlsrpt" that RFC 8460 recommends.
 */
#include "collector/dkim/dkim_key.h"

#include "base/base64.h"
#include "collector/dkim/dkim_tags.h"

#include <string.h>

static const char *
check_version(const struct dkim_tags *tags)
{
    const char *v = dkim_tag_find(tags, "v");

    if (v == NULL)
        return NULL;
    if (strcmp(v, "DKIM1") != 0)
        return "key is of an unknown version";
    return strcmp(tags->tags[0].name, "v") == 0 ? NULL
                                                : "v= is not first in the key record";
}

static const char *
check_service(const struct dkim_tags *tags, bool strict, struct dkim_key *key)
{
    const char *s = dkim_tag_find(tags, "s");

    if (s == NULL || dkim_list_has(s, "*") || dkim_list_has(s, "tlsrpt"))
        return NULL;
    if (!dkim_list_has(s, "email"))
        return "key is for another service (s=)";
    if (strict)
        return "key is for email only (s=) and tlsrpt is demanded";
    key->note = "key is for email only";
    return NULL;
}

static const char *
check_flags(const struct dkim_tags *tags, struct dkim_key *key)
{
    const char *t = dkim_tag_find(tags, "t"), *h = dkim_tag_find(tags, "h");

    if (h != NULL && !dkim_list_has(h, "sha256"))
        return "key does not allow sha256 (h=)";
    if (t == NULL)
        return NULL;
    key->exact_identity = dkim_list_has(t, "s");
    /* Section 3.6.1 wants mail of a signer in test mode treated as if it were unsigned,
     * so that nobody suffers from trying. To the letter that would ignore every report of
     * those who forgot to take t=y out again. A signature that matches proves no less by
     * such a key, and mail servers say dkim=pass to it: so it counts, and is noted. One
     * that does not match leaves the mail unsigned, as with any key. */
    key->testing = dkim_list_has(t, "y");
    return NULL;
}

static const char *
check_type(const struct dkim_tags *tags, struct dkim_key *key)
{
    const char *k = dkim_tag_find(tags, "k");

    key->algorithm = DKIM_RSA_SHA256;
    if (k == NULL || strcmp(k, "rsa") == 0)
        return NULL;
    key->algorithm = DKIM_ED25519_SHA256;
    return strcmp(k, "ed25519") == 0 ? NULL : "key is of an unknown type (k=)";
}

static const char *
check_key(struct arena *a, const struct dkim_tags *tags, struct dkim_key *key,
          bool *nomem)
{
    const char *p = dkim_tag_find(tags, "p");
    unsigned char *bytes;

    if (p == NULL)
        return "no key in the record (p=)";
    if (*p == '\0')
        return "key is revoked";
    bytes = arena_alloc(a, base64_size(strlen(p)));
    *nomem = bytes == NULL;
    if (bytes == NULL || !base64_strict(p, strlen(p), bytes, &key->len))
        return "key is not base64";
    key->bytes = bytes;
    return NULL;
}

bool
dkim_key_parse(struct arena *a, const char *text, size_t n, bool strict,
               struct dkim_key *out, struct err *e)
{
    struct dkim_tags tags;
    bool nomem = false;

    *out = (struct dkim_key){.note = ""};
    if (!dkim_tags_parse(a, text, n, &tags, e))
        return false;
    out->flaw = tags.flaw != NULL ? "no key record" : check_version(&tags);
    if (out->flaw == NULL)
        out->flaw = check_key(a, &tags, out, &nomem);
    if (out->flaw == NULL)
        out->flaw = check_type(&tags, out);
    if (out->flaw == NULL)
        out->flaw = check_service(&tags, strict, out);
    if (out->flaw == NULL)
        out->flaw = check_flags(&tags, out);
    return nomem ? err_nomem(e) : true;
}
