/* What an import says of itself. */
#include "collector/import/import_progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name;
    struct import_tally tally;
    size_t total_bytes;
    int64_t elapsed_ms;
    int cells;
    const char *want;
} states[] = {
    {"nothing yet", {0}, 1000, 0, 10, "0 read, 0/s"},
    {"half",
     {.bytes = 500, .verdicts[VERDICT_STORED] = 50, .verdicts[VERDICT_AGAIN] = 50},
     1000,
     10000,
     10,
     "[#####.....]  50%  100 read, 10/s, 0:10 left"},
    {"no bar",
     {.bytes = 10, .verdicts[VERDICT_IGNORED] = 1},
     1000,
     1000,
     0,
     "  1%  1 read, 1/s, 1:39 left"},
    {"size not known",
     {.bytes = 10, .verdicts[VERDICT_STORED] = 3},
     0,
     1000,
     10,
     "3 read, 3/s"},
    {"grew meanwhile",
     {.bytes = 20, .verdicts[VERDICT_STORED] = 3},
     10,
     1000,
     4,
     "[####] 100%  3 read, 3/s, 0:00 left"},
};

static void
prints_a_state(void **state)
{
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        buf_init(&out, 0);
        assert_true(progress_print(&states[i].tally, states[i].total_bytes,
                                   states[i].elapsed_ms, states[i].cells, &out));
        if (strcmp(out.bytes, states[i].want) != 0)
            fail_msg("%s: %s", states[i].name, out.bytes);
        buf_clear(&out);
    }
}

static void
sums_up_what_occurred(void **state)
{
    const struct import_tally tally = {.verdicts[VERDICT_STORED] = 7,
                                       .verdicts[VERDICT_UNRECOGNIZED] = 3};
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    assert_true(progress_summary(&tally, 2000, false, &out));
    assert_string_equal(out.bytes, "10 read in 2.0 s (5/s)\n"
                                   "        7 stored\n"
                                   "        3 no reports\n");
    buf_reset(&out);
    assert_true(progress_summary(&tally, 2000, true, &out));
    assert_non_null(strstr(out.bytes, "nothing was kept"));
    buf_clear(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_a_state),
        cmocka_unit_test(sums_up_what_occurred),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
