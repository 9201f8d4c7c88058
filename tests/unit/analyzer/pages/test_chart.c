#include "analyzer/pages/chart.h"

#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t
count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

enum {
    DAYS = 30
};

static void
draw(const struct chart_mark *marks, size_t mark_count, int width, struct buf *out)
{
    struct chart_day days[DAYS];
    struct chart c = {20000, days, DAYS, marks, mark_count};

    struct html h = {out, "/base", "as_of=x"};

    for (int i = 0; i < DAYS; i++)
        days[i] = (struct chart_day){i != 3, i == 3 ? 0 : 1000000, i == 7 ? 1 : 0};
    buf_init(out, 0);
    chart_draw(&h, &c, width);
    assert_false(out->failed);
}

static void
test_days(void **state)
{
    struct buf out;

    (void)state;
    draw(NULL, 0, CHART_WIDE, &out);
    assert_non_null(strstr(out.bytes, "Sessions: 29,000,000<"));
    assert_non_null(strstr(out.bytes, "Failures: 1, &lt;0.0001 % of sessions<"));
    assert_non_null(strstr(out.bytes, ">2024-10-04: 0 of 1,000,000 sessions failed<"));
    assert_non_null(strstr(out.bytes, ">2024-10-07: no reports<"));
    assert_non_null(strstr(out.bytes, ">2024-10-11: 1 of 1,000,000 sessions failed<"));
    assert_int_equal(count(out.bytes, "class=\"tick\""), 4); /* Mondays */
    assert_null(strstr(out.bytes, "style"));
    buf_clear(&out);
    draw(NULL, 0, CHART_NARROW, &out);
    assert_null(strstr(out.bytes, "<title>"));
    buf_clear(&out);
}

static void
test_marks(void **state)
{
    static const struct chart_mark marks[] = {
        {19990, 20000, "change", "c", "from before", NULL},
        {20002, 20010, "critical", "1", "<b> & \"it\"", "12\"<"},
        {20005, 20006, "warning", "2", "beside it", NULL},
        {20020, 20090, "warning", "3", "goes on", NULL},
        {19000, 19999, "change", "a", "before", NULL},
        {20030, 20031, "change", "b", "after", NULL},
    };
    struct buf out;

    (void)state;
    draw(marks, sizeof marks / sizeof *marks, CHART_WIDE, &out);
    assert_int_equal(count(out.bytes, "<g class=\"mark "), 4);
    assert_non_null(
        strstr(out.bytes,
               "<a href=\"/base/finding/12%22%3C?as_of=x\"><g class=\"mark critical\">"));
    assert_non_null(strstr(out.bytes, "<title>&lt;b&gt; &amp; &quot;it&quot;</title>"));
    assert_int_equal(count(out.bytes, "class=\"since "),
                     3); /* not of the one from before */
    assert_non_null(strstr(out.bytes, "viewBox=\"0 0 840 330\"")); /* two lanes */
    buf_clear(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(test_days),
        cmocka_unit_test(test_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
