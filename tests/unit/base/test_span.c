#include "base/span.h"
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* 2026-11-23T17:06:07Z */
#define NOW INT64_C(1795453567)
#define DAY INT64_C(86400)
/* 2026-11-23T00:00:00Z */
#define TODAY INT64_C(1795392000)

static const struct {
    const char *text;
    bool ok;
    int64_t first, last;
} cases[] = {
    {"now", true, NOW, NOW},
    {"today", true, TODAY, TODAY + DAY - 1},
    {"yesterday", true, TODAY - DAY, TODAY - 1},
    {"36h", true, NOW - 36 * 3600, NOW - 36 * 3600},
    {"7d", true, NOW - 7 * DAY, NOW - 7 * DAY},
    {"2w", true, NOW - 14 * DAY, NOW - 14 * DAY},
    {"0d", true, NOW, NOW},
    {"1m", true, NOW - 31 * DAY, NOW - 31 * DAY},
    {"9m", true, NOW - 273 * DAY, NOW - 273 * DAY}, /* 2026-02-23 */
    {"0m", true, NOW, NOW},
    {"monday", true, TODAY, TODAY + DAY - 1}, /* today is one */
    {"Sunday", true, TODAY - DAY, TODAY - 1},
    {"tuesday", true, TODAY - 6 * DAY, TODAY - 5 * DAY - 1},
    {"this week", true, TODAY, TODAY + 7 * DAY - 1},
    {"last week", true, TODAY - 7 * DAY, TODAY - 1},
    {"last-week", true, TODAY - 7 * DAY, TODAY - 1},
    {"this month", true, TODAY - 22 * DAY, TODAY + 8 * DAY - 1},
    {"Last Month", true, TODAY - 53 * DAY, TODAY - 22 * DAY - 1},
    {"2026-11-01", true, TODAY - 22 * DAY, TODAY - 21 * DAY - 1},
    {"2024-02-29", true, 1709164800, 1709164800 + DAY - 1},
    {"1970-01-01", true, 0, DAY - 1},
    {"2026-11-01T12:00:00Z", true, TODAY - 22 * DAY + 43200, TODAY - 22 * DAY + 43200},
    {"2026-11-01T12:00:00+02:00", true, TODAY - 22 * DAY + 36000,
     TODAY - 22 * DAY + 36000},
    {"2026-11-01T12:00:00", true, TODAY - 22 * DAY + 43200, TODAY - 22 * DAY + 43200},
    {"", false, 0, 0},
    {"7", false, 0, 0},
    {"d", false, 0, 0},
    {"7days", false, 0, 0},
    {"-7d", false, 0, 0},
    {"7 d", false, 0, 0},
    {"7D", false, 0, 0},
    {"1000000d", false, 0, 0},
    {"999999d", false, 0, 0}, /* before 1970 */
    {"1969-12-31", false, 0, 0},
    {"2026-02-29", false, 0, 0},
    {"2026-13-01", false, 0, 0},
    {"2026-11-01T25:00:00Z", false, 0, 0},
    {"tomorrow", false, 0, 0},
    {"last", false, 0, 0},
    {"last week of all", false, 0, 0},
    {"999999m", false, 0, 0}, /* before the year 0 */
    {"700m", false, 0, 0},
};

static void
test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span span = {0};
        struct err e = {0};

        if (span_parse(cases[i].text, NOW, &span, &e) != cases[i].ok ||
            (cases[i].ok &&
             (span.first != cases[i].first || span.last != cases[i].last)) ||
            (!cases[i].ok && e.kind != ERR_INPUT))
            fail_msg("\"%s\": %lld to %lld, %s", cases[i].text, (long long)span.first,
                     (long long)span.last, e.text);
    }
}

/* 1m before the 31st of March there is no 31st. */
static void
test_months(void **state)
{
    const int64_t march = (int64_t)when_day_of(2026, 3, 31) * DAY + 5;
    const int64_t january = (int64_t)when_day_of(2026, 1, 31) * DAY;
    struct span span;
    struct err e = {0};

    (void)state;
    assert_true(span_parse("1m", march, &span, &e));
    assert_true(span.first == (int64_t)when_day_of(2026, 2, 28) * DAY + 5);
    assert_true(span_parse("last month", january, &span, &e));
    assert_true(span.first == (int64_t)when_day_of(2025, 12, 1) * DAY);
    assert_true(span.last == (int64_t)when_day_of(2026, 1, 1) * DAY - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse),
                                       cmocka_unit_test(test_months)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
