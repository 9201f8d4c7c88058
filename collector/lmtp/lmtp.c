/* A thread for each connection: the clients are mail servers of this host, and few. */
#include "collector/lmtp/lmtp.h"

#include "base/listener.h"
#include "collector/intake/stats.h"
#include "collector/lmtp/lmtp_connection.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_SOCKETS = 16,
    OUT_OF_FILES_US = 100 * 1000,
    STACK_BYTES = 256 * 1024,
};

struct lmtp;

struct listening {
    struct lmtp *lmtp;
    int fd;
    enum transport transport;
    pthread_t thread;
};

struct lmtp {
    const struct settings *settings;
    struct batcher *batcher;
    struct lmtp_rules rules, deliver_rules;
    char host[256];
    struct listening sockets[MAX_SOCKETS];
    size_t socket_count;
    int stopping; /* an eventfd: readable once the door closes */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t connection_count;
};

struct connection {
    struct lmtp *lmtp;
    struct lmtp_client client;
};

static void
forget_connection(struct connection *c)
{
    struct lmtp *l = c->lmtp;

    (void)close(c->client.fd);
    free(c);
    pthread_mutex_lock(&l->lock);
    l->connection_count--;
    stats_connected(TRANSPORT_LMTP, -1);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void *
serve_connection(void *arg)
{
    struct connection *c = arg;

    lmtp_serve(&c->client);
    forget_connection(c);
    return NULL;
}

static bool
start_thread(void *(*run)(void *), void *arg, bool detached, pthread_t *out)
{
    pthread_attr_t attr;
    bool ok;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (detached)
        (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    ok = pthread_create(out, &attr, run, arg) == 0;
    (void)pthread_attr_destroy(&attr);
    return ok;
}

/* Counts one more connection, unless there are too many. */
static bool
admit(struct lmtp *l)
{
    bool ok;

    pthread_mutex_lock(&l->lock);
    ok = l->connection_count < l->settings->lmtp.max_connections;
    l->connection_count += ok;
    stats_connected(TRANSPORT_LMTP, ok);
    pthread_mutex_unlock(&l->lock);
    return ok;
}

static void
accept_one(const struct listening *from)
{
    static const char busy[] = "421 4.3.2 too many connections\r\n";
    int fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct lmtp *l = from->lmtp;
    struct connection *c;
    pthread_t thread;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE)
            (void)usleep(OUT_OF_FILES_US); /* or this would spin until one is closed */
        return;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL || !admit(l)) {
        free(c);
        (void)send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)close(fd);
        return;
    }
    c->lmtp = l;
    c->client = (struct lmtp_client){
        .fd = fd,
        .stopping = l->stopping,
        .transport = from->transport,
        .rules = from->transport == TRANSPORT_DELIVER ? &l->deliver_rules : &l->rules,
        .settings = l->settings,
        .batcher = l->batcher,
    };
    if (!start_thread(serve_connection, c, true, &thread))
        forget_connection(c);
}

static void *
accept_all(void *arg)
{
    const struct listening *from = arg;
    struct pollfd fds[] = {{.fd = from->fd, .events = POLLIN},
                           {.fd = from->lmtp->stopping, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents != 0)
            return NULL;
        accept_one(from);
    }
}

bool
lmtp_open(const struct settings *s, struct batcher *b, struct lmtp **out, struct err *e)
{
    static const struct settings_list anyone;
    struct lmtp *l = calloc(1, sizeof *l);

    if (l == NULL)
        return err_nomem(e);
    l->stopping = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->stopping < 0) {
        free(l);
        return err_set(e, ERR_AGAIN, "cannot make an eventfd: %s",
                       strerrordesc_np(errno));
    }
    l->settings = s;
    l->batcher = b;
    if (gethostname(l->host, sizeof l->host - 1) != 0 || l->host[0] == '\0')
        (void)stpcpy(l->host, "localhost");
    l->rules = (struct lmtp_rules){l->host, &s->lmtp.recipients,
                                   (size_t)s->mail.max_message_bytes};
    l->deliver_rules = l->rules;
    l->deliver_rules.recipients = &anyone;
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->changed, NULL);
    *out = l;
    return true;
}

bool
lmtp_listen(struct lmtp *l, int fd, enum transport transport, struct err *e)
{
    struct listening *from = &l->sockets[l->socket_count];

    if (l->socket_count == MAX_SOCKETS) {
        listener_close(fd);
        return err_set(e, ERR_CONFIG, "lmtp: more than %d sockets", MAX_SOCKETS);
    }
    *from = (struct listening){.lmtp = l, .fd = fd, .transport = transport};
    if (!start_thread(accept_all, from, false, &from->thread)) {
        listener_close(fd);
        return err_set(e, ERR_AGAIN, "cannot start a thread");
    }
    l->socket_count++;
    return true;
}

void
lmtp_close(struct lmtp *l)
{
    if (l == NULL)
        return;
    (void)eventfd_write(l->stopping, 1);
    for (size_t i = 0; i < l->socket_count; i++) {
        (void)pthread_join(l->sockets[i].thread, NULL);
        listener_close(l->sockets[i].fd);
    }
    pthread_mutex_lock(&l->lock);
    while (l->connection_count > 0)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
    (void)close(l->stopping);
    (void)pthread_mutex_destroy(&l->lock);
    (void)pthread_cond_destroy(&l->changed);
    free(l);
}
