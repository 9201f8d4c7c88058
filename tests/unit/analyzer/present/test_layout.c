#include "analyzer/present/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct column whole = {"w", "W", COLUMN_TEXT, -1, COLOUR_NONE};
static const struct column text = {"t", "T", COLUMN_TEXT, 0, COLOUR_NONE};
static const struct column count = {"c", "C", COLUMN_COUNT, 0, COLOUR_NONE};
static const struct column spare1 = {"s", "S", COLUMN_TEXT, 1, COLOUR_NONE};
static const struct column spare2 = {"p", "P", COLUMN_LIST, 2, COLOUR_NONE};

static const struct {
    const char *name;
    const struct column *columns[4];
    size_t natural[4];
    size_t width;
    size_t widths[4];
} cases[] = {
    {"no limit",
     {&whole, &text, &spare1, &spare2},
     {10, 90, 80, 70},
     0,
     {10, 90, 80, 70}},
    {"fits", {&whole, &text, &spare1, &spare2}, {10, 20, 10, 10}, 56, {10, 20, 10, 10}},
    {"one less: the list is cut first to its comfort",
     {&whole, &text, &spare1, &spare2},
     {10, 20, 10, 20},
     60,
     {10, 20, 10, 14}},
    {"the highest goes first",
     {&whole, &text, &spare1, &spare2},
     {10, 20, 10, 12},
     50,
     {10, 20, 10, 0}},
    {"then the next",
     {&whole, &text, &spare1, &spare2},
     {10, 20, 10, 12},
     40,
     {10, 20, 0, 0}},
    {"what may be cut is",
     {&whole, &text, &count, &spare2},
     {10, 40, 10, 12},
     36,
     {10, 12, 10, 0}},
    {"but not to nothing",
     {&whole, &text, &count, &spare2},
     {10, 40, 10, 12},
     20,
     {10, 8, 10, 0}},
    {"what is left goes back",
     {&text, &text, &count, &whole},
     {40, 30, 5, 5},
     80,
     {34, 30, 5, 5}},
};

static void
test_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layout l = {.count = 4};

        for (size_t k = 0; k < 4; k++) {
            l.columns[k] = cases[i].columns[k];
            l.natural[k] = cases[i].natural[k];
        }
        layout_fit(&l, cases[i].width);
        for (size_t k = 0; k < 4; k++) {
            if (l.widths[k] != cases[i].widths[k])
                fail_msg("%s: column %zu is %zu, not %zu", cases[i].name, k, l.widths[k],
                         cases[i].widths[k]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fit)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
