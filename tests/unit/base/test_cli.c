#include "base/cli.h"
#include "base/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_WORDS = 6
};

#define FILES CLI_BIT(2)
#define LEVEL CLI_BIT(3)
#define QUIET CLI_BIT(4)

struct values {
    const char *file, *level;
    int quiet;
};

static const struct cli_option options[] = {
    {"file", 'f', "FILE", FILES, "read it", NULL, offsetof(struct values, file),
     cli_set_file},
    {"level", 'l', "WORD", LEVEL, "how far", "low high", offsetof(struct values, level),
     cli_set_text},
    {"quiet", 'q', NULL, QUIET, "less", NULL, offsetof(struct values, quiet),
     cli_set_count},
    CLI_OWN_OPTIONS};

static const struct cli_verb run = {.name = "run",
                                    .args = "PATH...",
                                    .options = FILES | QUIET},
                             list = {.name = "list", .args = "[NAME]", .options = LEVEL},
                             move = {.name = "move", .args = "FROM [TO]"},
                             stop = {.name = "stop"};
static const struct cli_verb *const verbs[] = {&run, &list, &move, &stop, NULL};
static const struct cli_program program = {
    .name = "prog", .verbs = verbs, .options = options};

static bool
use(const char *const words[MAX_WORDS], struct arena *a, struct values *v,
    struct cli *line, struct err *e)
{
    bool answered;
    int n = 0;

    while (n < MAX_WORDS && words[n] != NULL)
        n++;
    *v = (struct values){0};
    arena_init(a, 0);
    return cli_read(&program, n, words, a, v, line, e) &&
           cli_use(&program, line, &answered, e) && !answered;
}

static const struct {
    const char *words[MAX_WORDS];
    const char *error;
} refused[] = {
    {{"rnu"}, "there is no \"rnu\": did you mean run?"},
    {{"wholly-other"}, "there is no \"wholly-other\": see prog --help"},
    {{"help", "lisst"}, "there is no \"lisst\": did you mean list?"},
    {{"run", "--fiel=x"}, "there is no option \"fiel\": did you mean --file?"},
    {{"run", "--lvel", "x"}, "there is no option \"lvel\": see prog run --help"},
    {{"--lvel", "x"}, "there is no option \"lvel\": did you mean --level?"},
    {{"list", "-x"}, "there is no option \"x\": see prog list --help"},
    {{"list", "--verzion"}, "did you mean --version?"},
    {{"run", "--level", "low", "x"}, "run takes no --level: see prog run --help"},
    {{"list", "--level", "lwo"}, "--level: \"lwo\" is none of: low high"},
    {{"list", "--level"}, "--level needs a value: WORD"},
    {{"run", "-qx", "a"}, "--quiet takes no value"},
    {{"run", "--quiet=1", "a"}, "--quiet takes no value"},
    {{"run"}, "run needs PATH...: see prog run --help"},
    {{"list", "a", "b"}, "list does not take \"b\": see prog list --help"},
    {{"move"}, "move needs FROM [TO]: see prog move --help"},
    {{"move", "a", "b", "c"}, "move does not take \"c\""},
    {{"stop", "now"}, "stop does not take \"now\""},
    {{"stop", "--", "--help"}, "stop does not take \"--help\""},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena a;
        struct values v;
        struct cli line;
        struct err e = {0};

        if (use(refused[i].words, &a, &v, &line, &e) || e.kind != ERR_INPUT ||
            strstr(e.text, refused[i].error) == NULL)
            fail_msg("%s: \"%s\"", refused[i].error, e.text);
        arena_clear(&a);
    }
}

static const struct {
    const char *words[MAX_WORDS];
    size_t args;
    const char *file, *last;
    int quiet;
} taken[] = {
    {{"run", "a"}, 1, NULL, "a", 0},
    {{"-q", "run", "-fx", "a", "b"}, 2, "x", "b", 1},
    {{"run", "--file", "-", "-", "-qq"}, 1, "/dev/stdin", "-", 2},
    {{"run", "--file=a=b", "--", "-q", "--file"}, 2, "a=b", "--file", 0},
    {{"move", "a", "b"}, 2, NULL, "b", 0},
    {{"list"}, 0, NULL, NULL, 0},
    {{"--", "stop"}, 0, NULL, NULL, 0},
};

static void
test_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        struct arena a;
        struct values v;
        struct cli line;
        struct err e = {0};

        if (!use(taken[i].words, &a, &v, &line, &e))
            fail_msg("%zu: %s", i, e.text);
        assert_int_equal(line.arg_count, taken[i].args);
        assert_int_equal(v.quiet, taken[i].quiet);
        if (taken[i].last != NULL)
            assert_string_equal(line.args[line.arg_count - 1], taken[i].last);
        if (taken[i].file == NULL)
            assert_null(v.file);
        else
            assert_string_equal(v.file, taken[i].file);
        arena_clear(&a);
    }
}

static void
test_number(void **state)
{
    struct err e = {0};
    int n;

    (void)state;
    assert_true(cli_read_number("1", 1, 64, &n, &e) && n == 1);
    assert_true(cli_read_number("64", 1, 64, &n, &e) && n == 64);
    assert_false(cli_read_number("0", 1, 64, &n, &e));
    assert_string_equal(e.text, "\"0\" is no number from 1 to 64");
    assert_false(cli_read_number("65", 1, 64, &n, &e));
    assert_false(cli_read_number("", 1, 64, &n, &e));
    assert_false(cli_read_number("1x", 1, 64, &n, &e));
    assert_false(cli_read_number("99999999999999999999", 1, 64, &n, &e));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
