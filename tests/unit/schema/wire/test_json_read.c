/* The order of tokens, what is not JSON, and the limit of depth at N and N + 1. */
#include "schema/wire/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One letter a token; '!' when it is not JSON. */
static const char letters[] = "{[.KSNtfn$";

static void
tokens_of(const char *text, size_t n, char *out, size_t size)
{
    char *exact = malloc(n == 0 ? 1 : n);
    enum json_token token = TOKEN_NULL;
    struct json_read r;
    size_t used = 0;

    assert_non_null(exact);
    memcpy(exact, text, n);
    json_read_init(&r, exact, n);
    while (used + 2 < size && token != TOKEN_END) {
        struct err e = {0};

        if (!json_read_next(&r, &token, &e)) {
            assert_int_equal(e.kind, ERR_INPUT);
            out[used++] = '!';
            break;
        }
        out[used++] = letters[token];
    }
    out[used] = '\0';
    free(exact);
}

static void
reads_tokens(void **state)
{
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"{}", "{.$"},
        {"[]", "[.$"},
        {" { \"a\" : 1 , \"b\" : [ true , false , null ] } ", "{KNK[tfn..$"},
        {"{\"a\":{\"b\":{}}}", "{K{K{...$"},
        {"[[],[{}],\"x\"]", "[[.[{..S.$"},
        {"5", "N$"},
        {"\"x\"", "S$"},
        {"{}x", "{.$"}, /* what follows is the caller's concern */
        {"", "!"},
        {" ", "!"},
        {"{", "{!"},
        {"[1,]", "[N!"},
        {"[,1]", "[!"},
        {"[1 2]", "[N!"},
        {"{,}", "{!"},
        {"{\"a\":1,}", "{KN!"},
        {"{\"a\"}", "{!"},
        {"{\"a\" 1}", "{!"},
        {"{\"a\":}", "{K!"},
        {"{\"a\":1 \"b\":2}", "{KN!"},
        {"{a:1}", "{!"},
        {"{1:1}", "{!"},
        {"[}", "[!"},
        {"{]", "{!"},
        {"[1}", "[N!"},
        {"{\"a\":1]", "{KN!"},
        {"[nul]", "[!"},
        {"[nullx]", "[n!"},
        {"[True]", "[!"},
        {"['a']", "[!"},
        {"[\"a]", "[!"},
        {"[\x0b]", "[!"},
        {"[1", "[N!"},
    };
    char got[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tokens_of(cases[i].text, strlen(cases[i].text), got, sizeof got);
        if (strcmp(got, cases[i].tokens) != 0)
            fail_msg("%s: got %s", cases[i].text, got);
    }
}

static void
bounds_the_depth(void **state)
{
    char text[2 * (JSON_MAX_DEPTH + 1)], got[4 * JSON_MAX_DEPTH];

    (void)state;
    for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        tokens_of(text, 2 * depth, got, sizeof got);
        assert_int_equal(strchr(got, '!') == NULL, depth == JSON_MAX_DEPTH);
    }
}

/* Arrays and objects in turn, so that each bit of the stack matters. */
static void
remembers_what_is_open(void **state)
{
    struct json_read r;
    enum json_token token = TOKEN_NULL;
    char text[JSON_MAX_DEPTH * 8] = "";

    (void)state;
    for (int i = 0; i < JSON_MAX_DEPTH / 2; i++)
        strcat(text, "[{\"k\":");
    strcat(text, "0");
    for (int i = 0; i < JSON_MAX_DEPTH / 2; i++)
        strcat(text, "}]");
    json_read_init(&r, text, strlen(text));
    do
        assert_true(json_read_next(&r, &token, NULL));
    while (token != TOKEN_END);
    strcpy(strstr(text, "}]"), "]}");
    json_read_init(&r, text, strlen(text));
    while (json_read_next(&r, &token, NULL))
        assert_int_not_equal(token, TOKEN_END);
}

static void
skips_a_value(void **state)
{
    static const char text[] = "{\"a\":[1,{\"x\":[]},\"s\"],\"b\":{},\"c\":7}";
    enum json_token token = TOKEN_NULL;
    struct json_read r;
    int64_t n = 0;
    bool plain = false;

    (void)state;
    json_read_init(&r, text, sizeof text - 1);
    assert_true(json_read_next(&r, &token, NULL));
    for (int i = 0; i < 3; i++) {
        assert_true(json_read_next(&r, &token, NULL));
        assert_int_equal(token, TOKEN_KEY);
        assert_true(json_read_next(&r, &token, NULL));
        assert_true(json_read_skip(&r, token, NULL));
    }
    assert_true(json_read_integer(&r, &n, &plain));
    assert_int_equal(n, 7);
    assert_true(json_read_next(&r, &token, NULL));
    assert_int_equal(token, TOKEN_CLOSE);
}

static void
checks_what_it_skips(void **state)
{
    static const char text[] = "[{\"x\":\"\\u0000\"}]";
    enum json_token token = TOKEN_NULL;
    struct json_read r;
    struct err e = {0};

    (void)state;
    json_read_init(&r, text, sizeof text - 1);
    assert_true(json_read_next(&r, &token, &e));
    assert_false(json_read_skip(&r, token, &e));
    assert_int_equal(e.kind, ERR_INPUT);
}

static void
says_where(void **state)
{
    enum json_token token = TOKEN_NULL;
    struct json_read r;
    struct err e = {0};

    (void)state;
    json_read_init(&r, "[\"abc\x01\"]", 8);
    assert_true(json_read_next(&r, &token, &e));
    assert_false(json_read_next(&r, &token, &e));
    assert_string_equal(e.text, "not JSON: control character in a string at byte 5");
}

/* The expected key is passed over exactly where json_read_next() would read it as such.
 */
static void
passes_over_an_expected_key(void **state)
{
    static const struct {
        const char *text; /* of an object, its brace read */
        bool expected;
    } cases[] = {
        {"{\"key\":1}", true},
        {"{ \"key\"\t:\n1}", true},
        {"{\"keys\":1}", false},
        {"{\"ke\":1}", false},
        {"{\"k\\u0065y\":1}", false},
        {"{\"key\" 1}", false},
        {"{,\"key\":1}", false},
        {"{\"key\"", false},
        {"{\"key", false},
        {"{}", false},
        {"{", false},
    };
    enum json_token token = TOKEN_NULL;
    struct json_read r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_read_init(&r, cases[i].text, strlen(cases[i].text));
        assert_true(json_read_next(&r, &token, NULL));
        if (json_read_expected(&r, "key", 3) != cases[i].expected)
            fail_msg("%s", cases[i].text);
        assert_true(!cases[i].expected ||
                    (json_read_next(&r, &token, NULL) && token == TOKEN_NUMBER));
        assert_false(json_read_expected(&r, "key", 3));
    }
    json_read_init(&r, "{\"a\":1 , \"key\":[2]}", 19);
    assert_true(json_read_next(&r, &token, NULL) && json_read_next(&r, &token, NULL));
    assert_false(json_read_expected(&r, "key", 3)); /* a value comes first */
    assert_true(json_read_next(&r, &token, NULL) && token == TOKEN_NUMBER);
    assert_true(json_read_expected(&r, "key", 3));
    assert_true(json_read_next(&r, &token, NULL) && token == TOKEN_ARRAY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_over_an_expected_key),
        cmocka_unit_test(reads_tokens),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(remembers_what_is_open),
        cmocka_unit_test(skips_a_value),
        cmocka_unit_test(checks_what_it_skips),
        cmocka_unit_test(says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
