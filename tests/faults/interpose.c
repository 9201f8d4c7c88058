/* LD_PRELOADed before tlsrptd: a file mapped into both (FAULTS_CONTROL) says what the
 * system does badly. Writing into it (control.py) takes effect at once. Only files below
 * a directory "spool" fail; GLib is spared of failing allocations, for it aborts. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The order is that of control.py. 0: all is well. `every`: one call in so many. */
struct control {
    _Atomic int64_t write_every, write_errno, short_every, late_ms, fsync_every,
        fsync_errno, directory_every, rename_every, allocate_every, clock_s, seen;
};

enum {
    MAX_SPARED = 8,
};

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static struct control calm, *control = &calm;
static struct {
    uintptr_t from, to;
} spared[MAX_SPARED];
static size_t spared_count;

static int
spare(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    if (strstr(info->dlpi_name, "libg") == NULL ||
        (strstr(info->dlpi_name, "libglib") == NULL &&
         strstr(info->dlpi_name, "libgobject") == NULL &&
         strstr(info->dlpi_name, "libgmime") == NULL))
        return 0;
    for (int i = 0; i < info->dlpi_phnum && spared_count < MAX_SPARED; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
            continue;
        spared[spared_count].from = info->dlpi_addr + p->p_vaddr;
        spared[spared_count++].to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
    }
    return 0;
}

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv("FAULTS_CONTROL");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *mapped =
        fd < 0 ? MAP_FAILED
               : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    (void)dl_iterate_phdr(spare, NULL);
    if (mapped != MAP_FAILED)
        control = mapped;
    if (fd >= 0)
        (void)close(fd);
}

/* Is it time for this one? */
static bool
strikes(_Atomic int64_t *every)
{
    int64_t n = *every;

    return n > 0 && ++control->seen % n == 0;
}

static bool
is_spool(int fd)
{
    char link[64], path[4096];
    ssize_t n;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/spool") != NULL;
}

static void
be_late(void)
{
    int64_t ms = control->late_ms;

    if (ms > 0)
        (void)usleep((useconds_t)ms * 1000);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
    if ((control->write_every | control->short_every | control->late_ms) != 0 &&
        is_spool(fd)) {
        be_late();
        if (strikes(&control->write_every)) {
            errno = (int)control->write_errno;
            return -1;
        }
        if (n > 1 && strikes(&control->short_every))
            n /= 2;
    }
    return syscall(SYS_write, fd, bytes, n);
}

static bool
is_directory(int fd)
{
    return (fcntl(fd, F_GETFL) & O_DIRECTORY) != 0;
}

int
fsync(int fd)
{
    if ((control->fsync_every | control->directory_every | control->late_ms) != 0 &&
        is_spool(fd)) {
        be_late();
        if (strikes(is_directory(fd) ? &control->directory_every
                                     : &control->fsync_every)) {
            errno = (int)control->fsync_errno;
            return -1;
        }
    }
    return (int)syscall(SYS_fsync, fd);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (strikes(&control->rename_every)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

/* ---- memory ---- */

static bool
denied(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;

    if (control->allocate_every == 0)
        return false;
    for (size_t i = 0; i < spared_count; i++) {
        if (at >= spared[i].from && at < spared[i].to)
            return false;
    }
    if (!strikes(&control->allocate_every))
        return false;
    errno = ENOMEM;
    return true;
}

void *
malloc(size_t n)
{
    return denied(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
    return denied(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
    return denied(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

/* ---- the clock of the calendar; waiting goes by the other one ---- */

int
clock_gettime(clockid_t clock, struct timespec *out)
{
    int code = (int)syscall(SYS_clock_gettime, clock, out);

    if (clock == CLOCK_REALTIME)
        out->tv_sec += control->clock_s;
    return code;
}

time_t
time(time_t *out)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (out != NULL)
        *out = t.tv_sec;
    return t.tv_sec;
}
