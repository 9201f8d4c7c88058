/* Blocking reads and writes with deadlines: the clients are mail servers of this host and
 * few. What the dialogue is, lmtp_talk says. */
#include "collector/lmtp/lmtp_connection.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "collector/intake/stats.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 16 * 1024,
    WRITE_S = 60, /* for the client to take a reply */
};

struct connection {
    const struct lmtp_client *client;
    struct lmtp_talk talk;
    size_t reserved_bytes; /* of the batcher's budget, for talk.message */
    int64_t deadline_ms;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool has_answer;
};

/* Waits for `events` on the client; false when the deadline is over, or, if it may be
 * disturbed, when the door closes. */
static bool
wait_for(const struct connection *c, short events, int64_t deadline_ms, bool disturb)
{
    struct pollfd fds[] = {{.fd = c->client->fd, .events = events},
                           {.fd = c->client->stopping, .events = POLLIN}};
    int64_t left;

    for (;;) {
        left = deadline_ms - clock_ms();
        if (left <= 0 || (poll(fds, disturb ? 2 : 1, (int)left) < 0 && errno != EINTR))
            return false;
        if (disturb && fds[1].revents != 0)
            return false;
        if (fds[0].revents != 0)
            return true;
    }
}

/* Sends what the dialogue wants said. */
static bool
send_replies(struct connection *c)
{
    int64_t deadline_ms = clock_ms_in(WRITE_S);
    struct buf *out = &c->talk.out;
    size_t sent = 0;
    ssize_t n;

    while (sent < out->len && !out->failed) {
        n = send(c->client->fd, out->bytes + sent, out->len - sent,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            sent += (size_t)n;
        else if ((errno != EAGAIN && errno != EINTR) ||
                 !wait_for(c, POLLOUT, deadline_ms, false))
            return false;
    }
    buf_reset(out);
    return !out->failed;
}

/* Keeps the reservation in step with the memory that the message takes; a message for
 * which there is none is read to its end and put off. */
static void
reserve(struct connection *c)
{
    size_t wanted = room_step(c->talk.message.len);

    if (wanted > c->reserved_bytes &&
        !batcher_reserve(c->client->batcher, ROOM_MAIL, wanted - c->reserved_bytes)) {
        lmtp_talk_drop(&c->talk, VERDICT_AGAIN);
        wanted = 0;
    }
    if (wanted < c->reserved_bytes)
        batcher_release(c->client->batcher, ROOM_MAIL, c->reserved_bytes - wanted);
    c->reserved_bytes = wanted;
}

static void
hear_answer(struct delivery *d)
{
    struct connection *c = d->door;

    pthread_mutex_lock(&c->lock);
    c->has_answer = true;
    pthread_cond_signal(&c->answered);
    pthread_mutex_unlock(&c->lock);
}

/* The message goes through intake; nothing is answered before it is kept. */
static void
submit(struct connection *c)
{
    struct delivery d = {
        .kind = DELIVERY_MAIL,
        .transport = c->client->transport,
        .bytes = c->talk.message.len == 0 ? "" : c->talk.message.bytes,
        .byte_count = c->talk.message.len,
        .received = (int64_t)time(NULL),
        .peer = "",
        .peer_name = "",
        .done = hear_answer,
        .door = c,
        .verdict = c->talk.fate,
    };

    FAULT("received");
    if (c->talk.fate == VERDICT_PENDING) {
        c->has_answer = false;
        batcher_submit(c->client->batcher, &d);
        pthread_mutex_lock(&c->lock);
        while (!c->has_answer)
            pthread_cond_wait(&c->answered, &c->lock);
        pthread_mutex_unlock(&c->lock);
    } else {
        stats_refused(d.transport, d.verdict);
    }
    log_info("mail", LOG_S("transport", transport_text(c->client->transport)),
             LOG_S("verdict", verdict_find(d.verdict)->label), LOG_S("reason", d.reason),
             LOG_I("bytes", c->talk.message_bytes));
    lmtp_talk_answer(&c->talk, d.verdict, d.reason);
}

/* A client is given so long for a command, and so long for a message, however it divides
 * the bytes. */
static void
set_deadline(struct connection *c)
{
    const struct settings *s = c->client->settings;

    c->deadline_ms =
        clock_ms() + 1000 * (c->talk.in_message ? s->lmtp.message_s : s->lmtp.command_s);
}

/* Takes what has come; false when the connection is to end. */
static bool
take(struct connection *c, const char *bytes, size_t n)
{
    bool answered = false, ok;
    enum lmtp_event event;
    size_t taken;

    do {
        event = lmtp_talk_take(&c->talk, bytes, n, &taken);
        bytes += taken;
        n -= taken;
        reserve(c);
        if (event == LMTP_MESSAGE) {
            submit(c);
            reserve(c);
            answered = true;
        }
    } while (event == LMTP_MESSAGE);
    if (c->talk.out.len > 0)
        set_deadline(c);
    if (answered)
        FAULT("before-reply");
    ok = send_replies(c) && event != LMTP_CLOSE;
    if (answered)
        FAULT("after-reply");
    return ok;
}

static void
talk(struct connection *c)
{
    char bytes[READ_BYTES];
    ssize_t n;

    set_deadline(c);
    if (!send_replies(c))
        return;
    for (;;) {
        if (!wait_for(c, POLLIN, c->deadline_ms, true)) {
            lmtp_talk_say_closing(&c->talk);
            (void)send_replies(c);
            return;
        }
        n = recv(c->client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return;
        if (n > 0 && !take(c, bytes, (size_t)n))
            return;
    }
}

void
lmtp_serve(const struct lmtp_client *client)
{
    struct connection c = {.client = client};

    lmtp_talk_init(&c.talk, client->rules);
    (void)pthread_mutex_init(&c.lock, NULL);
    (void)pthread_cond_init(&c.answered, NULL);
    talk(&c);
    batcher_release(client->batcher, ROOM_MAIL, c.reserved_bytes);
    lmtp_talk_clear(&c.talk);
    (void)pthread_mutex_destroy(&c.lock);
    (void)pthread_cond_destroy(&c.answered);
}
