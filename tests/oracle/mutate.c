#include "tests/oracle/mutate.h"

#include <stdlib.h>
#include <string.h>

size_t
random_below(struct random *r, size_t n)
{
    /* splitmix64 */
    uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (size_t)((z ^ (z >> 31)) % n);
}

static const char *const values[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "1e3",
    "1E-3",
    "9007199254740992",
    "9007199254740993",
    "9007199254740992.0",
    "-9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e309",
    "01",
    "+1",
    ".5",
    "1.",
    "0.00000000000000000000000000000000000000000000000000000000000001",
    "0.000000000000000000000000000000000000000000000000000000000000001",
    "\"\"",
    "\"5\"",
    "\" 7 \"",
    "\"-3\"",
    "\"1.0\"",
    "\"0x1\"",
    "\"text\"",
    "\"TEXT\"",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\u00e9\\n\\t\\\\\\/\"",
    "\"\xc3\xa9.example\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "\"B\303\274cher.Example.\"",
    "\"sts\"",
    "\"tlsa\"",
    "\"no-policy-found\"",
    "\"TLSA\"",
    "\"certificate-expired\"",
    "\"192.0.2.1\"",
    "\"192.0.2.01\"",
    "\"[192.0.2.1]\"",
    "\"2001:db8::1\"",
    "\"2001:DB8:0:0:1:0:0:1\"",
    "\"::ffff:192.0.2.1\"",
    "\"fe80::1%eth0\"",
    "\"[IPv6:::1]\"",
    "\"::\"",
    "\"1::\"",
    "\"https://example.net/x\"",
    "\"http:\"",
    "\"a@b\"",
    "\"A <a@b.example>\"",
    "\"mx: mx1.example.com.\"",
    "\"MX:\"",
    "\"[\\\"3 1 1 aa\\\",\\\"\\\"]\"",
    "\"[\\\"3 1 1 aa\\\",5]\"",
    "\"[]\"",
    "\"[[]]\"",
    "[]",
    "[null]",
    "[\"a\",null,5,true,{},\"\",\"mx: b\"]",
    "[[],{}]",
    "{}",
    "[{}]",
    "[{},{}]",
    "[{},null]",
    "{\"policy\":{},\"summary\":{}}",
    "\"2026-11-01\"",
    "\"2026-11-01T00:00:00\"",
    "\"2026-11-01 12:30Z\"",
    "\"2026-11-01T24:00:00+0200\"",
    "\"2026-11-01T12:00:00.25-02\"",
    "\"2026-02-29T00:00:00Z\"",
    "\" 2024-02-29T23:59:60z \"",
    "\"2026-11-01T24:00:01Z\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59-23:59\"",
};

static const char *const keys[] = {
    "organization-name",
    "date-range",
    "start-datetime",
    "end-datetime",
    "contact-info",
    "report-id",
    "policies",
    "policy",
    "policy-type",
    "policy-string",
    "policy-domain",
    "mx-host",
    "mx-host-pattern",
    "summary",
    "total-successful-session-count",
    "total-failure-session-count",
    "failure-details",
    "failure_details",
    "result-type",
    "sending-mta-ip",
    "receiving-mx-hostname",
    "receiving-mx-helo",
    "receiving-ip",
    "failed-session-count",
    "additional-information",
    "additional-info-uri",
    "failure-reason-code",
    "report\\u002did",
    "unknown",
    "",
};

#define PICK(r, table) (table)[random_below(r, sizeof(table) / sizeof *(table))]

/* Puts `with` in place of n bytes at `at`. */
static void
splice(struct buf *text, size_t at, size_t n, const char *with, size_t with_len)
{
    struct buf out;

    buf_init(&out, 0);
    if (!buf_append(&out, text->bytes, at) || !buf_append(&out, with, with_len) ||
        !buf_append(&out, text->bytes + at + n, text->len - at - n))
        abort();
    buf_clear(text);
    *text = out;
}

/* A random place where c stands; text->len when there is none. */
static size_t
find_one(struct random *r, const struct buf *text, char c)
{
    size_t from = random_below(r, text->len);

    for (size_t i = 0; i < text->len; i++) {
        size_t at = (from + i) % text->len;

        if (text->bytes[at] == c)
            return at;
    }
    return text->len;
}

/* How long the value at p is: to its closing bracket or quote, or up to a comma, bracket
 * or line's end. Escapes and brackets within strings may mislead it, which does no harm.
 */
static size_t
value_length(const char *p)
{
    size_t depth = 0, n = strspn(p, " ");

    if (p[n] == '"')
        return n + 1 + strcspn(p + n + 1, "\"") + 1;
    if (p[n] != '[' && p[n] != '{')
        return n + strcspn(p + n, ",}]\n");
    for (; p[n] != '\0'; n++) {
        if (p[n] == '[' || p[n] == '{')
            depth++;
        if ((p[n] == ']' || p[n] == '}') && --depth == 0)
            return n + 1;
    }
    return n;
}

/* Another value for a member. */
static void
change_value(struct random *r, struct buf *text, const struct buf *other)
{
    size_t at = find_one(r, text, ':'), n;
    const char *value = PICK(r, values);

    (void)other;
    if (at == text->len)
        return;
    n = value_length(text->bytes + ++at);
    splice(text, at, at + n > text->len ? text->len - at : n, value, strlen(value));
}

static void
insert_member(struct random *r, struct buf *text, const struct buf *other)
{
    size_t at = find_one(r, text, '{');
    struct buf member;

    (void)other;
    if (at == text->len)
        return;
    buf_init(&member, 0);
    (void)buf_printf(&member, "\"%s\":%s,", PICK(r, keys), PICK(r, values));
    splice(text, at + 1, 0, member.bytes, member.len);
    buf_clear(&member);
}

static void
rename_key(struct random *r, struct buf *text, const struct buf *other)
{
    size_t at = find_one(r, text, '"'), n;
    const char *key = PICK(r, keys);

    (void)other;
    if (at == text->len)
        return;
    n = strcspn(text->bytes + ++at, "\"");
    splice(text, at, at + n > text->len ? text->len - at : n, key, strlen(key));
}

static void
change_byte(struct random *r, struct buf *text, const struct buf *other)
{
    static const char likely[] =
        "{}[]\",:\\0195-+.eEutnf \n\t\x01\x7f\x80\xc3\xed\xf4\xff";

    (void)other;
    text->bytes[random_below(r, text->len)] =
        random_below(r, 4) == 0 ? (char)random_below(r, 256)
                                : likely[random_below(r, sizeof likely)];
}

static void
cut_out(struct random *r, struct buf *text, const struct buf *other)
{
    size_t at = random_below(r, text->len), most = text->len - at;

    (void)other;
    splice(text, at, 1 + random_below(r, most < 40 ? most : 40), "", 0);
}

static void
cut_short(struct random *r, struct buf *text, const struct buf *other)
{
    size_t at = random_below(r, text->len);

    (void)other;
    splice(text, at, text->len - at, "", 0);
}

static void
take_part(struct random *r, struct buf *text, const struct buf *other)
{
    size_t from = random_below(r, other->len), most = other->len - from;

    splice(text, random_below(r, text->len), 0, other->bytes + from,
           1 + random_below(r, most < 200 ? most : 200));
}

void
mutate(struct random *r, struct buf *text, const struct buf *other)
{
    /* What keeps the text JSON comes more often: beyond the reader lies the decoder. */
    static void (*const ways[])(struct random *, struct buf *, const struct buf *) = {
        change_value, change_value,  change_value,  change_value, change_value,
        change_value, insert_member, insert_member, rename_key,   change_byte,
        cut_out,      cut_short,     take_part,
    };

    for (size_t n = 1 + random_below(r, 3); n > 0 && text->len > 0; n--)
        PICK(r, ways)(r, text, other);
}
