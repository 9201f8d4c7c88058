#include "analyzer/options.h"
#include "schema/report/vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_WORDS = 8
};

/* 2026-11-23T17:06:07Z */
#define NOW INT64_C(1795453567)

/* Two verbs are enough to tell -c from -c. */
static const struct cli_verb summary = {.name = "summary", .options = OPTIONS_FIGURES},
                             show = {.name = "show", .options = OPTIONS_COMMON},
                             check = {.name = "check",
                                      .options = OPTION_CONFIG | OPTION_WARNING |
                                                 OPTION_CRITICAL | OPTION_TIMEOUT |
                                                 OPTION_VERBOSE};
static const struct cli_verb *const verbs[] = {&summary, &show, &check, NULL};
static const struct cli_program program = {
    .name = "tlsrpt", .verbs = verbs, .options = option_rows};

static int
parse(struct options *o, const char *const words[MAX_WORDS], struct err *e)
{
    int n = 0;

    while (n < MAX_WORDS && words[n] != NULL)
        n++;
    return options_parse(o, &program, n, words, NOW, e);
}

static const struct {
    const char *words[MAX_WORDS];
    const char *error; /* a part of it */
} refused[] = {
    {{"--formatt", "json"}, "there is no option \"formatt\": did you mean --format?"},
    {{"--sinec=7d"}, "did you mean --since?"},
    {{"--zzzz"}, "there is no option \"zzzz\""},
    {{"-x"}, "there is no option \"x\""},
    {{"--format", "xml"}, "--format: \"xml\" is none of: table json ndjson csv csv-raw"},
    {{"--format"}, "--format needs a value: NAME"},
    {{"--raw=1"}, "--raw takes no value"},
    {{"--since", "lately"}, "--since: \"lately\" is no time"},
    {{"--until", "x"}, "--until: \"x\" is no time"},
    {{"--as-of", "x"}, "--as-of: \"x\" is no time"},
    {{"--trust", "verified,much"}, "--trust: \"much\" is none of: verified"},
    {{"--status", "lost"}, "--status: \"lost\" is none of: accepted"},
    {{"--domain", ""}, "--domain: an empty name"},
    {{"--domain", "a,,b"}, "--domain: an empty name"},
    {{"--since", "today", "--until", "yesterday"}, "--until lies before --since"},
    {{"--min-severity", "loud"}, "none of: critical warning info"},
    {{"--state", "gone"}, "none of: open resolved"},
    {{"check", "-t", "0"}, "--timeout: \"0\" is no number from 1 to 3600"},
    {{"check", "-t", "3601"}, "is no number from 1 to 3600"},
    {{"check", "-vx"}, "--verbose takes no value"},
    {{"check", "-c"}, "--critical needs a value"},
    {{"summary", "-c"}, "--config needs a value"},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct options o;
        struct err e = {0};

        if (parse(&o, refused[i].words, &e) || e.kind != ERR_INPUT ||
            strstr(e.text, refused[i].error) == NULL)
            fail_msg("%s: \"%s\"", refused[i].error, e.text);
        options_clear(&o);
    }
}

/* What the database gets for a command line. */
static const struct {
    const char *words[MAX_WORDS];
    const char *params[OPTIONS_PARAMS];
} limits[] = {
    {{"summary"}, {"-infinity", "infinity", NULL, NULL, NULL, NULL}},
    {{"summary", "--since", "7d", "--until=yesterday"},
     {"2026-11-16", "2026-11-22", NULL, NULL, NULL, NULL}},
    {{"--since=36h"}, {"2026-11-22", "infinity", NULL, NULL, NULL, NULL}},
    {{"--since=7d", "--as-of", "2026-11-10"},
     {"2026-11-03", "infinity", NULL, NULL, NULL, NULL}},
    {{"--domain", "Example.COM.", "--domain=b,c"},
     {"-infinity", "infinity", "{\"example.com\",\"b\",\"c\"}", NULL, NULL, NULL}},
    {{"--domain", "BÜCHER.example"},
     {"-infinity", "infinity", "{\"xn--bcher-kva.example\"}", NULL, NULL, NULL}},
    {{"--sender", "a\"b\\c"},
     {"-infinity", "infinity", NULL, "{\"a\\\"b\\\\c\"}", NULL, NULL}},
    {{"--trust", "Verified,operator"},
     {"-infinity", "infinity", NULL, NULL, "{\"verified\",\"operator\"}", NULL}},
    {{"--status", "accepted,quarantined", "--status=ignored"},
     {"-infinity", "infinity", NULL, NULL, NULL, "{1,2,3}"}},
};

static void
test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const char *params[OPTIONS_PARAMS];
        struct options o;
        struct err e = {0};

        assert_true(parse(&o, limits[i].words, &e));
        assert_true(options_params(&o, params, &e));
        for (size_t k = 0; k < OPTIONS_PARAMS; k++) {
            if (limits[i].params[k] == NULL)
                assert_null(params[k]);
            else
                assert_string_equal(params[k], limits[i].params[k]);
        }
        options_clear(&o);
    }
}

static void
test_words(void **state)
{
    static const char *const words[MAX_WORDS] = {
        "-cFILE", "show", "--db", "postgresql://x", "--raw", "--", "--20261101", "b"};
    struct options o;
    struct err e = {0};

    (void)state;
    assert_true(parse(&o, words, &e));
    assert_string_equal(o.line.verb_name, "show");
    assert_int_equal(o.line.arg_count, 2);
    assert_string_equal(o.line.args[0], "--20261101");
    assert_string_equal(o.line.args[1], "b");
    assert_string_equal(o.config_file, "FILE");
    assert_string_equal(o.db_uri, "postgresql://x");
    assert_true((o.line.given & OPTION_RAW) != 0);
    assert_int_equal(o.line.given, OPTION_CONFIG | OPTION_DB | OPTION_RAW);
    assert_true(o.as_of == INT64_MAX);
    options_clear(&o);
}

/* A day given as --as-of is the whole day: its last second. */
static void
test_as_of(void **state)
{
    static const char *const words[MAX_WORDS] = {"--as-of", "2026-11-22"};
    struct options o;
    struct err e = {0};

    (void)state;
    assert_true(parse(&o, words, &e));
    assert_true(o.as_of == INT64_C(1795391999));
    options_clear(&o);
}

/* -c is --config, and after `check` --critical; -v counts. */
static void
test_check(void **state)
{
    struct options o;
    struct err e = {0};

    (void)state;
    assert_true(parse(&o,
                      (const char *const[MAX_WORDS]){"-c", "file", "check", "-c", "5",
                                                     "-w10:", "-vvv", "-t30"},
                      &e));
    assert_string_equal(o.config_file, "file");
    assert_string_equal(o.critical, "5");
    assert_string_equal(o.warning, "10:");
    assert_int_equal(o.verbose, 3);
    assert_int_equal(o.timeout_s, 30);
    options_clear(&o);
    assert_true(parse(&o, (const char *const[MAX_WORDS]){"summary", "-c", "file"}, &e));
    assert_string_equal(o.config_file, "file");
    assert_null(o.critical);
    options_clear(&o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_as_of),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
