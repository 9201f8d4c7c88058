/* The table of trust, row by row. */
#include "collector/intake/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define VALID(domain)                                                                    \
    {                                                                                    \
        domain, true, true, ""                                                           \
    }
#define NOTED(domain)                                                                    \
    {                                                                                    \
        domain, true, true, "key has less than 2048 bits"                                \
    }
#define BAD(domain)                                                                      \
    {                                                                                    \
        domain, false, false, "body was changed (bh=)"                                   \
    }

static const struct {
    const char *name, *submitter, *from;
    struct trust_signature signatures[3];
    size_t count;
    bool vouched;
    const char *carried;
    const char *tier, *reason, *signer;
} mails[] = {
    {"aligned with both",
     "example.net",
     "example.net",
     {VALID("example.net")},
     1,
     false,
     NULL,
     "verified",
     "signed by example.net",
     "example.net"},
    {"by registered domain",
     "mail.example.co.uk",
     "out.example.co.uk",
     {VALID("a.b.example.co.uk")},
     1,
     false,
     NULL,
     "verified",
     "signed by a.b.example.co.uk",
     "a.b.example.co.uk"},
    {"a public suffix is nobody's",
     "b.co.uk",
     "b.co.uk",
     {VALID("co.uk")},
     1,
     false,
     NULL,
     "unverified",
     "signed by co.uk, neither the submitter nor the From domain",
     "co.uk"},
    {"two customers of one suffix",
     "a.github.io",
     "a.github.io",
     {VALID("b.github.io")},
     1,
     false,
     NULL,
     "unverified",
     "signed by b.github.io, neither the submitter nor the From domain",
     "b.github.io"},
    {"case does not matter",
     "Example.NET",
     "example.net",
     {VALID("example.net")},
     1,
     false,
     NULL,
     "verified",
     "signed by example.net",
     "example.net"},
    {"not the submitter",
     "example.net",
     "evil.example",
     {VALID("evil.example")},
     1,
     false,
     NULL,
     "unverified",
     "signed by evil.example, which is not the submitter",
     "evil.example"},
    {"not the From",
     "example.net",
     "evil.example",
     {VALID("example.net")},
     1,
     false,
     NULL,
     "unverified",
     "signed by example.net, which is not the From domain",
     "example.net"},
    {"From given twice",
     "example.net",
     "",
     {VALID("example.net")},
     1,
     false,
     NULL,
     "unverified",
     "signed by example.net, which is not the From domain",
     "example.net"},
    {"the best of several counts",
     "example.net",
     "example.net",
     {BAD("example.net"), VALID("evil.example"), NOTED("example.net")},
     3,
     false,
     NULL,
     "verified",
     "signed by example.net; key has less than 2048 bits",
     "example.net"},
    {"a bad one beside another's",
     "example.net",
     "example.net",
     {BAD("example.net"), VALID("evil.example")},
     2,
     false,
     NULL,
     "unverified",
     "signed by evil.example, neither the submitter nor the From domain",
     "evil.example"},
    {"attached",
     "example.net",
     "example.net",
     {VALID("example.net")},
     1,
     false,
     "inside an attached message",
     "unverified",
     "inside an attached message: example.net signed only what carries it",
     "example.net"},
    {"none",
     "example.net",
     "example.net",
     {BAD("")},
     0,
     false,
     NULL,
     "ignored",
     "not signed",
     ""},
    {"bad",
     "example.net",
     "example.net",
     {BAD("example.net"), BAD("b.example")},
     2,
     false,
     NULL,
     "ignored",
     "no valid signature: example.net: body was changed (bh=)",
     ""},
    {"bad without a name",
     "example.net",
     "example.net",
     {BAD("")},
     1,
     false,
     NULL,
     "ignored",
     "no valid signature: body was changed (bh=)",
     ""},
    {"vouched for",
     "example.net",
     "",
     {BAD("")},
     0,
     true,
     NULL,
     "operator",
     "the operator answers for it",
     ""},
    {"an organization that is no domain",
     "Example Inc.",
     "example.net",
     {VALID("example.net")},
     1,
     false,
     NULL,
     "unverified",
     "signed by example.net, which is not the submitter",
     "example.net"},
};

static void
a_mail_earns_its_tier(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        const struct trust_mail mail = {.from_domain = mails[i].from,
                                        .signatures = mails[i].signatures,
                                        .signature_count = mails[i].count,
                                        .vouched = mails[i].vouched,
                                        .carried = mails[i].carried};
        struct trust t;
        struct arena a;
        struct err e = {0};

        arena_init(&a, 0);
        assert_true(trust_mail(&a, &mail, mails[i].submitter, &t, &e));
        if (strcmp(t.ignored ? "ignored" : tier_text(t.tier), mails[i].tier) != 0 ||
            strcmp(t.reason, mails[i].reason) != 0 ||
            strcmp(t.signer, mails[i].signer) != 0)
            fail_msg("%s: %s %s (%s)", mails[i].name,
                     t.ignored ? "ignored" : tier_text(t.tier), t.reason, t.signer);
        arena_clear(&a);
    }
}

static const struct {
    const char *pattern, *host;
    bool match;
} patterns[] = {
    {"mx.example.net", "mx.example.net", true},
    {"MX.example.net", "mx.example.net", true},
    {"mx.example.net", "amx.example.net", false},
    {"*.example.net", "mx.example.net", true},
    {"*.example.net", "a.b.example.net", true},
    {"*.example.net", "example.net", false},
    {"*.example.net", ".example.net", false},
    {"*.example.net", "badexample.net", false},
    {"*.example.net", "example.net.evil.example", false},
    {"*", "example.net", false},
    {"m*.example.net", "mx.example.net", false},
    {"", "", true},
};

static void
a_host_is_matched_label_by_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (trust_host_matches(patterns[i].pattern, patterns[i].host) !=
            patterns[i].match)
            fail_msg("%s against %s", patterns[i].pattern, patterns[i].host);
    }
}

static void
a_post_earns_its_tier(void **state)
{
    static const struct {
        const char *host, *sender;
        enum tier tier;
        const char *reason;
    } posts[] = {
        {"a.out.example.net", "example.net", TIER_VERIFIED,
         "posted from a.out.example.net, listed for example.net"},
        {"a.out.example.net", "example.com", TIER_UNVERIFIED,
         "posted from a.out.example.net, not listed for example.com"},
        {"mx.example.com", "example.com", TIER_CONFIRMED,
         "posted from mx.example.com, a host of the sender's own that DNS confirms"},
        {"example.com", "example.com", TIER_CONFIRMED,
         "posted from example.com, a host of the sender's own that DNS confirms"},
        {"mx.example.co.uk", "co.uk", TIER_UNVERIFIED,
         "posted from mx.example.co.uk, not listed for co.uk"},
        {"co.uk", "co.uk", TIER_UNVERIFIED, "posted from co.uk, not listed for co.uk"},
        {"alice.github.io", "github.io", TIER_UNVERIFIED,
         "posted from alice.github.io, not listed for github.io"},
        {"github.io", "github.io", TIER_UNVERIFIED,
         "posted from github.io, not listed for github.io"},
        {"mx.alice.github.io", "alice.github.io", TIER_CONFIRMED,
         "posted from mx.alice.github.io, a host of the sender's own that DNS confirms"},
        {"ppp7.example.com", "example.com", TIER_UNVERIFIED,
         "posted from ppp7.example.com, which is named as customers' hosts are"},
        {"out.example.com", "example.com", TIER_VERIFIED,
         "posted from out.example.com, listed for example.com"},
        {"a.out.example.net.evil.example", "example.net", TIER_UNVERIFIED,
         "posted from a.out.example.net.evil.example, not listed for example.net"},
        {"", "example.net", TIER_UNVERIFIED,
         "posted from a host that DNS does not confirm"},
        {"a.out.example.net", "", TIER_UNVERIFIED,
         "posted from a.out.example.net, not listed for "},
    };
    struct settings s;
    struct err e = {0};

    (void)state;
    if (!settings_parse(
            "test",
            "https_sender \"example.net\" { hosts = {\"*.out.example.net\"} }\n"
            "https_sender \"example.com\" { hosts = {\"a.example\", "
            "\"out.example.com\"} }\n",
            &s, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
        const struct trust_post post = {"192.0.2.9", posts[i].host, posts[i].sender};
        struct trust t;
        struct arena a;

        arena_init(&a, 0);
        assert_true(trust_https(&a, &s, &post, &t, &e));
        assert_false(t.ignored);
        assert_int_equal(t.tier, posts[i].tier);
        assert_string_equal(t.reason, posts[i].reason);
        arena_clear(&a);
    }
    settings_clear(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_earns_its_tier),
        cmocka_unit_test(a_host_is_matched_label_by_label),
        cmocka_unit_test(a_post_earns_its_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
