/* The primitives that DKIM needs, from GnuTLS. */
#pragma once
#include "collector/dkim/dkim_key.h"

enum {
    DKIM_HASH_BYTES = 32,
    DKIM_MIN_RSA_BITS = 1024, /* RFC 8301 */
    DKIM_GOOD_RSA_BITS = 2048,
    DKIM_MAX_RSA_BITS = 4096, /* what RFC 6376 section 3.3.3 asks of a verifier; more is a
                                 way to make us calculate */
};

struct dkim_hash; /* SHA-256 */

/* NULL when out of memory. */
MUST_USE struct dkim_hash *dkim_hash_new(void);
void dkim_hash_add(void *hash, const void *bytes, size_t n); /* a dkim_sink */
void dkim_hash_free(struct dkim_hash *h, unsigned char digest[DKIM_HASH_BYTES]);

/* Is it the key's signature of that digest? On false `flaw` says why, or is NULL when
 * memory ran out; *bits is the key's size. */
MUST_USE bool dkim_crypto_verify(const struct dkim_key *key,
                                 const unsigned char digest[DKIM_HASH_BYTES],
                                 const unsigned char *signature, size_t len,
                                 unsigned *bits, const char **flaw);
