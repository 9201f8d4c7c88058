/* The clock that nobody sets (CLOCK_MONOTONIC): for deadlines, and for conditions that
 * wait until one. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

int64_t clock_ms(void);
int64_t clock_s(void);
int64_t clock_cpu_us(void);           /* that this thread has had of a processor */
int64_t clock_ms_in(int64_t seconds); /* as it will be then */

/* A condition for clock_wait(). */
void clock_cond_init(pthread_cond_t *cond);

/* Waits with the lock held; false once the deadline is over. INT64_MAX: for ever. */
bool clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);
