/* Two reports share an identity only if all fields are the same. */
#include "schema/report/key.h"
#include "schema/report/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct report
sample(void)
{
    return (struct report){.sender = "example.net",
                           .organization = "Example",
                           .contact_info = "tls@example.net",
                           .report_id = "1",
                           .start = 100,
                           .end = 200};
}

static void
hashes_bytes(void **state)
{
    static const unsigned char abc[KEY_BYTES] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    struct key k = key_of_bytes("abc", 3);

    (void)state;
    assert_memory_equal(k.bytes, abc, KEY_BYTES);
}

static void
changes_with_every_field(void **state)
{
    struct report r[] = {sample(), sample(), sample(), sample(),
                         sample(), sample(), sample(), sample()};
    const size_t n = sizeof r / sizeof *r;

    (void)state;
    r[1].sender = "example.org";
    r[2].organization = "Examples";
    r[3].contact_info = NULL;
    r[4].report_id = "2";
    r[5].start++;
    r[6].end++;
    /* The border between two fields belongs to the identity. */
    r[7].organization = "Exampl";
    r[7].contact_info = "etls@example.net";
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            struct key a = key_of_report(&r[i]), b = key_of_report(&r[k]);

            assert_int_equal(memcmp(&a, &b, sizeof a) == 0, i == k);
        }
    }
}

/* Some senders number a run, not a report: one report-id for all domains. */
static void
changes_with_the_policy_domains_alone(void **state)
{
    struct policy ab[] = {{.type_text = "sts", .domain = "a.example"},
                          {.type_text = "sts", .domain = "b.example"}};
    struct policy ba[] = {ab[1], ab[0], ab[1]},
                  a_b[] = {{.domain = "a.exampleb.example"}};
    const struct {
        struct policy *policies;
        size_t n;
    } others[] = {{NULL, 0}, {ab, 1}, {ab + 1, 1}, {a_b, 1}};
    struct report r = sample();
    struct key want, got;

    (void)state;
    r.policies = ab;
    r.policy_count = 2;
    want = key_of_report(&r);
    r.policies = ba;
    r.policy_count = 3;
    got = key_of_report(&r);
    assert_memory_equal(&got, &want, sizeof want);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        r.policies = others[i].policies;
        r.policy_count = others[i].n;
        got = key_of_report(&r);
        assert_memory_not_equal(&got, &want, sizeof want);
    }
}

static void
the_content_is_all_that_was_understood(void **state)
{
    const char *strings[] = {"version: STSv1"}, *hosts[] = {"mx.example.com"};
    struct failure_detail details[2] = {{.result_type_text = "certificate-expired",
                                         .sending_mta_ip = "192.0.2.1",
                                         .failed_sessions = 1}};
    struct policy p = {.type_text = "sts",
                       .domain = "example.com",
                       .policy_string = strings,
                       .policy_string_count = 1,
                       .mx_host = hosts,
                       .mx_host_count = 1,
                       .details = details,
                       .detail_count = 1};
    struct report r = sample();
    struct key keys[10];
    size_t n = 0;

    (void)state;
    r.policies = &p;
    r.policy_count = 1;
    keys[n++] = key_of_content(&r);
    r.quirks = QUIRK_BIT(QUIRK_ZIP); /* its wrapping is no part of it */
    keys[n] = key_of_content(&r);
    assert_memory_equal(&keys[n], &keys[0], sizeof *keys);
    p.successful_sessions++;
    keys[n++] = key_of_content(&r);
    p.failed_sessions++;
    keys[n++] = key_of_content(&r);
    details[0].failed_sessions++;
    keys[n++] = key_of_content(&r);
    details[0].failure_reason_code = "";
    keys[n++] = key_of_content(&r);
    p.detail_count = 2;
    keys[n++] = key_of_content(&r);
    p.mx_host_count = 0;
    keys[n++] = key_of_content(&r);
    strings[0] = "version: STSv2";
    keys[n++] = key_of_content(&r);
    p.type_text = "tlsa";
    keys[n++] = key_of_content(&r);
    r.policy_count = 0;
    keys[n++] = key_of_content(&r);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++)
            assert_int_equal(memcmp(&keys[i], &keys[k], sizeof *keys) == 0, i == k);
    }
}

static void
never_overflows_on_a_long_text(void **state)
{
    static char longer[3 * REPORT_MAX_STRING_BYTES];
    struct report r = sample();
    struct key a, b;

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    r.sender = r.organization = r.contact_info = r.report_id = longer;
    a = key_of_report(&r);
    r.report_id = longer + 1;
    b = key_of_report(&r);
    assert_memory_not_equal(&a, &b, sizeof a);
}

static void
a_claim_belongs_to_its_network(void **state)
{
    struct report r = sample();
    struct key k = key_of_report(&r), a = key_of_claim(&k, "192.0.2.0/24"),
               b = key_of_claim(&k, "198.51.100.0/24");

    (void)state;
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &k, sizeof a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_belongs_to_its_network),
        cmocka_unit_test(hashes_bytes),
        cmocka_unit_test(changes_with_every_field),
        cmocka_unit_test(changes_with_the_policy_domains_alone),
        cmocka_unit_test(the_content_is_all_that_was_understood),
        cmocka_unit_test(never_overflows_on_a_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
