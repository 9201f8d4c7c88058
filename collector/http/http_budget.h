/* How many bytes each network sends by the hour, for a flood. Thread-safe. */
#pragma once
#include "base/peer.h"

#include <stddef.h>

struct budget;

/* `bytes_per_hour` beyond which a network is told to slow down. */
MUST_USE bool budget_new(int64_t bytes_per_hour, struct budget **out, struct err *e);
void budget_free(struct budget *b); /* NULL is fine */

/* 0 when the network of `p` may send on at `now` (seconds), else after how many seconds
 * it may. */
int64_t budget_wait_s(struct budget *b, const struct peer *p, int64_t now);

/* Bytes of it that came, for the hour. */
void budget_spend(struct budget *b, const struct peer *p, size_t bytes, int64_t now);
