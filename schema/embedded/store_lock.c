/* The lock is one of the open file, not of the process: a close() elsewhere does not drop
 * it, and it can be looked at without being taken. */
#include "schema/embedded/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct flock
whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static int
open_file(const struct cluster *c, const char *name, int flags)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof path, "%s/%s", c->run, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

bool
lock_take(const struct cluster *c, int *fd, struct err *e)
{
    struct flock lock = whole_file();

    if ((*fd = open_file(c, "lock", O_RDWR | O_CREAT)) < 0)
        return err_set(e, ERR_CONFIG, "%s/lock: %s", c->run, strerror(errno));
    if (fcntl(*fd, F_OFD_SETLK, &lock) == 0)
        return true;
    close(*fd);
    *fd = -1;
    return errno == EAGAIN || errno == EACCES ||
           err_set(e, ERR_AGAIN, "%s/lock: %s", c->run, strerror(errno));
}

bool
lock_is_held(const struct cluster *c)
{
    struct flock lock = whole_file();
    int fd = open_file(c, "lock", O_RDWR);
    bool locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

    if (fd >= 0)
        close(fd);
    return locked;
}

pid_t
lock_launched(const struct cluster *c)
{
    char text[16] = "";
    int fd = open_file(c, "launched", O_RDONLY);

    if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    if (fd >= 0)
        close(fd);
    return (pid_t)strtol(text, NULL, 10);
}

bool
lock_mark_launched(const struct cluster *c, pid_t pid, struct err *e)
{
    int fd = open_file(c, "launched", O_WRONLY | O_CREAT | O_TRUNC);
    bool ok = fd >= 0 && dprintf(fd, "%ld\n", (long)pid) > 0;

    if (fd >= 0)
        close(fd);
    return ok || err_set(e, ERR_AGAIN, "%s/launched: %s", c->run, strerror(errno));
}
