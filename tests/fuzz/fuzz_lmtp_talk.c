/* An LMTP client's bytes: cut anywhere they must lead to the same replies and messages.
 */
#include "tests/fuzz/fuzz.h"

#include "collector/lmtp/lmtp_talk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_MESSAGE_BYTES = 100,
};

struct transcript {
    struct buf replies, messages;
};

static void
talk(const char *bytes, size_t n, size_t chunk, struct transcript *out)
{
    static const char *ours[] = {"a@b", "@c"};
    static const struct settings_list recipients = {ours, 2};
    static const struct lmtp_rules rules = {"h", &recipients, MAX_MESSAGE_BYTES};
    struct lmtp_talk t;
    enum lmtp_event event = LMTP_MORE;
    size_t taken;

    buf_init(&out->replies, 0);
    buf_init(&out->messages, 0);
    lmtp_talk_init(&t, &rules);
    for (size_t at = 0; at < n && event != LMTP_CLOSE; at += taken) {
        event = lmtp_talk_take(&t, bytes + at, n - at < chunk ? n - at : chunk, &taken);
        if (event != LMTP_MESSAGE)
            continue;
        if (t.message.len > MAX_MESSAGE_BYTES || t.recipient_count == 0)
            abort();
        if (!buf_append(&out->messages, t.message.bytes, t.message.len) ||
            !buf_puts(&out->messages, "|"))
            abort();
        lmtp_talk_answer(&t, t.fate, "reason");
    }
    if (!buf_append(&out->replies, t.out.bytes, t.out.len))
        abort();
    lmtp_talk_clear(&t);
}

/* Every line is three digits, a space or hyphen, printable text, CRLF. */
static void
must_be_replies(const struct buf *b)
{
    const char *s = b->bytes, *end;

    for (; *s != '\0'; s = end + 2) {
        end = strstr(s, "\r\n");
        if (end == NULL || end - s < 5 || strchr("2345", s[0]) == NULL ||
            !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
            strchr(" -", s[3]) == NULL)
            abort();
        for (const char *c = s; c < end; c++)
            if (!isprint((unsigned char)*c))
                abort();
    }
}

static void
must_be_same(const struct buf *a, const struct buf *b)
{
    if (a->len != b->len || (a->len > 0 && memcmp(a->bytes, b->bytes, a->len) != 0))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct transcript whole, cut;
    size_t chunk = n == 0 ? 1 : (size_t)bytes[0] % 16 + 1;

    talk((const char *)bytes, n, n == 0 ? 1 : n, &whole);
    talk((const char *)bytes, n, chunk, &cut);
    must_be_replies(&whole.replies);
    must_be_same(&whole.replies, &cut.replies);
    must_be_same(&whole.messages, &cut.messages);
    buf_clear(&whole.replies);
    buf_clear(&whole.messages);
    buf_clear(&cut.replies);
    buf_clear(&cut.messages);
    return 0;
}
