#include "collector/imap/imap.h"

#include "base/clock.h"
#include "base/log.h"
#include "collector/imap/imap_plan.h"
#include "schema/store/store.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_BYTES = 8 << 20, /* libetpan recurses in answers */
    TELL_CONNECT_S = 2,
};

struct mailbox {
    struct imap *imap;
    struct imap_place place;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of the status */
    struct imap_status status;
};

struct imap {
    const struct settings *settings;
    struct batcher *batcher;
    const char *uri;
    int stopping;
    struct arena arena;
    struct mailbox *boxes;
    size_t count;
};

/* ---- one look ---- */

/* For `doctor` and `check`: what keeps it from being looked through. Without a database
 * nobody could read it. */
static void
tell_database(const struct mailbox *b, const char *uri, const struct imap_fault *f)
{
    struct store *store = NULL;
    const char *why = f->state == IMAP_WORKS ? NULL : f->why;

    if (f->state == IMAP_STOPPED || f->state == IMAP_NO_DATABASE)
        return;
    if (store_open_within(uri, STORE_COLLECTOR, TELL_CONNECT_S, &store, NULL))
        (void)!store_mailbox_tell(store, b->place.text, b->place.box->name, why, NULL);
    store_close(store);
}

static void
look(struct mailbox *b, const struct imap_fetch *fetch, struct imap_tally *tally,
     struct imap_fault *f)
{
    (void)!imap_fetch_run(fetch, tally, f);
    tell_database(b, fetch->uri, f);
    pthread_mutex_lock(&b->lock);
    b->status.state = f->state;
    if (f->state == IMAP_WORKS)
        b->status.looked = (int64_t)time(NULL);
    pthread_mutex_unlock(&b->lock);
}

/* ---- the thread ---- */

/* A state is told once. */
static void
log_look(const struct mailbox *b, const struct imap_tally *t, const struct imap_fault *f,
         enum imap_state before)
{
    const char *name = b->place.box->name;

    if (f->state == IMAP_STOPPED)
        return;
    if (f->state != IMAP_WORKS && f->state != before)
        log_warning("mailbox fails", LOG_S("name", name),
                    LOG_S("state", imap_state_text(f->state)), LOG_S("error", f->why));
    if (f->state == IMAP_WORKS && before != IMAP_WORKS)
        log_info("mailbox works again", LOG_S("name", name));
    if (t->all > 0)
        log_info("mailbox", LOG_S("name", name), LOG_I("mails", t->all),
                 LOG_I("stored", t->mails[VERDICT_STORED]),
                 LOG_I("duplicate", t->mails[VERDICT_DUPLICATE]),
                 LOG_I("quarantined", t->mails[VERDICT_QUARANTINED]),
                 LOG_I("ignored", t->mails[VERDICT_IGNORED]),
                 LOG_I("no-report", t->mails[VERDICT_UNRECOGNIZED]),
                 LOG_I("too-big", t->mails[VERDICT_TOO_BIG]),
                 LOG_I("try-later", t->mails[VERDICT_AGAIN]));
}

/* False when it is time to go. */
static bool
rest(const struct mailbox *b, int64_t seconds)
{
    int64_t until_ms = clock_ms_in(seconds), left;
    struct pollfd stop = {.fd = b->imap->stopping, .events = POLLIN};

    while ((left = until_ms - clock_ms()) > 0) {
        int step = left > 1000 * 1000 ? 1000 * 1000 : (int)left;

        if (poll(&stop, 1, step) > 0)
            return false;
    }
    return true;
}

static void *
run(void *arg)
{
    struct mailbox *b = arg;
    enum imap_state before = IMAP_WORKS;
    struct imap_fetch fetch = {.settings = b->imap->settings,
                               .place = &b->place,
                               .batcher = b->imap->batcher,
                               .uri = b->imap->uri,
                               .stopping = b->imap->stopping};
    int64_t poll_s = b->place.box->poll_s, pause_s;

    do {
        struct imap_fault f = {0};
        struct imap_tally tally = {0};

        look(b, &fetch, &tally, &f);
        log_look(b, &tally, &f, before);
        before = f.state;
        fetch.careful = f.state == IMAP_WORKS ? 0 : fetch.careful + 1;
        pause_s = imap_plan_pause_s(poll_s, tally.all > 0 ? 0 : fetch.careful);
    } while (rest(b, pause_s));
    return NULL;
}

/* ---- all of them ---- */

bool
imap_open(const struct settings *s, struct imap **out, struct err *e)
{
    const struct imap_box *boxes = s->imap.items;
    struct imap *m;

    *out = NULL;
    if (s->imap.count == 0)
        return true;
    if ((m = calloc(1, sizeof *m)) == NULL)
        return err_nomem(e);
    arena_init(&m->arena, 0);
    m->settings = s;
    m->stopping = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->boxes = calloc(s->imap.count, sizeof *m->boxes);
    if (m->boxes == NULL || m->stopping < 0) {
        imap_free(m);
        return err_nomem(e);
    }
    for (; m->count < s->imap.count; m->count++) {
        struct mailbox *b = &m->boxes[m->count];

        if (!imap_place_read(&m->arena, &boxes[m->count], &b->place, e)) {
            imap_free(m);
            return false;
        }
        b->imap = m;
        b->status.name = b->place.box->name;
        (void)pthread_mutex_init(&b->lock, NULL);
    }
    *out = m;
    return true;
}

bool
imap_start(struct imap *m, struct batcher *batcher, const char *uri, struct err *e)
{
    pthread_attr_t attr;

    if (m == NULL)
        return true;
    m->batcher = batcher;
    m->uri = uri;
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    for (size_t i = 0; i < m->count; i++)
        m->boxes[i].started =
            pthread_create(&m->boxes[i].thread, &attr, run, &m->boxes[i]) == 0;
    (void)pthread_attr_destroy(&attr);
    for (size_t i = 0; i < m->count; i++)
        if (!m->boxes[i].started)
            return err_set(e, ERR_AGAIN, "cannot start a thread");
    return true;
}

void
imap_stop(struct imap *m)
{
    if (m == NULL)
        return;
    (void)eventfd_write(m->stopping, 1);
    for (size_t i = 0; i < m->count; i++)
        if (m->boxes[i].started)
            (void)pthread_join(m->boxes[i].thread, NULL);
}

void
imap_free(struct imap *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        (void)pthread_mutex_destroy(&m->boxes[i].lock);
    if (m->stopping >= 0)
        (void)close(m->stopping);
    free(m->boxes);
    arena_clear(&m->arena);
    free(m);
}

bool
imap_look(struct imap *m, const char *name, bool from_start, struct batcher *batcher,
          const char *uri, imap_told_fn *told, struct err *e)
{
    size_t looked = 0;
    bool ok = true;

    for (size_t i = 0; m != NULL && i < m->count; i++) {
        struct mailbox *b = &m->boxes[i];
        const struct imap_fetch fetch = {.settings = m->settings,
                                         .place = &b->place,
                                         .batcher = batcher,
                                         .uri = uri,
                                         .stopping = m->stopping,
                                         .from_start = from_start};
        struct imap_tally tally = {0};
        struct imap_fault f = {0};

        if (name != NULL && strcmp(name, b->status.name) != 0)
            continue;
        looked++;
        look(b, &fetch, &tally, &f);
        told(b->status.name, &tally, &f);
        if (f.state != IMAP_WORKS)
            ok = err_set(e, imap_state_kind(f.state), "imap \"%s\": %s", b->status.name,
                         f.why);
    }
    if (looked == 0)
        return err_set(e, ERR_CONFIG,
                       name == NULL ? "no section imap is configured"
                                    : "there is no section imap \"%s\"",
                       name);
    return ok;
}

bool
imap_status(struct imap *m, size_t i, struct imap_status *out)
{
    if (m == NULL || i >= m->count)
        return false;
    pthread_mutex_lock(&m->boxes[i].lock);
    *out = m->boxes[i].status;
    pthread_mutex_unlock(&m->boxes[i].lock);
    return true;
}
