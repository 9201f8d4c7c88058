/* One way to listen, for every door that has a socket. */
#include "base/listener.h"

#include "base/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 128,
    ANYONE =
        0666, /* what comes in is judged by its signature, not by who hands it over */
};

static bool
fill_path(const char *path, struct sockaddr_un *out, struct err *e)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] != '/' || strlen(path) >= sizeof out->sun_path)
        return err_set(e, ERR_CONFIG,
                       "\"%s\": a socket's path begins with / and has at "
                       "most %zu bytes",
                       path, sizeof out->sun_path - 1);
    memcpy(out->sun_path, path, strlen(path));
    return true;
}

bool
listener_connect(const char *path, int *fd, struct err *e)
{
    struct sockaddr_un address;
    int s;

    if (!fill_path(path, &address, e))
        return false;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return err_set(e, ERR_AGAIN, "cannot make a socket: %s", strerror(errno));
    if (connect(s, (struct sockaddr *)&address, sizeof address) == 0) {
        *fd = s;
        return true;
    }
    (void)err_set(e, errno == ENOENT || errno == ECONNREFUSED ? ERR_REFUSED : ERR_AGAIN,
                  "cannot connect to %s: %s", path, strerror(errno));
    (void)close(s);
    return false;
}

/* Binds and listens; takes the socket on failure. */
static bool
bind_to(int s, const char *where, const void *address, socklen_t n, int *fd,
        struct err *e)
{
    if (bind(s, address, n) == 0 && listen(s, BACKLOG) == 0) {
        *fd = s;
        return true;
    }
    (void)err_set(e, ERR_CONFIG, "cannot listen on %s: %s", where, strerror(errno));
    (void)close(s);
    return false;
}

static bool
open_path(const char *path, int *fd, struct err *e)
{
    struct sockaddr_un address;
    struct err nobody = {0};
    struct stat st;
    int s = -1;

    if (!fill_path(path, &address, e))
        return false;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        if (listener_connect(path, &s, &nobody)) {
            (void)close(s);
            return err_set(e, ERR_CONFIG, "cannot listen on %s: another program does",
                           path);
        }
        if (nobody.kind == ERR_REFUSED)
            (void)unlink(path);
    }
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return err_set(e, ERR_AGAIN, "cannot make a socket: %s", strerror(errno));
    if (!bind_to(s, path, &address, sizeof address, fd, e))
        return false;
    (void)chmod(path, ANYONE);
    return true;
}

static bool
is_loopback(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return (ntohl(v4.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    }
    memcpy(&v6, address, sizeof v6);
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* Splits "address:port" or "[address]:port" and reads both as numbers. */
static struct addrinfo *
parse_address(const char *where)
{
    const struct addrinfo hints = {.ai_flags =
                                       AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(where, ':');
    struct addrinfo *found = NULL;
    char host[LISTENER_NAME_BYTES];
    size_t n = colon == NULL ? 0 : (size_t)(colon - where);

    if (n >= 2 && where[0] == '[' && where[n - 1] == ']') {
        where++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof host)
        return NULL;
    memcpy(host, where, n);
    host[n] = '\0';
    return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

static bool
open_address(const char *where, bool local, int *fd, struct err *e)
{
    struct addrinfo *a = parse_address(where);
    const int on = 1;
    bool ok = false;
    int s;

    if (a == NULL)
        return err_set(e, ERR_CONFIG, "\"%s\" is neither address:port nor unix:/path",
                       where);
    if (local && !is_loopback(a->ai_addr)) {
        (void)err_set(e, ERR_CONFIG, "\"%s\" is no loopback address", where);
    } else if ((s = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) <
               0) {
        (void)err_set(e, ERR_AGAIN, "cannot make a socket: %s", strerror(errno));
    } else {
        (void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (a->ai_family == AF_INET6)
            (void)setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        ok = bind_to(s, where, a->ai_addr, a->ai_addrlen, fd, e);
    }
    freeaddrinfo(a);
    return ok;
}

bool
listener_open(const char *where, bool local, int *fd, struct err *e)
{
    if (strncmp(where, "unix:", 5) == 0)
        return open_path(where + 5, fd, e);
    return open_address(where, local, fd, e);
}

bool
listener_is_local(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;

    return getsockname(fd, (struct sockaddr *)&address, &n) == 0 &&
           (address.ss_family == AF_UNIX || is_loopback((struct sockaddr *)&address));
}

union any_address {
    struct sockaddr any;
    struct sockaddr_un path;
    struct sockaddr_storage room;
};

char *
listener_print(int fd, bool peer, char out[LISTENER_NAME_BYTES])
{
    union any_address address = {0};
    socklen_t n = sizeof address;
    char host[64], port[16];

    (void)snprintf(out, LISTENER_NAME_BYTES, "?");
    if ((peer ? getpeername(fd, &address.any, &n) : getsockname(fd, &address.any, &n)) !=
        0)
        return out;
    if (address.any.sa_family == AF_UNIX)
        (void)snprintf(out, LISTENER_NAME_BYTES, "unix:%s", address.path.sun_path);
    else if (getnameinfo(&address.any, n, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)snprintf(out, LISTENER_NAME_BYTES,
                       address.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                       port);
    return out;
}

void
listener_close(int fd)
{
    union any_address address = {0};
    socklen_t n = sizeof address;

    if (!service_passed(fd) && getsockname(fd, &address.any, &n) == 0 &&
        address.any.sa_family == AF_UNIX && address.path.sun_path[0] == '/')
        (void)unlink(address.path.sun_path);
    (void)close(fd);
}
