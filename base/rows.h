/* Arrays that grow. Pure. */
#pragma once
#include "base/arena.h"

/* The array with room for one element behind its `count`: itself, or moved; NULL when
 * memory runs out, and then the old one is still there. What room there is follows from
 * the count alone, so every element must be appended with this. */
MUST_USE void *rows_grow(void *rows, size_t count, size_t size, struct err *e);

/* The same for an array that lives in an arena. */
MUST_USE void *rows_grow_in(struct arena *a, void *rows, size_t count, size_t size,
                            struct err *e);
