#include "base/clock.h"

#include <time.h>

enum {
    MS = 1000,
    NS_OF_MS = 1000000,
};

int64_t
clock_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * MS + t.tv_nsec / NS_OF_MS;
}

int64_t
clock_s(void)
{
    return clock_ms() / MS;
}

int64_t
clock_cpu_us(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_ms_in(int64_t seconds)
{
    return clock_ms() + seconds * MS;
}

void
clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

bool
clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms)
{
    const struct timespec until = {.tv_sec = deadline_ms / MS,
                                   .tv_nsec = deadline_ms % MS * NS_OF_MS};

    if (deadline_ms == INT64_MAX)
        return pthread_cond_wait(cond, lock) == 0;
    return pthread_cond_timedwait(cond, lock, &until) == 0;
}
