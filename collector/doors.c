/* A table of where to listen; one row a kind of door. */
#include "collector/doors.h"

#include "base/listener.h"
#include "base/log.h"
#include "base/peer.h"
#include "base/service.h"
#include "collector/http/http.h"
#include "collector/lmtp/lmtp.h"
#include "collector/lmtp/lmtp_send.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_SOCKETS = 16
};

enum kind {
    DOOR_HTTPS,
    DOOR_HTTP,
    DOOR_LMTP,
    DOOR_DELIVER,
    DOOR_KINDS
};

static const char *const kind_texts[DOOR_KINDS] = {
    [DOOR_HTTPS] = "https",
    [DOOR_HTTP] = "http",
    [DOOR_LMTP] = "lmtp",
    [DOOR_DELIVER] = "deliver",
};

struct door {
    enum kind kind;
    int fd; /* -1 once it is the door's own */
    char name[LISTENER_NAME_BYTES];
};

struct doors {
    const struct settings *settings;
    struct door doors[MAX_SOCKETS];
    size_t count;
    bool passed[DOOR_KINDS]; /* by systemd */
    struct http *http;
    struct lmtp *lmtp;
};

/* Takes the socket. */
static bool
add(struct doors *d, enum kind kind, int fd, struct err *e)
{
    struct door *door = &d->doors[d->count];

    if (d->count == MAX_SOCKETS) {
        listener_close(fd);
        return err_set(e, ERR_CONFIG, "more than %d sockets to listen on", MAX_SOCKETS);
    }
    *door = (struct door){.kind = kind, .fd = fd};
    (void)listener_print(fd, false, door->name);
    d->count++;
    return true;
}

/* Those that the settings name, unless systemd has passed some of the kind. */
static bool
open_all(struct doors *d, enum kind kind, const struct settings_list *list, bool local,
         struct err *e)
{
    int fd;

    if (d->passed[kind])
        return true;
    for (size_t i = 0; i < list->count; i++) {
        if (!listener_open(list->items[i], local, &fd, e))
            return err_prefix(e, "%s", kind_texts[kind]);
        if (!add(d, kind, fd, e))
            return false;
    }
    return true;
}

/* FileDescriptorName= of systemd.socket(5) is the kind of door. */
static bool
take_passed(struct doors *d, struct err *e)
{
    const struct settings *s = d->settings;
    const char *name;
    int fd;

    for (size_t i = 0; (fd = service_socket(i, &name)) >= 0; i++) {
        enum kind kind = DOOR_HTTPS;

        while (kind < DOOR_DELIVER && strcmp(kind_texts[kind], name) != 0)
            kind++;
        if (kind == DOOR_DELIVER)
            return err_set(e, ERR_CONFIG,
                           "a socket was passed with the name \"%s\": it must be https, "
                           "http or lmtp",
                           name);
        if ((kind == DOOR_LMTP || (kind == DOOR_HTTP && !s->https.plain_anywhere)) &&
            !listener_is_local(fd))
            return err_set(e, ERR_CONFIG, "%s: the socket that was passed is not local",
                           name);
        d->passed[kind] = true;
        if (!add(d, kind, fd, e))
            return false;
    }
    return true;
}

static bool
check(const struct doors *d, struct err *e)
{
    const struct settings *s = d->settings;

    if ((s->https.listen.count > 0 || d->passed[DOOR_HTTPS]) &&
        (s->https.certificate == NULL || s->https.key == NULL))
        return err_set(e, ERR_CONFIG,
                       "https/listen needs https/certificate and https/key");
    if (s->https.listen.count + s->https.plain_listen.count + s->lmtp.listen.count +
            d->count ==
        0)
        return err_set(e, ERR_CONFIG,
                       "nothing to listen on: set https { listen = {\"[::]:443\"} "
                       "certificate = \"...\" key = \"...\" }");
    for (size_t i = 0; i < s->https.proxies.count; i++) {
        const char *proxy = s->https.proxies.items[i];

        if (strcmp(proxy, "unix") != 0 && !peer_is_prefix(proxy))
            return err_set(e, ERR_CONFIG,
                           "https/proxies: \"%s\" is no address, prefix or \"unix\"",
                           proxy);
    }
    return true;
}

bool
doors_open(const struct settings *s, struct doors **out, struct err *e)
{
    struct doors *d = calloc(1, sizeof *d);

    if (d == NULL)
        return err_nomem(e);
    d->settings = s;
    *out = d; /* what was opened is freed by doors_free(), whatever happens */
    return take_passed(d, e) && check(d, e) &&
           open_all(d, DOOR_HTTPS, &s->https.listen, false, e) &&
           open_all(d, DOOR_HTTP, &s->https.plain_listen, !s->https.plain_anywhere, e) &&
           open_all(d, DOOR_LMTP, &s->lmtp.listen, true, e);
}

/* In the state directory, which is not root's, so not before root is left behind. Without
 * it `tlsrptd deliver` writes into the database itself. */
static void
open_deliver(struct doors *d)
{
    struct settings_list where = {0};
    struct err e = {0};
    struct buf path;

    buf_init(&path, 0);
    (void)mkdir(d->settings->state_dir, 0755);
    if (buf_printf(&path, "unix:%s/" LMTP_DELIVER_SOCKET, d->settings->state_dir)) {
        where = (struct settings_list){(const char *[]){path.bytes}, 1};
        if (!open_all(d, DOOR_DELIVER, &where, true, &e))
            log_warning("no hand-over", LOG_S("error", e.text));
    }
    buf_clear(&path);
}

static bool
start_one(struct doors *d, struct door *door, struct err *e)
{
    int fd = door->fd;

    door->fd = -1;
    switch (door->kind) {
    case DOOR_HTTPS:
    case DOOR_HTTP:
        return http_listen(d->http, fd, door->kind == DOOR_HTTPS, e);
    case DOOR_LMTP:
        return lmtp_listen(d->lmtp, fd, TRANSPORT_LMTP, e);
    case DOOR_DELIVER:
        return lmtp_listen(d->lmtp, fd, TRANSPORT_DELIVER, e);
    case DOOR_KINDS:
        break;
    }
    (void)err_set(e, ERR_BUG, "unknown kind of door");
    return false;
}

bool
doors_start(struct doors *d, struct batcher *b, struct origin *origin, struct err *e)
{
    if (!http_open(d->settings, b, origin, &d->http, e) ||
        !lmtp_open(d->settings, b, &d->lmtp, e))
        return false;
    open_deliver(d);
    for (size_t i = 0; i < d->count; i++) {
        if (!start_one(d, &d->doors[i], e))
            return false;
        log_info("listening", LOG_S("door", kind_texts[d->doors[i].kind]),
                 LOG_S("at", d->doors[i].name));
    }
    return true;
}

void
doors_print(const struct doors *d, int fd)
{
    struct buf text;

    buf_init(&text, 0);
    for (size_t i = 0; i < d->count; i++)
        (void)buf_printf(&text, "%s %s\n", kind_texts[d->doors[i].kind],
                         d->doors[i].name);
    if (!text.failed && text.bytes != NULL &&
        write(fd, text.bytes, text.len) != (ssize_t)text.len)
        log_warning("cannot write the ready file");
    buf_clear(&text);
}

bool
doors_stop(struct doors *d)
{
    if (d == NULL)
        return true;
    if (d->http != NULL)
        http_quiesce(d->http);
    lmtp_close(d->lmtp);
    d->lmtp = NULL;
    return d->http == NULL || http_close(d->http);
}

void
doors_free(struct doors *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->count; i++) {
        if (d->doors[i].fd >= 0)
            listener_close(d->doors[i].fd);
    }
    http_free(d->http);
    free(d);
}
