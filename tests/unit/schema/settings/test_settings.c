/* Defaults, bounds, and which domains are ours. */
#include "schema/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
knows_whose_domain_it_is(void **state)
{
    static const char text[] =
        "domains = {\"Example.COM.\", \".wild.example\", \"mx1.example.net\"}";
    static const struct {
        const char *domain;
        bool ours;
    } cases[] = {
        {"example.com", true},        {"sub.example.com", false},
        {"wild.example", true},       {"a.wild.example", true},
        {"a.b.wild.example", true},   {"notwild.example", false},
        {"mx1.example.net", true},    {"mx2.example.net", false},
        {"example", false},           {"", false},
        {"com.example.com", false},   {".wild.example", true},
        {"wild.example.evil", false},
    };
    struct settings s;
    struct err e = {0};

    (void)state;
    if (!settings_parse("t", text, &s, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (settings_owns(&s.domains, cases[i].domain) != cases[i].ours)
            fail_msg("%s", cases[i].domain);
    }
    settings_clear(&s);
    assert_true(settings_parse("t", "", &s, &e));
    assert_true(settings_owns(&s.domains, "anything.example"));
    settings_clear(&s);
}

static void
has_sane_defaults(void **state)
{
    struct settings s;
    struct err e = {0};

    (void)state;
    assert_true(settings_parse("t", "", &s, &e));
    assert_int_equal(s.https.max_body_bytes, 10 << 20);
    assert_int_equal(s.intake.max_inflated_bytes, 64 << 20);
    assert_string_equal(s.https.path, "/v1/tlsrpt");
    assert_null(s.database.uri);
    assert_non_null(s.state_dir);
    settings_clear(&s);
}

static void
refuses_nonsense(void **state)
{
    static const char *const cases[] = {
        "domains = {\"\"}",
        "domains = {\"m\xc3\xbcnchen.example\"}",
        "log_level = \"loud\"",
        "https { proxy_header = \"X-Real-IP\" }",
        "https { path = \"tlsrpt\" }",
        "https { max_body_bytes = 1 }",
        "retention { report_days = 99 }",
        "state_dir = \"here\"",
        "no_such_thing = 1",
    };
    struct settings s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};

        if (settings_parse("t", cases[i], &s, &e))
            fail_msg("%s", cases[i]);
        assert_int_equal(e.kind, ERR_CONFIG);
    }
}

static void
hides_passwords(void **state)
{
    struct settings s;
    struct buf out;
    struct err e = {0};

    (void)state;
    assert_true(settings_parse("t",
                               "database { uri = \"postgresql://u:secret@h/db\" "
                               "owner_uri = \"host=h password=secret\" }",
                               &s, &e));
    buf_init(&out, 0);
    assert_true(settings_print(&s, &out));
    assert_null(strstr(out.bytes, "secret"));
    assert_non_null(strstr(out.bytes, "postgresql://u:***@h/db"));
    buf_clear(&out);
    settings_clear(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_whose_domain_it_is),
        cmocka_unit_test(has_sane_defaults),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(hides_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
