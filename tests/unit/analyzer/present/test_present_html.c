/* Rows and prose as HTML: links, numbers, hostile texts, the end of a list. */
#include "analyzer/present/present_html.h"
#include "analyzer/present/prose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"received", "RECEIVED", COLUMN_INSTANT, 3, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"trust", "TRUST", COLUMN_TEXT, 0, COLOUR_WORD},
    {"quirks", "QUIRKS", COLUMN_LIST, 0, COLOUR_NONE},
    {"id", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
};

static const char *const rows[][6] = {
    {"<b>&\"'", "1772323200", "1234567", "unverified", "[\"<i>\", \"b\"]", "one"},
    {"a.example", NULL, "0", NULL, "[]", "two"},
    {"b.example", "0", "1", "verified", "[]", "three"},
};

static void
test_table(void **state)
{
    static const char *const wanted[] = {
        "<caption>All &lt;of it&gt;</caption>",
        "<th scope=\"col\"",
        "<th scope=\"row\"",
        "<a href=\"/p/domain/%3Cb%3E%26%22%27?since=7d\">&lt;b&gt;&amp;&quot;&#39;</a>",
        "<time datetime=\"2026-03-01T00:00:00Z\">2026-03-01 00:00</time>",
        "bad\">1,234,567<",
        "warn\">unverified<",
        "&lt;i&gt;, b",
    };
    struct buf out;
    struct html h = {&out, "/p", "since=7d"};
    struct html_table table = {.html = &h, .caption = "All <of it>", .most = 2};
    struct view v;
    struct err e = {0};

    (void)state;
    buf_init(&out, 0);
    present_html_into(&v, &table);
    assert_true(view_begin(&v, columns, 6, &e));
    assert_true(view_row(&v, rows[0], &e));
    assert_true(view_row(&v, rows[1], &e));
    assert_false(view_row(&v, rows[2], &e)); /* no more than two */
    assert_int_equal(e.kind, ERR_NONE);
    assert_true(table.more);
    assert_string_equal(table.id, "two");
    assert_string_equal(table.received, "2026-03-01T00:00:00Z");
    view_clear(&v);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strstr(out.bytes, wanted[i]) == NULL)
            fail_msg("no %s in %s", wanted[i], out.bytes);
    }
    assert_null(strstr(out.bytes, "b.example"));
    assert_null(strstr(out.bytes, "<b>"));
    buf_clear(&out);
}

static void
test_prose(void **state)
{
    struct buf out;
    struct html h = {&out, "/p", ""};
    struct prose p;
    struct err e = {0};

    (void)state;
    buf_init(&out, 0);
    prose_init_html(&p, &h);
    prose_heading(&p, "<Head>");
    prose_field(&p, 2, "label", TONE_BAD, "<v>");
    prose_field(&p, 0, "", TONE_PLAIN, "more");
    prose_field(&p, 0, "absent", TONE_PLAIN, "");
    prose_linked(&p, "sender", "%b/sender/%u%k", "a/b");
    prose_text(&p, 0, "para & graph");
    prose_line(&p, TONE_PLAIN, "  . #");
    prose_line(&p, TONE_DIM, "dim");
    prose_link(&p, "%b/report/%u%k", "id", "text");
    assert_true(prose_end(&p, &e));
    prose_clear(&p);
    assert_string_equal(
        out.bytes,
        "<h2>&lt;Head&gt;</h2>\n"
        "<dl><dt class=\"in1\">label</dt><dd><span class=\"bad\">&lt;v&gt;</span></dd>\n"
        "<dd>more</dd>\n"
        "<dt>sender</dt><dd><a href=\"/p/sender/a%2Fb\">a/b</a></dd>\n"
        "</dl>\n"
        "<p>para &amp; graph</p>\n"
        "<pre tabindex=\"0\">  . #\n<span class=\"dim\">dim</span>\n</pre>\n"
        "<ul class=\"links\"><li><a href=\"/p/report/id\">text</a></li>\n</ul>\n");
    buf_clear(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_prose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
