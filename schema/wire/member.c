/* What describes (names, addresses, reasons) is taken in nearly any form, since losing it
 * costs a detail; what counts (sessions, dates) is taken only if it is certain. */
#include "schema/wire/member.h"

#include "base/ip.h"
#include "base/text.h"
#include "base/when.h"
#include "schema/report/domain.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_ROOM = 4,
    LONGEST_NAME = 48, /* of a member: no name in a table is longer */
};

void
member_note(struct decoder *d, enum quirk quirk)
{
    d->report->quirks |= QUIRK_BIT(quirk);
}

bool
member_type_error(struct decoder *d, const char *wanted)
{
    return err_set(d->e, ERR_INPUT, "not %s", wanted);
}

bool
member_grow(struct decoder *d, void **array, size_t count, size_t *room, size_t size)
{
    size_t bigger = *room == 0 ? FIRST_ROOM : *room * 2;
    void *p;

    if (count < *room)
        return true;
    if ((p = arena_array(&d->report->arena, bigger, size)) == NULL)
        return err_nomem(d->e);
    if (count > 0)
        memcpy(p, *array, count * size);
    *array = p;
    *room = bigger;
    return true;
}

static bool
take_string(struct decoder *d, char **text)
{
    size_t n = d->json.plain_len;

    if (n == 0)
        return true;
    if (n > REPORT_MAX_STRING_BYTES)
        return err_set(d->e, ERR_INPUT, "longer than %d bytes", REPORT_MAX_STRING_BYTES);
    if ((*text = arena_bytes(&d->report->arena, n + 1)) == NULL)
        return err_nomem(d->e);
    json_read_copy(&d->json, *text);
    (*text)[n] = '\0';
    return true;
}

bool
member_take_text(struct decoder *d, enum json_token token, char **text)
{
    int64_t number = 0;
    bool plain = false;

    *text = NULL;
    if (token == TOKEN_STRING)
        return take_string(d, text);
    if (token == TOKEN_NULL)
        return true;
    member_note(d, QUIRK_MEMBER_TYPE);
    if (token != TOKEN_NUMBER)
        return json_read_skip(&d->json, token, d->e);
    /* "failure-reason-code": 404. */
    if (!json_read_integer(&d->json, &number, &plain) || !plain)
        return true;
    *text = arena_printf(&d->report->arena, "%lld", (long long)number);
    return *text != NULL || err_nomem(d->e);
}

/* The text of a word, a name or an address: nobody means the white space around it. */
static bool
take_trimmed(struct decoder *d, enum json_token token, char **text)
{
    const char *at;
    size_t len, n;

    if (!member_take_text(d, token, text))
        return false;
    if (*text == NULL)
        return true;
    at = *text;
    len = strlen(at);
    n = text_trim(&at, len, MEMBER_BLANKS);
    if (n == len)
        return true;
    member_note(d, QUIRK_BLANKS);
    *text += at - *text;
    (*text)[n] = '\0';
    if (n == 0)
        *text = NULL;
    return true;
}

static void
put_text(void *into, const char *text)
{
    if (text != NULL)
        *(const char **)into = text;
}

bool
member_text(struct decoder *d, enum json_token token, void *into)
{
    char *text;

    if (!member_take_text(d, token, &text))
        return false;
    put_text(into, text);
    return true;
}

bool
member_name(struct decoder *d, enum json_token token, void *into)
{
    char *text;

    if (!take_trimmed(d, token, &text))
        return false;
    put_text(into, text);
    return true;
}

bool
member_word(struct decoder *d, enum json_token token, void *into)
{
    char *text;

    if (!take_trimmed(d, token, &text))
        return false;
    if (text != NULL)
        text_lower(text);
    put_text(into, text);
    return true;
}

bool
member_host(struct decoder *d, enum json_token token, void *into)
{
    char *text;
    size_t n;

    if (!take_trimmed(d, token, &text))
        return false;
    if (text != NULL) {
        n = text_lower(text);
        if (n > 1 && text[n - 1] == '.')
            text[n - 1] = '\0';
    }
    put_text(into, text);
    return true;
}

bool
member_domain(struct decoder *d, enum json_token token, void *into)
{
    char *text, *normal;

    if (!member_take_text(d, token, &text))
        return false;
    if (text == NULL)
        return true;
    if ((normal = domain_normalise(&d->report->arena, text, strlen(text))) == NULL)
        return err_nomem(d->e);
    if (strcmp(text, normal) != 0)
        member_note(d, QUIRK_POLICY_DOMAIN_FORM);
    if (*normal != '\0')
        put_text(into, normal);
    return true;
}

/* For what is no address as it stands: "fe80::1%eth0", "[192.0.2.1]" and RFC 5321's
 * "[IPv6:2001:db8::1]", bare. False when it is too long to be an address. */
static bool
bare_address(const char *text, char out[IP_TEXT_SIZE])
{
    static const char tag[] = "IPv6:";
    size_t n = strlen(text);

    if (*text == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    if (strncasecmp(text, tag, sizeof tag - 1) == 0) {
        text += sizeof tag - 1;
        n -= sizeof tag - 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%')
            n = i;
    }
    if (n >= IP_TEXT_SIZE)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

bool
member_ip(struct decoder *d, enum json_token token, void *into)
{
    char bare[IP_TEXT_SIZE], out[IP_TEXT_SIZE];
    const char *canonical;
    char *text;

    if (!take_trimmed(d, token, &text))
        return false;
    if (text == NULL)
        return true;
    put_text(into, text);
    canonical = ip_canonical(text, out);
    if (canonical == NULL && bare_address(text, bare))
        canonical = ip_canonical(bare, out);
    if (canonical == text)
        return true;
    if (canonical == NULL) {
        member_note(d, QUIRK_IP_INVALID);
        return true;
    }
    member_note(d, QUIRK_IP_FORM);
    if ((text = arena_strdup(&d->report->arena, canonical)) == NULL)
        return err_nomem(d->e);
    put_text(into, text);
    return true;
}

/* RFC 3986 section 3: a scheme, a colon, something, and no white space; more is nobody's
 * concern, since it is never fetched. */
static bool
is_uri(const char *text)
{
    size_t n = strcspn(text, ":");

    if (n == 0 || text[n] == '\0' || text[n + 1] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7F)
            return false;
    }
    return true;
}

bool
member_uri(struct decoder *d, enum json_token token, void *into)
{
    char *text;

    if (!member_take_text(d, token, &text))
        return false;
    if (text != NULL && !is_uri(text))
        member_note(d, QUIRK_URI_FORM);
    put_text(into, text);
    return true;
}

/* "5": the text of a string, read as the JSON number that it must be. */
static bool
number_in_string(struct decoder *d, int64_t *n)
{
    char text[JSON_MAX_NUMBER_BYTES];
    struct json_read inner;
    enum json_token token = TOKEN_NULL;
    bool plain;

    if (d->json.plain_len > sizeof text)
        return false;
    json_read_copy(&d->json, text);
    json_read_init(&inner, text, d->json.plain_len);
    return json_read_next(&inner, &token, NULL) && token == TOKEN_NUMBER &&
           json_scan_white(inner.at, inner.end) == inner.end &&
           json_read_integer(&inner, n, &plain);
}

bool
member_count(struct decoder *d, enum json_token token, void *into)
{
    int64_t n = 0;
    bool plain = false, ok = false;

    if (token == TOKEN_NULL)
        return true;
    if (token == TOKEN_NUMBER)
        ok = json_read_integer(&d->json, &n, &plain);
    else if (token == TOKEN_STRING)
        ok = number_in_string(d, &n);
    if (!ok)
        return member_type_error(d, "a whole number up to 2^53");
    if (!plain)
        member_note(d, QUIRK_NUMBER_FORM);
    if (n < 0) {
        member_note(d, QUIRK_NEGATIVE_COUNT);
        n = 0;
    }
    *(int64_t *)into = n;
    return true;
}

bool
member_instant(struct decoder *d, enum json_token token, void *into)
{
    char *text = NULL;
    unsigned form = 0;

    if (token != TOKEN_STRING)
        return member_type_error(d, "a date");
    if (!member_take_text(d, token, &text))
        return false;
    if (text == NULL || !when_parse_rfc3339(text, strlen(text), into, &form))
        return member_type_error(d, "a date as RFC 3339 has it");
    if ((form & WHEN_NO_ZONE) != 0)
        member_note(d, QUIRK_DATE_WITHOUT_ZONE);
    if ((form & WHEN_NOT_3339) != 0)
        member_note(d, QUIRK_DATE_FORMAT);
    return true;
}

/* Senders write members in the order of the standard: the search begins behind the last
 * one found. Returns n when the table does not have it. */
static size_t
find_member(const struct decoder *d, const struct member *table, size_t n, size_t from)
{
    char copy[LONGEST_NAME];
    const char *name = d->json.text;
    size_t len = d->json.plain_len;

    if (len >= sizeof copy)
        return n;
    if (len != d->json.text_len) {
        json_read_copy(&d->json, copy);
        name = copy;
    }
    for (size_t k = 0; k < n; k++) {
        size_t i = from + k < n ? from + k : from + k - n;

        if (table[i].name_len == len && memcmp(table[i].name, name, len) == 0)
            return i;
    }
    return n;
}

/* Each name in a table stands for a bit; a mistaken one for that of the proper one. */
static uint64_t
bit_of(const struct member *table, size_t n, size_t i)
{
    const char *proper = table[i].same_as;

    for (size_t k = 0; proper != NULL && k < n; k++) {
        if (strcmp(table[k].name, proper) == 0)
            return UINT64_C(1) << k;
    }
    return UINT64_C(1) << i;
}

static bool
read_member(struct decoder *d, const struct member *m, uint64_t bit, uint64_t *seen,
            enum json_token token, void *object)
{
    if ((*seen & bit) != 0)
        return err_set(d->e, ERR_INPUT, "%s: given twice", m->name);
    *seen |= bit;
    if (m->same_as != NULL)
        member_note(d, QUIRK_GRAMMAR_NAME);
    if (!m->read(d, token, (char *)object + m->offset))
        return err_prefix(d->e, "%s", m->name);
    return true;
}

bool
member_read_all(struct decoder *d, const struct member *table, size_t n, void *object)
{
    uint64_t seen = 0;
    size_t next = 0;

    for (;;) {
        enum json_token token = TOKEN_NULL;
        size_t i = next;

        if (!json_read_expected(&d->json, table[i].name, table[i].name_len)) {
            if (!json_read_next(&d->json, &token, d->e))
                return false;
            if (token == TOKEN_CLOSE)
                return true;
            i = find_member(d, table, n, next);
        }
        if (!json_read_next(&d->json, &token, d->e))
            return false;
        if (i == n) {
            member_note(d, QUIRK_UNKNOWN_MEMBER);
            if (!json_read_skip(&d->json, token, d->e))
                return false;
            continue;
        }
        if (!read_member(d, &table[i], bit_of(table, n, i), &seen, token, object))
            return false;
        next = i + 1 < n ? i + 1 : 0;
    }
}
