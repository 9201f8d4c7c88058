#include "base/service.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_FD = 3,
    MAX_SOCKETS = 64,
};

static struct {
    struct sockaddr_un manager; /* where news go; no family: nowhere */
    socklen_t manager_bytes;
    size_t count;
    char names[1024]; /* each ended by NUL, then another */
} service;

/* NOLINTBEGIN(concurrency-mt-unsafe): before there are threads */
static void
read_sockets(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");

    if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != (long)getpid())
        return;
    service.count = (size_t)strtoul(count, NULL, 10);
    if (service.count > MAX_SOCKETS)
        service.count = MAX_SOCKETS;
    (void)snprintf(service.names, sizeof service.names - 1, "%s", names ? names : "");
    for (char *c = service.names; *c != '\0'; c++)
        if (*c == ':')
            *c = '\0';
    for (int fd = FIRST_FD; service_passed(fd); fd++) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    }
}

void
service_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un *to = &service.manager;
    size_t n = path == NULL ? 0 : strlen(path);

    if (n > 1 && n < sizeof to->sun_path && (*path == '/' || *path == '@')) {
        to->sun_family = AF_UNIX;
        memcpy(to->sun_path, path, n);
        if (*path == '@') /* an abstract name */
            to->sun_path[0] = '\0';
        service.manager_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    }
    read_sockets();
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
}
/* NOLINTEND(concurrency-mt-unsafe) */

int
service_socket(size_t i, const char **name)
{
    const char *end = service.names + sizeof service.names - 1;

    if (i >= service.count)
        return -1;
    *name = service.names;
    for (size_t k = 0; k < i && *name < end; k++)
        *name += strlen(*name) + 1;
    if (*name > end)
        *name = "";
    return FIRST_FD + (int)i;
}

bool
service_passed(int fd)
{
    return fd >= FIRST_FD && (size_t)(fd - FIRST_FD) < service.count;
}

void
service_notify(const char *state)
{
    int fd;

    if (service.manager.sun_family != AF_UNIX ||
        (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                 (const struct sockaddr *)&service.manager, service.manager_bytes);
    (void)close(fd);
}

void
service_reloading(void)
{
    struct timespec now;
    char state[64];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    service_notify(state);
}
