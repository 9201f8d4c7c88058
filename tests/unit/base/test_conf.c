/* What libConfuse lets pass must not pass here, and every error names its line. */
#include "base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct host {
    const char *name;
    int64_t port;
};

struct sample {
    const char *path;
    int64_t bytes;
    bool on;
    struct settings_list names;
    struct conf_titled hosts;
};

static const struct conf_key host_keys[] = {
    {.name = "port",
     .type = CONF_NUMBER,
     .offset = offsetof(struct host, port),
     .number = 25,
     .min = 1,
     .max = 65535},
    {.name = NULL},
};

static const struct conf_key inner_keys[] = {
    {.name = "path", .type = CONF_TEXT, .offset = offsetof(struct sample, path)},
    {.name = "bytes",
     .type = CONF_NUMBER,
     .offset = offsetof(struct sample, bytes),
     .number = 10,
     .min = 1,
     .max = INT64_C(1) << 40},
    {.name = NULL},
};

static const struct conf_key keys[] = {
    {.name = "limits", .type = CONF_SECTION, .keys = inner_keys},
    {.name = "on",
     .type = CONF_SWITCH,
     .offset = offsetof(struct sample, on),
     .number = 1},
    {.name = "names", .type = CONF_LIST, .offset = offsetof(struct sample, names)},
    {.name = "host",
     .type = CONF_TITLED,
     .offset = offsetof(struct sample, hosts),
     .keys = host_keys,
     .element_bytes = sizeof(struct host)},
    {.name = NULL},
};

static void
reads_every_type(void **state)
{
    static const char text[] = "# comment {\n"
                               "limits { path = \"a${HOME}b\" bytes = 1099511627776 }\n"
                               "/* { */ on = false // }\n"
                               "names = {\"x\", 'y}', z}\n"
                               "host \"one\" { port = 1 }\nhost \"two\" {}\n";
    struct sample s = {0};
    const struct host *hosts;
    struct arena a;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    if (!conf_parse("t", text, keys, &s, &a, &e))
        fail_msg("%s", e.text);
    assert_string_equal(s.path, "a${HOME}b");
    assert_int_equal(s.bytes, INT64_C(1) << 40);
    assert_false(s.on);
    assert_int_equal(s.names.count, 3);
    assert_string_equal(s.names.items[1], "y}");
    assert_int_equal(s.hosts.count, 2);
    hosts = s.hosts.items;
    assert_string_equal(hosts[0].name, "one");
    assert_int_equal(hosts[0].port, 1);
    assert_int_equal(hosts[1].port, 25);
    arena_clear(&a);
}

static void
names_what_is_wrong_and_where(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"limits {\n bytes = 3\n", "t:1: section limits is not closed"},
        {"on = true\n}\n", "t:2: expected a name"},
        {"on = true\non = false\n", "t:2: on is given already in line 1"},
        {"limits { bytes = 1 }\nlimits { bytes = 2 }",
         "t:2: limits is given already in line 1"},
        {"limits {\nbytes = 1\nbytes = 2 }",
         "t:3: limits/bytes is given already in line 2"},
        {"host \"a\" {}\nhost \"a\" {}", "t:2: host/a is given already in line 1"},
        {"\nlimits {\n bytes = 0 }",
         "t:3: limits/bytes is 0, must be 1 to 1099511627776"},
        {"host \"a\" {\n port = 65536 }",
         "t:2: host/a/port is 65536, must be 1 to 65535"},
        {"names = {\"a\", \"b\"\non = true", "t:1: list is not closed"},
        {"limits { path = \"x }", "t:1: string is not closed"},
        {"on = true\n/* x", "t:2: comment is not closed"},
        {"\nnames = ${HOME}", "t:2: put the value that has a $ in quotes"},
        {"on =\n", "t:1: a value is missing"},
        {"limits", "t:1: expected \"= value\" or \"{\" after limits"},
    };
    struct arena a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s = {0};
        struct err e = {0};

        arena_init(&a, 0);
        assert_false(conf_parse("t", cases[i].text, keys, &s, &a, &e));
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_string_equal(e.text, cases[i].want);
        arena_clear(&a);
    }
}

static void
leaves_the_rest_to_the_library(void **state)
{
    static const char *const cases[] = {"\nnone = 1", "\non = perhaps",
                                        "\nlimits { bytes = x }",
                                        "\nlimits { bytes = 99999999999999999999 }"};
    struct arena a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s = {0};
        struct err e = {0};

        arena_init(&a, 0);
        assert_false(conf_parse("t", cases[i], keys, &s, &a, &e));
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_memory_equal(e.text, "t:2: ", 5);
        arena_clear(&a);
    }
}

static void
prints_what_it_reads_back(void **state)
{
    static const char text[] =
        "limits { path = \"a\\\"b\\\\c$\" }\nnames = {\"1\", \"2\"}\n"
        "host \"h\" { port = 7 }\n";
    struct sample s = {0}, again = {0};
    struct arena a;
    struct buf one, two;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    buf_init(&one, 0);
    buf_init(&two, 0);
    assert_true(conf_parse("t", text, keys, &s, &a, &e));
    assert_true(conf_print(keys, &s, &one));
    if (!conf_parse("again", one.bytes, keys, &again, &a, &e))
        fail_msg("%s in %s", e.text, one.bytes);
    assert_true(conf_print(keys, &again, &two));
    assert_string_equal(again.path, "a\"b\\c$");
    assert_string_equal(one.bytes, two.bytes);
    buf_clear(&one);
    buf_clear(&two);
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(names_what_is_wrong_and_where),
        cmocka_unit_test(leaves_the_rest_to_the_library),
        cmocka_unit_test(prints_what_it_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
