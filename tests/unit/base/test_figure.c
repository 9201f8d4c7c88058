#include "base/figure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    int64_t n;
    const char *brief;
    int64_t axis;
} numbers[] = {
    {0, "0", 2},
    {7, "7", 8},
    {999, "999", 1000},
    {1000, "1 k", 1000},
    {1234, "1.2 k", 1600},
    {20001, "20 k", 40000},
    {10100, "10 k", 12000},
    {1234567, "1.2 M", 1600000},
    {-1234, "-1234", 2},
    {INT64_MAX, "9.2 E", INT64_MAX},
};

static void
test_numbers(void **state)
{
    char text[FIGURE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_string_equal(figure_brief(numbers[i].n, text), numbers[i].brief);
        assert_true(figure_axis_end(numbers[i].n) == numbers[i].axis);
    }
}

static void
test_shares(void **state)
{
    char text[FIGURE_SIZE];

    (void)state;
    assert_string_equal(figure_share(0, 7, text), "0 %");
    assert_string_equal(figure_share(7, 7, text), "100 %");
    assert_string_equal(figure_share(1, 80, text), "1.2 %");
    assert_string_equal(figure_share(1, 300, text), "0.33 %");
    assert_string_equal(figure_share(1, 30000, text), "0.0033 %");
    assert_string_equal(figure_share(1, INT64_MAX, text), "<0.0001 %");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
