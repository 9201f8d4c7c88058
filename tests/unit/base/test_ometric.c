/* What Prometheus is given, to the byte; that it can read it is tested with promtool. */
#include "base/ometric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
write_all(struct ometric *m)
{
    const double bounds[] = {0.5, 10};
    const int64_t cumulative[] = {1, 3};
    const struct ometric_label label[] = {{"a", "x"}, {"b", "y"}};

    ometric_family(m, OMETRIC_COUNTER, "t_sessions", NULL, "How many\nwith \\ and \".");
    ometric_integer(m, label, 2, INT64_MAX);
    ometric_family(m, OMETRIC_GAUGE, "t_age_seconds", "seconds", "Age.");
    ometric_number(m, NULL, 0, 0.25);
    ometric_number(m, label, 1, INFINITY);
    ometric_family(m, OMETRIC_INFO, "t_build", NULL, "Version.");
    ometric_integer(m, label, 1, 1);
    ometric_family(m, OMETRIC_HISTOGRAM, "t_lag_seconds", "seconds", "Lag.");
    ometric_histogram(m, label, 1,
                      &(struct ometric_histogram){bounds, cumulative, 2, 4, 123.5});
    assert_true(ometric_end(m));
}

static void
writes_the_text_format(void **state)
{
    struct ometric m;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    ometric_init(&m, OMETRIC_TEXT, &out);
    write_all(&m);
    assert_string_equal(out.bytes,
                        "# HELP t_sessions_total How many\\nwith \\\\ and \".\n"
                        "# TYPE t_sessions_total counter\n"
                        "t_sessions_total{a=\"x\",b=\"y\"} 9223372036854775807\n"
                        "# HELP t_age_seconds Age.\n"
                        "# TYPE t_age_seconds gauge\n"
                        "t_age_seconds 0.25\n"
                        "t_age_seconds{a=\"x\"} +Inf\n"
                        "# HELP t_build_info Version.\n"
                        "# TYPE t_build_info gauge\n"
                        "t_build_info{a=\"x\"} 1\n"
                        "# HELP t_lag_seconds Lag.\n"
                        "# TYPE t_lag_seconds histogram\n"
                        "t_lag_seconds_bucket{a=\"x\",le=\"0.5\"} 1\n"
                        "t_lag_seconds_bucket{a=\"x\",le=\"10\"} 3\n"
                        "t_lag_seconds_bucket{a=\"x\",le=\"+Inf\"} 4\n"
                        "t_lag_seconds_sum{a=\"x\"} 123.5\n"
                        "t_lag_seconds_count{a=\"x\"} 4\n");
    buf_clear(&out);
}

static void
writes_openmetrics(void **state)
{
    struct ometric m;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    ometric_init(&m, OMETRIC_OPENMETRICS, &out);
    write_all(&m);
    assert_non_null(strstr(out.bytes, "# TYPE t_sessions counter\nt_sessions_total{"));
    assert_non_null(strstr(out.bytes, "# UNIT t_age_seconds seconds\n"));
    assert_non_null(strstr(out.bytes, "# TYPE t_build info\nt_build_info{"));
    assert_non_null(strstr(out.bytes, "le=\"10.0\"} 3\n"));
    assert_non_null(strstr(out.bytes, "_count{a=\"x\"} 4\n# EOF\n"));
    buf_clear(&out);
}

static void
escapes_what_a_label_may_not_hold(void **state)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"example.org", "example.org"},
        {"", ""},
        {"a\"} 1\nevil{b=\"", "a\\\"} 1\\\\x0aevil{b=\\\""},
        {"back\\slash", "back\\\\x5cslash"},
        {"\\x1b", "\\\\x5cx1b"},
        {"\x1b[31m", "\\\\x1b[31m"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xe2\x80\x8b", "\\\\u{200b}"},
        {"\xc2\x9b", "\\\\u{9b}"},
        {"\x9b", "\\\\x9b"},
        {"\xff", "\\\\xff"},
        {"\r", "\\\\x0d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ometric_label label = {"l", cases[i].value};
        char want[128];
        struct ometric m;
        struct buf out;

        buf_init(&out, 0);
        ometric_init(&m, OMETRIC_TEXT, &out);
        ometric_family(&m, OMETRIC_GAUGE, "g", NULL, "");
        buf_reset(&out);
        ometric_integer(&m, &label, 1, -1);
        (void)snprintf(want, sizeof want, "g{l=\"%s\"} -1\n", cases[i].want);
        assert_string_equal(out.bytes, want);
        buf_clear(&out);
    }
}

static void
tells_that_it_does_not_fit(void **state)
{
    struct ometric m;
    struct buf out;

    (void)state;
    buf_init(&out, 20);
    ometric_init(&m, OMETRIC_TEXT, &out);
    ometric_family(&m, OMETRIC_GAUGE, "a_long_name_of_a_gauge", NULL, "");
    assert_false(ometric_end(&m));
    buf_clear(&out);
}

static void
gives_what_was_asked_for(void **state)
{
    static const struct {
        const char *accept;
        enum ometric_format want;
    } cases[] = {
        {NULL, OMETRIC_TEXT},
        {"", OMETRIC_TEXT},
        {"*/*", OMETRIC_TEXT},
        {"text/plain;version=0.0.4", OMETRIC_TEXT},
        {"application/openmetrics-text", OMETRIC_OPENMETRICS},
        {"Application/OpenMetrics-Text; version=1.0.0", OMETRIC_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0;q=0.5,"
         "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0."
         "3,*/*;q=0.2",
         OMETRIC_OPENMETRICS},
        {"text/plain, application/openmetrics-text;q=0.1", OMETRIC_OPENMETRICS},
        {"application/openmetrics-text;q=0, text/plain", OMETRIC_TEXT},
        {"application/openmetrics-text;q=0.0", OMETRIC_TEXT},
        {"application/openmetrics-textual", OMETRIC_TEXT},
        {", ,", OMETRIC_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ometric_negotiate(cases[i].accept), cases[i].want);
    assert_non_null(strstr(ometric_content_type(OMETRIC_TEXT), "version=0.0.4"));
    assert_non_null(strstr(ometric_content_type(OMETRIC_OPENMETRICS), "version=1.0.0"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_text_format),
        cmocka_unit_test(writes_openmetrics),
        cmocka_unit_test(escapes_what_a_label_may_not_hold),
        cmocka_unit_test(tells_that_it_does_not_fit),
        cmocka_unit_test(gives_what_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
