/* GnuTLS verifies keys of 512 bits when asked to, and knows the SubjectPublicKeyInfo form
 * of an RSA key only, while RFC 6376 allowed the bare RSAPublicKey too (RFC 8017 A.1.1).
 */
#include "collector/dkim/dkim_crypto.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

enum {
    ED25519_KEY_BYTES = 32,
    DER_SEQUENCE = 0x30,
    DER_INTEGER = 0x02
};

struct der {
    const unsigned char *at, *end;
};

struct dkim_hash *
dkim_hash_new(void)
{
    gnutls_hash_hd_t h;

    return gnutls_hash_init(&h, GNUTLS_DIG_SHA256) == 0 ? (struct dkim_hash *)h : NULL;
}

void
dkim_hash_add(void *hash, const void *bytes, size_t n)
{
    (void)gnutls_hash((gnutls_hash_hd_t)hash, bytes, n);
}

void
dkim_hash_free(struct dkim_hash *h, unsigned char digest[DKIM_HASH_BYTES])
{
    gnutls_hash_deinit((gnutls_hash_hd_t)h, digest);
}

/* Steps into the next element if it has that tag: `inside` is its content. */
static bool
der_next(struct der *d, unsigned char tag, struct der *inside)
{
    size_t len, octets;

    if (d->end - d->at < 2 || *d->at != tag)
        return false;
    len = d->at[1];
    d->at += 2;
    if (len >= 0x80) {
        octets = len & 0x7F;
        if (octets == 0 || octets > 2 || (size_t)(d->end - d->at) < octets)
            return false;
        for (len = 0; octets > 0; octets--)
            len = len << 8 | *d->at++;
    }
    if ((size_t)(d->end - d->at) < len)
        return false;
    *inside = (struct der){d->at, d->at + len};
    d->at += len;
    return true;
}

static gnutls_datum_t
datum(const unsigned char *bytes, size_t n)
{
    /* GnuTLS takes its inputs without const. */
    union {
        const unsigned char *in;
        unsigned char *out;
    } p = {bytes};

    return (gnutls_datum_t){p.out, (unsigned)n};
}

static bool
import_bare_rsa(gnutls_pubkey_t out, const struct dkim_key *key)
{
    struct der all = {key->bytes, key->bytes + key->len}, sequence, modulus, exponent;
    gnutls_datum_t m, e;

    if (!der_next(&all, DER_SEQUENCE, &sequence) ||
        !der_next(&sequence, DER_INTEGER, &modulus) ||
        !der_next(&sequence, DER_INTEGER, &exponent) || modulus.at == modulus.end ||
        exponent.at == exponent.end || sequence.at != sequence.end || all.at != all.end)
        return false;
    m = datum(modulus.at, (size_t)(modulus.end - modulus.at));
    e = datum(exponent.at, (size_t)(exponent.end - exponent.at));
    return gnutls_pubkey_import_rsa_raw(out, &m, &e) == 0;
}

static const char *
verify_rsa(gnutls_pubkey_t k, const struct dkim_key *key, const gnutls_datum_t *digest,
           const gnutls_datum_t *signature, unsigned *bits)
{
    gnutls_datum_t spki = datum(key->bytes, key->len);

    if (gnutls_pubkey_import(k, &spki, GNUTLS_X509_FMT_DER) != 0 &&
        !import_bare_rsa(k, key))
        return "key cannot be read";
    if (gnutls_pubkey_get_pk_algorithm(k, bits) != GNUTLS_PK_RSA)
        return "key is not the RSA key that k= promises";
    if (*bits < DKIM_MIN_RSA_BITS)
        return "key has less than 1024 bits (RFC 8301)";
    if (*bits > DKIM_MAX_RSA_BITS)
        return "key has more than 4096 bits";
    return gnutls_pubkey_verify_hash2(k, GNUTLS_SIGN_RSA_SHA256, 0, digest, signature) >=
                   0
               ? NULL
               : "signature does not match";
}

/* RFC 8463 section 3: Ed25519 signs the SHA-256 digest as its message. */
static const char *
verify_ed25519(gnutls_pubkey_t k, const struct dkim_key *key,
               const gnutls_datum_t *digest, const gnutls_datum_t *signature,
               unsigned *bits)
{
    gnutls_datum_t raw = datum(key->bytes, key->len);

    if (key->len != ED25519_KEY_BYTES ||
        gnutls_pubkey_import_ecc_raw(k, GNUTLS_ECC_CURVE_ED25519, &raw, NULL) != 0)
        return "key cannot be read";
    *bits = 8 * ED25519_KEY_BYTES;
    return gnutls_pubkey_verify_data2(k, GNUTLS_SIGN_EDDSA_ED25519, 0, digest,
                                      signature) >= 0
               ? NULL
               : "signature does not match";
}

bool
dkim_crypto_verify(const struct dkim_key *key,
                   const unsigned char digest[DKIM_HASH_BYTES],
                   const unsigned char *signature, size_t len, unsigned *bits,
                   const char **flaw)
{
    gnutls_datum_t hash = datum(digest, DKIM_HASH_BYTES), sig = datum(signature, len);
    gnutls_pubkey_t k;

    *bits = 0;
    *flaw = NULL;
    if (gnutls_pubkey_init(&k) != 0)
        return false;
    *flaw = key->algorithm == DKIM_RSA_SHA256 ? verify_rsa(k, key, &hash, &sig, bits)
                                              : verify_ed25519(k, key, &hash, &sig, bits);
    gnutls_pubkey_deinit(k);
    return *flaw == NULL;
}
