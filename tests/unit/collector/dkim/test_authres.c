/* Authentication-Results is believed only where our own server wrote it, and read as RFC
 * 8601 writes it. */
#include "collector/dkim/authres.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OURS  "Received: from a by mx.example.org; today\r\n"
#define OLDER "Received: from b by a; yesterday\r\n"
#define AR    "Authentication-Results: mx.example.org; "
#define PASS  "dkim=pass header.d=example.net header.b=AbCdEf12"

/* Each result as "result domain tag;"; NULL: nothing believed. */
static const struct {
    const char *name, *header, *want;
} cases[] = {
    {"below our Received", OURS AR PASS "\r\n", "pass example.net AbCdEf12;"},
    {"above our Received", AR PASS "\r\n" OURS OLDER, "pass example.net AbCdEf12;"},
    {"between ours and an older one", OURS AR PASS "\r\n" OLDER,
     "pass example.net AbCdEf12;"},
    {"below an older Received", OURS OLDER AR PASS "\r\n", NULL},
    {"no Received at all", AR PASS "\r\n", NULL},
    {"of another server", OURS "Authentication-Results: mx.example.com; " PASS "\r\n",
     NULL},
    {"of a name below ours",
     OURS "Authentication-Results: a.mx.example.org; " PASS "\r\n", NULL},
    {"of a name that begins like ours",
     OURS "Authentication-Results: mx.example.org.evil.example; " PASS "\r\n", NULL},
    {"id in another case", OURS "authentication-results: MX.Example.ORG; " PASS "\r\n",
     "pass example.net AbCdEf12;"},
    {"quoted id and version",
     OURS "Authentication-Results: \"mx.example.org\" 1; " PASS "\r\n",
     "pass example.net AbCdEf12;"},
    {"id in a comment",
     OURS "Authentication-Results: (mx.example.org) evil.example; " PASS "\r\n", NULL},
    {"comments everywhere",
     OURS "Authentication-Results: (a (b) \\) c) mx.example.org (x) ; (y) dkim (z) = (q) "
          "pass (2048-bit; key) header.d (w) = (v) example.net (u)\r\n",
     "pass example.net ;"},
    {"topmost wins", OURS AR "dkim=none\r\n" AR PASS "\r\n", "none  ;"},
    {"topmost of dkim wins", OURS AR "spf=pass smtp.mailfrom=a\r\n" AR PASS "\r\n",
     "pass example.net AbCdEf12;"},
    {"none", OURS AR "none\r\n", NULL},
    {"several",
     OURS AR "dkim=fail reason=\"bad; header.d=a\" header.d=a.example;\r\n "
             "dkim=PASS header.i=joe@B.example; spf=pass smtp.mailfrom=c\r\n",
     "fail a.example ;pass b.example ;"},
    {"header.d before header.i",
     OURS AR "dkim=pass header.i=@b.example header.d=a.example\r\n", "pass a.example ;"},
    {"a semicolon missing", OURS AR "spf=pass smtp.mailfrom=a dkim=pass header.d=b\r\n",
     NULL},
    {"method with version", OURS AR "dkim/1=pass header.d=a.example\r\n",
     "pass a.example ;"},
    {"result in a comment", OURS AR "dkim=(pass)fail header.d=a.example\r\n",
     "fail a.example ;"},
    {"a comment left open", OURS AR "dkim=pass (header.d=a.example\r\n", NULL},
    {"a quote left open", OURS AR "dkim=pass header.d=\"a.example\r\n", NULL},
    {"no result", OURS AR "dkim header.d=a.example\r\n", NULL},
    {"garbage behind what was read", OURS AR PASS "; ???\r\n",
     "pass example.net AbCdEf12;"},
    {"x-dkim is not dkim", OURS AR "x-dkim=pass header.d=a.example\r\n", NULL},
    {"a field of another name",
     OURS "X-Authentication-Results: mx.example.org; " PASS "\r\n", NULL},
    {"no id", OURS "Authentication-Results: ; " PASS "\r\n", NULL},
    {"empty", OURS "Authentication-Results:\r\n", NULL},
};

static void
believes_only_our_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct authres found;
        struct message m;
        struct arena a;
        struct buf out;
        struct err e = {0};

        arena_init(&a, 0);
        buf_init(&out, 0);
        assert_true(message_parse(&a, cases[i].header, strlen(cases[i].header), &m, &e));
        assert_true(authres_read(&a, &m, "mx.example.org", &found, &e));
        for (size_t j = 0; j < found.count; j++) {
            const struct authres_result *r = &found.results[j];

            assert_int_equal(r->pass, strcmp(r->result, "pass") == 0);
            (void)buf_printf(&out, "%s %s %s;", r->result, r->domain, r->tag);
        }
        if (found.found != (cases[i].want != NULL) ||
            (found.found && strcmp(out.bytes, cases[i].want) != 0))
            fail_msg("%s: %s", cases[i].name, out.bytes == NULL ? "nothing" : out.bytes);
        buf_clear(&out);
        arena_clear(&a);
    }
}

static void
limits_hold_at_n_and_break_at_n_plus_1(void **state)
{
    (void)state;
    for (size_t n = AUTHRES_MAX_RESULTS; n <= AUTHRES_MAX_RESULTS + 1; n++) {
        struct authres found;
        struct message m;
        struct arena a;
        struct buf text;
        struct err e = {0};

        arena_init(&a, 0);
        buf_init(&text, 0);
        (void)buf_puts(&text, OURS "Authentication-Results: mx.example.org");
        for (size_t i = 0; i < n; i++)
            (void)buf_puts(&text, "; dkim=pass header.d=a.example");
        assert_true(message_parse(&a, text.bytes, text.len, &m, &e));
        assert_true(authres_read(&a, &m, "mx.example.org", &found, &e));
        assert_int_equal(found.count, AUTHRES_MAX_RESULTS);
        buf_clear(&text);
        arena_clear(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_only_our_own),
        cmocka_unit_test(limits_hold_at_n_and_break_at_n_plus_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
