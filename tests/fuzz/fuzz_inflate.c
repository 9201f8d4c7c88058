/* Bytes off the wire. The caps are low, so that they are met. */
#include "tests/fuzz/fuzz.h"

#include "schema/wire/inflate.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct inflate_limits limits = {.max_bytes = 1 << 20, .max_members = 4};
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
    return 0;
}
