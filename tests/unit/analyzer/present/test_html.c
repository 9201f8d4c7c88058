/* Escaping, addresses, numbers and days. */
#include "analyzer/present/html.h"
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text, *want;
} texts[] = {
    {"plain", "plain"},
    {"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
    {"\"&amp;", "&quot;&amp;amp;"},
    {"\xC3\xA9\xE4\xB8\xAD", "\xC3\xA9\xE4\xB8\xAD"},
    {"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"},
    {"\xE2\x80\xAE"
     "exe",
     "\\u{202e}exe"},
    {"\xFF<", "\\xff&lt;"},
    {"", ""},
};

static void
test_text(void **state)
{
    struct buf out;
    struct html h = {&out, "", ""};

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_reset(&out);
        (void)buf_puts(&out, "");
        html_text(&h, texts[i].text);
        assert_string_equal(out.bytes, texts[i].want);
    }
    buf_clear(&out);
}

static void
test_template(void **state)
{
    struct buf out;
    struct html h = {&out, "/a&b", "since=7d&trust=verified"};

    (void)state;
    buf_init(&out, 0);
    html_put(&h, "<a href=\"%b/domain/%u%k\">%s</a>100%% %d", "a/b?\"\xC3\xA9.com", "<b>",
             INT64_C(-1234567));
    assert_string_equal(out.bytes,
                        "<a href=\"/a&amp;b/domain/a%2Fb%3F%22%C3%A9.com?since=7d&amp;"
                        "trust=verified\">&lt;b&gt;</a>100% -1,234,567");
    buf_reset(&out);
    h.kept = "";
    html_put(&h, "%k%K|%d|%d|%d%s", INT64_C(0), INT64_C(999), INT64_C(1000),
             (char *)NULL);
    assert_string_equal(out.bytes, "|0|999|1,000");
    buf_clear(&out);
}

static void
test_days(void **state)
{
    int32_t today = when_day_of(2026, 11, 23);
    char text[HTML_DAY_SIZE];

    (void)state;
    assert_string_equal(html_day(when_day_of(2026, 11, 3), today, text), "Tue 3 Nov");
    assert_string_equal(html_day(when_day_of(2025, 12, 31), today, text),
                        "Wed 31 Dec 2025");
    assert_string_equal(html_day(-1, 0, text), "Wed 31 Dec 1969");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
