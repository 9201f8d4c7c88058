/* Bytes off the wire: what is in what, and the reports of each text. The caps are low, so
 * that they are met. */
#include "tests/fuzz/fuzz.h"

#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"

#include <stdlib.h>

static bool
take_text(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct decode_cursor c;
    const char *end = item->text;
    struct report r;

    (void)ctx;
    (void)e;
    (void)inflate_name(item->text, item->len);
    if (item->kind != INFLATE_JSON)
        return true;
    decode_open(&c, item->text, item->len);
    while (c.more) {
        report_init(&r);
        if (decode_next(&c, &r, NULL))
            report_clear(&r);
        /* Pieces stand one behind the other, within the text. */
        if (c.piece < end || c.piece + c.piece_len > item->text + item->len)
            abort();
        end = c.piece + c.piece_len;
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct inflate_limits limits = {.max_bytes = 1 << 20, .max_members = 4};
    size_t inflated = 0;
    quirk_set quirks = 0;
    struct err e = {0};
    struct buf out;

    buf_init(&out, 0);
    if (inflate_bytes(bytes, n, &limits, &out, &quirks, &e)) {
        if (out.len > limits.max_bytes)
            abort();
    } else if (e.kind != ERR_INPUT && e.kind != ERR_TOO_BIG && e.kind != ERR_REFUSED) {
        abort();
    }
    buf_clear(&out);
    if (inflate_each(bytes, n, &limits, take_text, NULL, &inflated, NULL) &&
        inflated > limits.max_bytes)
        abort();
    return 0;
}
