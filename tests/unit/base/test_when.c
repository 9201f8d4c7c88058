/* Dates as senders write them, and the calendar. */
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
    BOTH = WHEN_NO_ZONE | WHEN_NOT_3339
};

static const struct {
    const char *text;
    bool ok;
    int64_t instant;
    unsigned form;
} dates[] = {
    {"2026-03-01T00:00:00Z", true, 1772323200, 0},
    {"2026-03-01t00:00:00z", true, 1772323200, 0},
    {"2026-03-01T02:00:00+02:00", true, 1772323200, 0},
    {"2026-02-28T18:30:00-05:30", true, 1772323200, 0},
    {"2026-03-01T00:00:00.999999Z", true, 1772323200, 0},
    {"2026-02-28T23:59:60Z", true, 1772323200, 0},
    {"2024-02-29T00:00:00Z", true, 1709164800, 0},
    {"1969-12-31T23:59:59Z", true, -1, 0},
    {"2023-01-10T00:00:00", true, 1673308800, WHEN_NO_ZONE},
    {"2026-03-01", true, 1772323200, BOTH},
    {"2026-03-01 ", true, 1772323200, BOTH},
    {"2026-03-01T00:00Z", true, 1772323200, WHEN_NOT_3339},
    {"2026-03-01 00:00:00Z", true, 1772323200, WHEN_NOT_3339},
    {"2026-03-01 00:00:00 +0000", true, 1772323200, WHEN_NOT_3339},
    {"2026-03-01T02:00:00+02", true, 1772323200, WHEN_NOT_3339},
    {" 2026-03-01T00:00:00Z\n", true, 1772323200, WHEN_NOT_3339},
    {"2026-02-28T24:00:00Z", true, 1772323200, WHEN_NOT_3339},
    {"2026-02-28T24:00:01Z", false, 0, 0},
    {"2026-02-29T00:00:00Z", false, 0, 0},
    {"2026-13-01T00:00:00Z", false, 0, 0},
    {"2026-00-01T00:00:00Z", false, 0, 0},
    {"2026-03-00T00:00:00Z", false, 0, 0},
    {"2026-03-01T23:60:00Z", false, 0, 0},
    {"2026-03-01T23:00:61Z", false, 0, 0},
    {"2026-03-01T00:00:00+24:00", false, 0, 0},
    {"2026-03-01T00:00:00.Z", false, 0, 0},
    {"2026-03-01T00:00:00+02:", false, 0, 0},
    {"2026-03-01T00:00:00+2", false, 0, 0},
    {"2026-03-01T00:00:00ZZ", false, 0, 0},
    {"2026-03-01T00:00:00 UTC", false, 0, 0},
    {"2026-03-01T", false, 0, 0},
    {"2026-03-0100:00:00Z", false, 0, 0},
    {"26-03-01", false, 0, 0},
    {"1772323200", false, 0, 0},
    {"", false, 0, 0},
};

static void
reads_dates_as_senders_write_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        int64_t instant = 0;
        unsigned form = 0;

        if (when_parse_rfc3339(dates[i].text, strlen(dates[i].text), &instant, &form) !=
                dates[i].ok ||
            (dates[i].ok && (instant != dates[i].instant || form != dates[i].form)))
            fail_msg("%s: got %lld, form %u", dates[i].text, (long long)instant, form);
    }
}

static void
reads_no_byte_behind_the_end(void **state)
{
    const char *text = "2026-03-01T00:00:00Z";
    int64_t instant = 0;
    unsigned form = 0;

    (void)state;
    assert_true(when_parse_rfc3339(text, 19, &instant, &form));
    assert_int_equal(form, WHEN_NO_ZONE);
    assert_false(when_parse_rfc3339(text, 18, &instant, &form));
}

static void
agrees_with_libc_on_every_day(void **state)
{
    (void)state;
    for (int32_t day = -719528; day <= 2932896; day += 3) {
        time_t t = (time_t)day * WHEN_DAY_S;
        struct tm tm;
        struct when_date d = when_date_of(day);

        assert_non_null(gmtime_r(&t, &tm));
        if (d.year != tm.tm_year + 1900 || d.month != tm.tm_mon + 1 ||
            d.day != tm.tm_mday || when_day_of(d.year, d.month, d.day) != day)
            fail_msg("day %d: got %d-%d-%d", day, d.year, d.month, d.day);
    }
}

static void
prints_instants_and_days(void **state)
{
    char text[WHEN_INSTANT_SIZE];

    (void)state;
    assert_string_equal(when_print_instant(1772323200, text), "2026-03-01T00:00:00Z");
    assert_string_equal(when_print_instant(-1, text), "1969-12-31T23:59:59Z");
    assert_string_equal(when_print_instant(INT64_MAX, text), "9999-12-31T23:59:59Z");
    assert_string_equal(when_print_instant(INT64_MIN, text), "0000-01-01T00:00:00Z");
    assert_string_equal(when_print_day(when_day_of_instant(-1), text), "1969-12-31");
    assert_string_equal(when_print_day(20513, text), "2026-03-01");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_dates_as_senders_write_them),
        cmocka_unit_test(reads_no_byte_behind_the_end),
        cmocka_unit_test(agrees_with_libc_on_every_day),
        cmocka_unit_test(prints_instants_and_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
