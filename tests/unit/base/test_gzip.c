/* What is packed can be read again, by zlib and so by every client. */
#include "base/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static void
test_round(void **state)
{
    static char text[100000], again[100001];
    struct buf b;
    z_stream z = {0};

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 23);
    buf_init(&b, 0);
    assert_true(buf_append(&b, text, sizeof text));
    assert_true(gzip_pack(&b));
    assert_true(b.len < sizeof text / 10);
    assert_int_equal(b.bytes[b.len], 0);
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    z.next_in = (unsigned char *)b.bytes;
    z.avail_in = (unsigned)b.len;
    z.next_out = (unsigned char *)again;
    z.avail_out = sizeof again;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, sizeof text);
    assert_memory_equal(again, text, sizeof text);
    (void)inflateEnd(&z);
    buf_clear(&b);
}

static void
test_what_would_grow_stays(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    assert_false(gzip_pack(&b));
    assert_true(buf_puts(&b, "x"));
    assert_false(gzip_pack(&b));
    assert_string_equal(b.bytes, "x");
    buf_clear(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_what_would_grow_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
