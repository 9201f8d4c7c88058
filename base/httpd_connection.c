/* Who is connected, and for how long yet. */
#include "base/httpd_inside.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TICK_MS = 200,
    MS = 1000,
};

void
httpd_set_deadline(struct httpd *h, struct node *n, unsigned factor)
{
    (void)pthread_mutex_lock(&h->lock);
    n->deadline_ms =
        factor == 0 ? INT64_MAX : clock_ms() + (int64_t)h->config.idle_s * MS * factor;
    (void)pthread_mutex_unlock(&h->lock);
}

/* The fd stays open until its node is taken out of the list. */
void *
httpd_reap(void *arg)
{
    struct httpd *h = arg;

    (void)pthread_mutex_lock(&h->lock);
    while (!h->stopping) {
        int64_t now = clock_ms();

        for (struct node *n = h->nodes; n != NULL; n = n->next) {
            if (n->deadline_ms <= now)
                (void)shutdown(n->fd, SHUT_RDWR);
        }
        (void)clock_wait(&h->changed, &h->lock, now + TICK_MS);
    }
    (void)pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void
connection_began(struct httpd *h, struct MHD_Connection *c, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct node *n = calloc(1, sizeof *n);

    if (n == NULL) {
        (void)shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    n->fd = info->connect_fd;
    if (strncmp(listener_print(n->fd, true, n->peer), "unix:", 5) == 0)
        n->peer[0] = '\0';
    httpd_set_deadline(h, n, 1);
    (void)pthread_mutex_lock(&h->lock);
    if ((n->next = h->nodes) != NULL)
        n->next->prev = n;
    h->nodes = n;
    (void)pthread_mutex_unlock(&h->lock);
    *context = n;
}

void
httpd_connection_notified(void *httpd, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct httpd *h = httpd;
    struct node *n = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_began(h, c, context);
    } else if (n != NULL) {
        (void)pthread_mutex_lock(&h->lock);
        *(n->prev == NULL ? &h->nodes : &n->prev->next) = n->next;
        if (n->next != NULL)
            n->next->prev = n->prev;
        (void)pthread_mutex_unlock(&h->lock);
        free(n);
        *context = NULL;
    }
}

struct node *
httpd_node(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}
