/* Several questions at once, for a thread that may wait. */
#include "base/resolver.h"

#include <pthread.h>
#include <stdlib.h>

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t open;
};

struct slot {
    struct waiting *waiting;
    struct dns_answer **answer;
};

static void
arrived(void *ctx, const struct dns_answer *answer)
{
    struct slot *s = ctx;
    struct waiting *w = s->waiting;

    *s->answer = dns_answer_copy(answer);
    (void)pthread_mutex_lock(&w->lock);
    if (--w->open == 0)
        (void)pthread_cond_signal(&w->done);
    (void)pthread_mutex_unlock(&w->lock);
}

void
resolver_wait(struct resolver *r, const char *const names[], size_t count,
              enum dns_type type, int timeout_ms, struct dns_answer *answers[])
{
    struct waiting w = {.open = count};
    struct slot *slots = calloc(count + 1, sizeof *slots);

    for (size_t i = 0; i < count; i++)
        answers[i] = NULL;
    if (slots == NULL)
        return;
    (void)pthread_mutex_init(&w.lock, NULL);
    (void)pthread_cond_init(&w.done, NULL);
    for (size_t i = 0; i < count; i++) {
        slots[i] = (struct slot){&w, &answers[i]};
        resolver_ask(r, names[i], type, timeout_ms, arrived, &slots[i]);
    }
    (void)pthread_mutex_lock(&w.lock);
    while (w.open > 0) /* every question has its deadline */
        (void)pthread_cond_wait(&w.done, &w.lock);
    (void)pthread_mutex_unlock(&w.lock);
    (void)pthread_cond_destroy(&w.done);
    (void)pthread_mutex_destroy(&w.lock);
    free(slots);
}
