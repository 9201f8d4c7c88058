#include "collector/imap/imap_fetch.h"

#include "base/fault.h"
#include "collector/imap/imap_plan.h"
#include "collector/imap/imap_session.h"
#include "collector/intake/stats.h"
#include "schema/store/store.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    CONNECT_S = 2 /* to the database */
};

/* A mail of the batch under way. */
struct slot {
    struct run *run;
    uint32_t uid;
    struct buf bytes;
    size_t reserved_bytes;
    struct delivery d;
};

struct run {
    const struct imap_fetch *fetch;
    struct imap_tally *tally;
    struct store *store;
    struct imap_session *session;
    struct imap_cursor cursor;
    struct slot slots[IMAP_BATCH_MAILS];
    size_t count, most, bytes;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    size_t waiting; /* slots that have no verdict yet; under the lock */
};

/* ---- the database ---- */

static bool
load(struct run *r, struct imap_fault *f)
{
    struct store_mailbox known;
    struct err e = {0};

    if (!store_open_within(r->fetch->uri, STORE_COLLECTOR, CONNECT_S, &r->store, &e) ||
        !store_mailbox_get(r->store, r->fetch->place->text, &known, &e))
        return imap_fail(f, IMAP_NO_DATABASE, "%s", e.text);
    if (r->fetch->from_start)
        return true;
    r->cursor.validity = (uint32_t)known.uidvalidity;
    r->cursor.done = (uint32_t)known.uid_done;
    imap_cursor_parse(&r->cursor, known.again);
    return true;
}

static bool
save(struct run *r, struct imap_fault *f)
{
    struct store_mailbox m = {.uidvalidity = r->cursor.validity,
                              .uid_done = r->cursor.done};
    struct err e = {0};

    imap_cursor_print(&r->cursor, m.again);
    if (!store_mailbox_put(r->store, r->fetch->place->text, &m, &e))
        return imap_fail(f, IMAP_NO_DATABASE, "%s", e.text);
    FAULT("imap-saved");
    return true;
}

/* ---- a batch ---- */

static void
hear(struct delivery *d)
{
    struct slot *slot = d->door;
    struct run *r = slot->run;

    (void)pthread_mutex_lock(&r->lock);
    r->waiting--;
    (void)pthread_cond_signal(&r->answered);
    (void)pthread_mutex_unlock(&r->lock);
}

static void
submit(struct run *r, struct slot *slot)
{
    slot->d = (struct delivery){
        .kind = DELIVERY_MAIL,
        .transport = TRANSPORT_IMAP,
        .bytes = slot->bytes.bytes,
        .byte_count = slot->bytes.len,
        .peer = "",
        .peer_name = "",
        .done = hear,
        .door = slot,
    };
    (void)pthread_mutex_lock(&r->lock);
    r->waiting++;
    (void)pthread_mutex_unlock(&r->lock);
    batcher_submit(r->fetch->batcher, &slot->d);
}

/* A verdict that needs no intake; the bytes are not needed either. */
static void
settle(struct run *r, struct slot *slot, enum verdict verdict)
{
    slot->d = (struct delivery){.verdict = verdict};
    buf_clear(&slot->bytes);
    batcher_release(r->fetch->batcher, ROOM_MAIL, slot->reserved_bytes);
    slot->reserved_bytes = 0;
}

static void
await_verdicts(struct run *r)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->waiting > 0)
        (void)pthread_cond_wait(&r->answered, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

static void
forget_batch(struct run *r)
{
    await_verdicts(r);
    for (size_t i = 0; i < r->count; i++) {
        buf_clear(&r->slots[i].bytes);
        batcher_release(r->fetch->batcher, ROOM_MAIL, r->slots[i].reserved_bytes);
    }
    r->count = r->bytes = 0;
}

/* Everything that has a verdict is behind us, but for what is to be tried again. */
static bool
note_batch(struct run *r, struct imap_fault *f)
{
    size_t again = 0;

    for (size_t i = 0; i < r->count; i++) {
        const struct slot *slot = &r->slots[i];
        bool retry = slot->d.verdict == VERDICT_AGAIN;

        again += retry;
        r->tally->all++;
        r->tally->mails[slot->d.verdict]++;
        if (!imap_cursor_note(&r->cursor, slot->uid, retry))
            return imap_fail(f, IMAP_BUSY, "too many mails wait: %s", slot->d.reason);
    }
    if (again > 0 && again == r->count) {
        (void)save(r, f);
        return imap_fail(f, IMAP_BUSY, "%s", r->slots[0].d.reason);
    }
    return true;
}

static bool
flush(struct run *r, struct imap_fault *f)
{
    uint32_t uids[IMAP_BATCH_MAILS];
    size_t n = 0;
    bool ok;

    if (r->count == 0)
        return true;
    await_verdicts(r);
    for (size_t i = 0; i < r->count; i++)
        if (imap_plan_is_done(r->slots[i].d.verdict))
            uids[n++] = r->slots[i].uid;
    if (n > 0)
        FAULT("imap-committed");
    ok = imap_session_finish(r->session, uids, n, f);
    if (n > 0)
        FAULT("imap-finished");
    ok = ok && note_batch(r, f) && save(r, f);
    forget_batch(r);
    return ok;
}

/* ---- a mail ---- */

/* Memory for it, out of what all doors share. */
static bool
reserve(struct run *r, struct slot *slot, size_t bytes, struct imap_fault *f)
{
    if (!batcher_reserve(r->fetch->batcher, ROOM_MAIL, bytes))
        return imap_fail(f, IMAP_BUSY, "too many reports are waiting");
    slot->reserved_bytes = bytes;
    return true;
}

static bool
take(struct run *r, const struct imap_mail *mail, struct imap_fault *f)
{
    size_t max = (size_t)r->fetch->settings->mail.max_message_bytes;
    struct slot *slot;

    if ((r->count >= r->most || r->bytes + mail->bytes > IMAP_BATCH_BYTES) &&
        !flush(r, f))
        return false;
    slot = &r->slots[r->count++];
    *slot = (struct slot){.run = r, .uid = mail->uid};
    buf_init(&slot->bytes, max);
    if (mail->bytes <= max &&
        (!reserve(r, slot, mail->bytes, f) || !buf_reserve(&slot->bytes, mail->bytes) ||
         !imap_session_fetch(r->session, mail->uid, &slot->bytes, f)))
        return imap_fail(f, IMAP_BUSY, "out of memory");
    if (mail->bytes > max || slot->bytes.failed) { /* whatever its size was said to be */
        settle(r, slot, VERDICT_TOO_BIG);
        stats_refused(TRANSPORT_IMAP, VERDICT_TOO_BIG);
    } else if (imap_plan_may_hold_report(slot->bytes.bytes, slot->bytes.len)) {
        r->bytes += mail->bytes;
        submit(r, slot);
    } else {
        settle(r, slot, VERDICT_UNRECOGNIZED);
    }
    return true;
}

static bool
take_range(struct run *r, uint32_t first, uint32_t last, size_t *count,
           struct imap_fault *f)
{
    struct imap_mail *mails = NULL;
    bool ok;

    if (!imap_session_list(r->session, first, last, &mails, count, f))
        return false;
    ok = true;
    for (size_t i = 0; ok && i < *count; i++)
        ok = take(r, &mails[i], f);
    free(mails);
    return ok && flush(r, f);
}

/* Those that had to wait. What is no longer there need not wait longer. */
static bool
take_again(struct run *r, struct imap_fault *f)
{
    const struct imap_cursor before = r->cursor;
    size_t count;

    for (size_t i = 0; i < before.again_count; i++) {
        if (!take_range(r, before.again[i], before.again[i], &count, f))
            return false;
        if (count == 0)
            (void)!imap_cursor_note(&r->cursor, before.again[i], false);
    }
    return true;
}

static bool
look_through(struct run *r, struct imap_fault *f)
{
    uint32_t validity, next, width = IMAP_LEAST_WIDTH;
    size_t found;

    if (!imap_session_enter(r->session, &validity, &next, f))
        return false;
    imap_cursor_begin(&r->cursor, validity);
    if (!take_again(r, f))
        return false;
    while (r->cursor.done < next - 1) {
        uint32_t first = r->cursor.done + 1,
                 last = width < next - first ? first + width - 1 : next - 1;

        if (!take_range(r, first, last, &found, f))
            return false;
        r->cursor.done = last;
        width = imap_plan_width(width, found);
    }
    return save(r, f);
}

bool
imap_fetch_run(const struct imap_fetch *fetch, struct imap_tally *tally,
               struct imap_fault *f)
{
    struct run *r = calloc(1, sizeof *r);
    bool ok;

    if (r == NULL)
        return imap_fail(f, IMAP_BUSY, "out of memory");
    r->fetch = fetch;
    r->tally = tally;
    r->most = fetch->careful < 6 ? (size_t)IMAP_BATCH_MAILS >> fetch->careful : 1;
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->answered, NULL);
    ok = load(r, f) && imap_session_open(fetch->place, fetch->stopping, &r->session, f) &&
         look_through(r, f);
    forget_batch(r);
    imap_session_close(r->session);
    store_close(r->store);
    (void)pthread_mutex_destroy(&r->lock);
    (void)pthread_cond_destroy(&r->answered);
    free(r);
    return ok;
}
