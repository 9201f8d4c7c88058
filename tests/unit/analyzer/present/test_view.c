/* Every format, over rows with hostile texts, against snapshots. */
#include "analyzer/present/view.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../snapshot.h"

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"received", "RECEIVED", COLUMN_INSTANT, 3, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"share", "SHARE", COLUMN_NUMBER, 2, COLOUR_NONE},
    {"transport", "BY", COLUMN_TRANSPORT, 1, COLOUR_NONE},
    {"status", "STATUS", COLUMN_STATUS, 0, COLOUR_WORD},
    {"long_window", "LONG", COLUMN_FLAG, 4, COLOUR_NONE},
    {"quirks", "QUIRKS", COLUMN_LIST, 5, COLOUR_NONE},
    {"policies", NULL, COLUMN_JSON, 0, COLOUR_NONE},
};

enum {
    COLUMNS = sizeof columns / sizeof *columns
};

static const char *const rows[][COLUMNS] = {
    {"example.com", "2026-11-01", "1793491200", "0", "0.5", "1", "1", "f", "[]",
     "[{\"a\": 1}]"},
    {"a-much-longer-name-than-usual.mail.example.org", "2026-11-02", "1793577661",
     "1234567", "12.25", "4", "2", "t", "[\"late\",\"no-contact\"]", "null"},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    /* escape, C1, bidi, tag beyond the BMP, quote, backslash, line feed, comma */
    {"\x1b[31mred\xc2\x9b\xe2\x80\xae \"q\" \\ \n,\xf3\xa0\x81\x81", "2026-11-03", "0",
     "1", "0", "2", "3", "f", "[\"a\\u001b,b\",\"\xe2\x80\xae\"]",
     "{\"x\": \"\xe2\x80\xae\\u001b\"}"},
    {"=HYPERLINK(\"http://x\")", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\"+1\"]",
     "[]"},
    {"+1", "2026-11-04", "1", "2", "-1", "3", "1", "f", "[\"=1\"]", "[]"},
    {"-1", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\"-\"]", "[]"},
    {"@SUM(A1)", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\"@\"]", "[]"},
    {"＝1+1", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\"＋1\"]", "[]"},
    {"\t=1", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
    {"bücher.example 日本語", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
    {"not utf-8 \xff", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
    {" =1", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\"a\",\"=1\",\"-\"]",
     "[\"a;=1\"]"},
    {"\"=1", "2026-11-04", "1", "2", "1", "3", "1", "f", "[\" '+1\"]", "\"=1\""},
    {"a;=1;b; \"@SUM(A1);", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
    {" blank before", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
    {"", "2026-11-04", "1", "2", "1", "3", "1", "f", "[]", "[]"},
};

static const struct {
    const char *name;
    enum view_format format;
    size_t width;
    bool colour;
    size_t rows;
} cases[] = {
    {"view/json", VIEW_JSON, 0, false, sizeof rows / sizeof *rows},
    {"view/ndjson", VIEW_NDJSON, 0, false, sizeof rows / sizeof *rows},
    {"view/csv", VIEW_CSV, 0, false, sizeof rows / sizeof *rows},
    {"view/csv-raw", VIEW_CSV_RAW, 0, false, sizeof rows / sizeof *rows},
    {"view/table-pipe", VIEW_TABLE, 0, false, sizeof rows / sizeof *rows},
    {"view/table-200", VIEW_TABLE, 200, false, sizeof rows / sizeof *rows},
    {"view/table-80", VIEW_TABLE, 80, false, sizeof rows / sizeof *rows},
    {"view/table-40", VIEW_TABLE, 40, false, sizeof rows / sizeof *rows},
    {"view/table-colour", VIEW_TABLE, 80, true, 4},
    {"view/json-empty", VIEW_JSON, 0, false, 0},
    {"view/ndjson-empty", VIEW_NDJSON, 0, false, 0},
    {"view/csv-empty", VIEW_CSV, 0, false, 0},
    {"view/table-empty", VIEW_TABLE, 80, true, 0},
};

/* What a format makes of the first `count` rows; free() it. */
static char *
present(enum view_format format, size_t width, bool colour, size_t count, size_t *n)
{
    struct terminal t = {.width = width, .colour = colour};
    struct view v;
    struct err e = {0};
    char *text = NULL;
    FILE *out = open_memstream(&text, n);

    assert_non_null(out);
    view_init(&v, format, &t, out);
    assert_true(view_begin(&v, columns, COLUMNS, &e));
    for (size_t i = 0; i < count; i++) {
        if (!view_row(&v, rows[i], &e))
            fail_msg("row %zu: %s", i, e.text);
    }
    assert_true(view_end(&v, &e));
    view_clear(&v);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
test_snapshots(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        char *text =
            present(cases[i].format, cases[i].width, cases[i].colour, cases[i].rows, &n);

        snapshot_check(cases[i].name, text, n);
        free(text);
    }
}

/* No byte that acts on a terminal comes out of any format. */
static void
test_no_control(void **state)
{
    (void)state;
    for (enum view_format f = VIEW_TABLE; f < VIEW_FORMATS; f++) {
        size_t n;
        char *text = present(f, 0, false, sizeof rows / sizeof *rows, &n);

        for (size_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)text[i];

            if (c < 0x20 && c != '\n' && !(f >= VIEW_CSV && c == '\r'))
                fail_msg("format %d: byte 0x%02x", f, c);
        }
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_null(strstr(text, "\xc2\x9b"));
        free(text);
    }
}

/* JSON keeps every text as it was: escaping loses nothing. */
static void
test_json_is_lossless(void **state)
{
    size_t n;
    char *text = present(VIEW_JSON, 0, false, 4, &n);
    json_t *all = json_loadb(text, n, 0, NULL);

    (void)state;
    assert_int_equal(json_array_size(all), 4);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(all, 3), "policy_domain")),
        rows[3][0]);
    assert_true(json_is_null(json_object_get(json_array_get(all, 2), "quirks")));
    assert_true(
        json_is_integer(json_object_get(json_array_get(all, 1), "failed_sessions")));
    json_decref(all);
    free(text);
}

static const struct {
    enum column_type type;
    const char *value;
} wrong[] = {
    {COLUMN_COUNT, "-1"},           {COLUMN_COUNT, ""},   {COLUMN_COUNT, "1.0"},
    {COLUMN_NUMBER, "NaN"},         {COLUMN_NUMBER, ""},  {COLUMN_FLAG, "yes"},
    {COLUMN_INSTANT, "2026-11-01"}, {COLUMN_INSTANT, ""}, {COLUMN_TRANSPORT, "0"},
    {COLUMN_TRANSPORT, "5"},        {COLUMN_STATUS, "0"}, {COLUMN_STATUS, "4"},
};

static void
test_wrong_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct column column = {"x", "X", wrong[i].type, 0, COLOUR_NONE};
        struct terminal t = {0};
        struct view v;
        struct err e = {0};

        view_init(&v, VIEW_CSV, &t, fopen("/dev/null", "w"));
        assert_true(view_begin(&v, &column, 1, &e));
        if (view_row(&v, &wrong[i].value, &e) || e.kind != ERR_BUG)
            fail_msg("type %d takes \"%s\"", wrong[i].type, wrong[i].value);
        (void)fclose(v.out);
        view_clear(&v);
    }
}

static void
test_too_many_columns(void **state)
{
    static const struct column many[VIEW_MAX_COLUMNS + 1];
    struct terminal t = {0};
    struct view v;
    struct err e = {0};

    (void)state;
    view_init(&v, VIEW_NDJSON, &t, stdout);
    assert_true(view_begin(&v, many, VIEW_MAX_COLUMNS, &e));
    assert_false(view_begin(&v, many, VIEW_MAX_COLUMNS + 1, &e));
    view_clear(&v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshots),        cmocka_unit_test(test_no_control),
        cmocka_unit_test(test_json_is_lossless), cmocka_unit_test(test_wrong_cells),
        cmocka_unit_test(test_too_many_columns),
    };

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
