#include "base/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    ROWS = 1000
};

/* Every element stays what it was, wherever the array moves. */
static void
test_grow(void **state)
{
    uint32_t *rows = NULL, *in = NULL;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        rows = rows_grow(rows, i, sizeof *rows, NULL);
        in = rows_grow_in(&a, in, i, sizeof *in, NULL);
        assert_true(rows != NULL && in != NULL);
        rows[i] = in[i] = i;
        for (uint32_t k = 0; k <= i; k++)
            assert_true(rows[k] == k && in[k] == k);
    }
    arena_clear(&a);
    free(rows);
}

static void
test_no_memory(void **state)
{
    struct arena a;
    struct err e = {0};

    (void)state;
    arena_init(&a, 1);
    assert_null(rows_grow_in(&a, NULL, 0, 1, &e));
    assert_int_equal(e.kind, ERR_AGAIN);
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
