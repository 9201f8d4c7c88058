/* The table stands in the order of its enum, and no verdict bounces a mail. */
#include "collector/intake/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
rows_stand_in_order_and_never_bounce(void **state)
{
    (void)state;
    for (int v = 0; v < VERDICT_COUNT; v++) {
        const struct verdict_row *row = verdict_find((enum verdict)v);

        assert_int_equal(row->verdict, v);
        assert_non_null(row->label);
        assert_in_range(row->http_status, 200, 503);
        assert_true(row->lmtp_reply[0] == '2' || row->lmtp_reply[0] == '4');
        assert_true(row->exit_code == 0 || row->exit_code == 75);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_in_order_and_never_bounce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
