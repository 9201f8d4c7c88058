/* A pair is loaded whole, checked (the key must be that of the certificate) and then
 * swapped in by one pointer, so a handshake sees the old pair or the new one. */
#include "collector/http/http_tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_CHAIN = 16,
    GRACE_S = 3600 + 60, /* beyond the longest handshake_s */
};

struct pair {
    struct pair *older;
    int64_t replaced; /* when */
    int64_t expires;
    gnutls_pcert_st chain[MAX_CHAIN];
    unsigned chain_length;
    gnutls_privkey_t key;
};

static _Atomic(struct pair *) current;
static const char *certificate_path, *key_path;
static struct stat certificate_seen, key_seen;

static void
pair_free(struct pair *p)
{
    for (unsigned i = 0; i < p->chain_length; i++)
        gnutls_pcert_deinit(&p->chain[i]);
    if (p->key != NULL)
        gnutls_privkey_deinit(p->key);
    free(p);
}

/* GnuTLS compares certificate and key only when they are put into credentials. */
static int
check_match(const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
    gnutls_certificate_credentials_t credentials = NULL;
    int error = gnutls_certificate_allocate_credentials(&credentials);

    if (error < 0)
        return error;
    error = gnutls_certificate_set_x509_key_mem(credentials, certificate, key,
                                                GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    return error;
}

static int
read_expiry(const gnutls_datum_t *der, int64_t *out)
{
    gnutls_x509_crt_t leaf;
    int error = gnutls_x509_crt_init(&leaf);

    if (error < 0)
        return error;
    error = gnutls_x509_crt_import(leaf, der, GNUTLS_X509_FMT_DER);
    if (error >= 0)
        *out = (int64_t)gnutls_x509_crt_get_expiration_time(leaf);
    gnutls_x509_crt_deinit(leaf);
    return error;
}

static int
import(struct pair *p, const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
    unsigned length = MAX_CHAIN;
    int error = check_match(certificate, key);

    if (error < 0)
        return error;
    error = gnutls_pcert_list_import_x509_raw(p->chain, &length, certificate,
                                              GNUTLS_X509_FMT_PEM, 0);
    if (error < 0)
        return error;
    p->chain_length = length;
    if ((error = read_expiry(&p->chain[0].cert, &p->expires)) < 0)
        return error;
    if ((error = gnutls_privkey_init(&p->key)) < 0)
        return error;
    return gnutls_privkey_import_x509_raw(p->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static int
load(const char *path, gnutls_datum_t *out, struct err *e)
{
    int error = gnutls_load_file(path, out);

    if (error == GNUTLS_E_FILE_ERROR)
        (void)err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerrordesc_np(errno));
    return error;
}

static struct pair *
read_pair(struct err *e)
{
    gnutls_datum_t certificate = {0}, key = {0};
    struct pair *p = calloc(1, sizeof *p);
    int error;

    if (p == NULL) {
        (void)err_nomem(e);
        return NULL;
    }
    error = load(certificate_path, &certificate, e);
    if (error >= 0)
        error = load(key_path, &key, e);
    if (error >= 0)
        error = import(p, &certificate, &key);
    gnutls_free(certificate.data);
    if (key.data != NULL)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    if (error >= 0)
        return p;
    pair_free(p);
    (void)err_set(e, ERR_CONFIG, "cannot use certificate %s with key %s: %s",
                  certificate_path, key_path, gnutls_strerror(error));
    return NULL;
}

static void
free_older(struct pair *p, int64_t now)
{
    while (p->older != NULL) {
        struct pair *older = p->older;

        if (older->replaced + GRACE_S > now) {
            p = older;
            continue;
        }
        p->older = older->older;
        pair_free(older);
    }
}

bool
http_tls_load(const char *certificate, const char *key, int64_t now, struct err *e)
{
    struct pair *p, *old = atomic_load(&current);

    certificate_path = certificate;
    key_path = key;
    (void)stat(certificate, &certificate_seen);
    (void)stat(key, &key_seen);
    if ((p = read_pair(e)) == NULL)
        return false;
    p->older = old;
    if (old != NULL)
        old->replaced = now;
    atomic_store(&current, p);
    free_older(p, now);
    return true;
}

static bool
differs(const char *path, const struct stat *seen)
{
    struct stat st;

    return stat(path, &st) == 0 &&
           (st.st_ino != seen->st_ino || st.st_dev != seen->st_dev ||
            st.st_size != seen->st_size || st.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
            st.st_mtim.tv_nsec != seen->st_mtim.tv_nsec);
}

bool
http_tls_changed(void)
{
    return certificate_path != NULL &&
           (differs(certificate_path, &certificate_seen) || differs(key_path, &key_seen));
}

int64_t
http_tls_expires(void)
{
    const struct pair *p = atomic_load(&current);

    return p == NULL ? 0 : p->expires;
}

static int
retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
         const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
         gnutls_pcert_st **chain, unsigned *length, gnutls_privkey_t *key)
{
    struct pair *p = atomic_load(&current);

    (void)session;
    (void)authorities;
    (void)count;
    (void)algorithms;
    (void)algorithm_count;
    *chain = p->chain;
    *length = p->chain_length;
    *key = p->key;
    return 0;
}

void *
http_tls_callback(void)
{
    union {
        gnutls_certificate_retrieve_function2 *function;
        void *pointer;
    } callback = {.function = retrieve};

    return callback.pointer;
}

void
http_tls_send(void *session, const char *text, size_t n)
{
    (void)gnutls_record_send(session, text, n);
}

void
http_tls_free(void)
{
    struct pair *p = atomic_exchange(&current, NULL), *older;

    for (; p != NULL; p = older) {
        older = p->older;
        pair_free(p);
    }
}
