/* An archive cut anywhere yields the same messages, none of them larger than allowed. */
#include "tests/fuzz/fuzz.h"

#include "collector/mail/arrival.h"
#include "collector/mail/mbox.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_MESSAGE_BYTES = 2000,
};

static void
note(const struct mbox *m, struct buf *out)
{
    int64_t instant;

    if (m->message.len > MAX_MESSAGE_BYTES || (m->too_big && m->message.len > 0))
        abort();
    if (arrival_of_mail(m->message.bytes, m->message.len, &instant))
        (void)buf_printf(out, "%lld", (long long)instant);
    if (!buf_append(out, m->message.bytes, m->message.len) ||
        !buf_putc(out, m->too_big ? '!' : '|'))
        abort();
}

static void
cut(const char *bytes, size_t n, size_t chunk, struct buf *out)
{
    struct mbox m;
    size_t taken;

    buf_init(out, 0);
    mbox_init(&m, MAX_MESSAGE_BYTES);
    for (size_t at = 0; at < n; at += taken)
        if (mbox_take(&m, bytes + at, n - at < chunk ? n - at : chunk, &taken) ==
            MBOX_MESSAGE)
            note(&m, out);
    if (mbox_end(&m) == MBOX_MESSAGE)
        note(&m, out);
    mbox_clear(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct buf whole, parts;
    int64_t instant = 0;

    cut((const char *)bytes, n, n == 0 ? 1 : n, &whole);
    cut((const char *)bytes, n, n == 0 ? 1 : (size_t)bytes[n - 1] % 64 + 1, &parts);
    if (whole.len != parts.len ||
        (whole.len > 0 && memcmp(whole.bytes, parts.bytes, whole.len) != 0))
        abort();
    buf_clear(&whole);
    buf_clear(&parts);
    return arrival_parse_date((const char *)bytes, n, &instant) && instant == INT64_MIN
               ? -1
               : 0;
}
