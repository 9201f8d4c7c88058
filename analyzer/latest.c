/* See latest.h. An answer is counted by those who hold it; the newest by the thread, too.
 */
#include "analyzer/latest.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RETRY_S = 5,      /* after a failure */
    FIRST_WAIT_S = 8, /* for the first answer: nobody looks at an empty page for longer */
};

struct answer {
    size_t holders;
    int64_t as_of;
    struct findings findings;
};

struct latest {
    const struct settings *settings;
    char *uri;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool stopping, tried;  /* tried: once at least, with or without success */
    struct answer *newest; /* NULL: none yet */
    struct err error;      /* of the last attempt */
};

/* What one holder has. */
struct hold {
    struct latest *latest;
    struct answer *answer; /* NULL: none yet */
    char error[sizeof(struct err)];
};

/* The lock is held, unless nobody else is left. */
static void
let_go(struct answer *a)
{
    if (a == NULL || --a->holders > 0)
        return;
    findings_clear(&a->findings);
    free(a);
}

/* ---- the thread ------------------------------------------------------------------- */

static bool
make(struct latest *l, struct store **store, struct answer **out, struct err *e)
{
    struct options options = {.as_of = INT64_MAX, .now = (int64_t)time(NULL)};
    struct context c = {.options = &options, .settings = l->settings};
    struct answer *a = calloc(1, sizeof *a);

    if (a == NULL)
        return err_nomem(e);
    a->holders = 1;
    a->as_of = options.now;
    if (*store != NULL || store_open(l->uri, STORE_READER, store, e)) {
        c.store = *store;
        if (store_snapshot(*store, options.now, e) &&
            findings_load(&c, options.now, &a->findings, e)) {
            store_end(*store);
            *out = a;
            return true;
        }
    }
    let_go(a);
    return false;
}

/* Makes one and shows it; what was shown before stays when that fails. */
static void
renew(struct latest *l, struct store **store)
{
    struct answer *a = NULL;
    struct err e = {0};
    bool ok = make(l, store, &a, &e);

    if (!ok && *store != NULL) {
        store_close(*store);
        *store = NULL;
    }
    (void)pthread_mutex_lock(&l->lock);
    if (!ok && (l->error.kind == ERR_NONE || strcmp(l->error.text, e.text) != 0))
        log_warning("no findings", LOG_S("error", e.text));
    l->error = e;
    l->tried = true;
    if (ok) {
        let_go(l->newest);
        l->newest = a;
    }
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
}

static void *
run(void *arg)
{
    struct latest *l = arg;
    struct store *store = NULL;
    int64_t until_ms;

    (void)pthread_mutex_lock(&l->lock);
    while (!l->stopping) {
        (void)pthread_mutex_unlock(&l->lock);
        renew(l, &store);
        (void)pthread_mutex_lock(&l->lock);
        until_ms =
            clock_ms_in(l->error.kind == ERR_NONE ? l->settings->web.refresh_s : RETRY_S);
        while (!l->stopping && clock_wait(&l->changed, &l->lock, until_ms))
            ;
    }
    (void)pthread_mutex_unlock(&l->lock);
    store_close(store);
    return NULL;
}

/* ---- exported --------------------------------------------------------------------- */

static void
free_latest(struct latest *l)
{
    let_go(l->newest);
    (void)pthread_cond_destroy(&l->changed);
    (void)pthread_mutex_destroy(&l->lock);
    free(l->uri);
    free(l);
}

bool
latest_start(const struct settings *settings, const char *uri, struct latest **out,
             struct err *e)
{
    struct latest *l = calloc(1, sizeof *l);
    int error;

    if (l == NULL || (l->uri = strdup(uri)) == NULL) {
        free(l);
        return err_nomem(e);
    }
    l->settings = settings;
    (void)pthread_mutex_init(&l->lock, NULL);
    clock_cond_init(&l->changed);
    if ((error = pthread_create(&l->thread, NULL, run, l)) != 0) {
        free_latest(l);
        return err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
    }
    *out = l;
    return true;
}

void
latest_stop(struct latest *l)
{
    if (l == NULL)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->stopping = true;
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    free_latest(l);
}

void
latest_hold(struct latest *l, struct latest_view *out)
{
    struct hold *h = calloc(1, sizeof *h);
    int64_t until_ms;

    *out = (struct latest_view){.error = "out of memory", .held = h};
    if (h == NULL)
        return;
    until_ms = clock_ms_in(FIRST_WAIT_S);
    (void)pthread_mutex_lock(&l->lock);
    while (!l->tried && !l->stopping && clock_wait(&l->changed, &l->lock, until_ms))
        ;
    h->latest = l;
    h->answer = l->newest;
    out->error = NULL;
    if (l->error.kind != ERR_NONE) {
        memcpy(h->error, l->error.text, sizeof l->error.text);
        out->error = h->error;
    }
    if (l->newest != NULL) {
        l->newest->holders++;
        out->as_of = l->newest->as_of;
        out->findings = &l->newest->findings;
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void
latest_release(struct latest_view *v)
{
    struct hold *h = v->held;

    if (h == NULL)
        return;
    (void)pthread_mutex_lock(&h->latest->lock);
    let_go(h->answer);
    (void)pthread_mutex_unlock(&h->latest->lock);
    free(h);
    *v = (struct latest_view){0};
}
