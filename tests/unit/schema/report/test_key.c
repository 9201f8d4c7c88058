/* Two reports share an identity only if all six fields are the same. */
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_bytes),
        cmocka_unit_test(changes_with_every_field),
        cmocka_unit_test(never_overflows_on_a_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
