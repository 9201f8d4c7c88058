/* Why not a DOM: ten kilobytes of gzip grow to hundreds of megabytes of nodes, and
 * reports arrive in one burst after midnight. Here a stranger's bytes cost time in
 * proportion and no memory at all. */
#include "schema/json_read.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum state {
    BEFORE_VALUE,  /* at the start of the text or after a colon */
    AFTER_OPEN,    /* a first member or element, or the end */
    AFTER_ELEMENT, /* a comma, or the end */
};

#define LARGEST_EXACT (INT64_C(1) << 53) /* RFC 7493 section 2.2 */

void
json_read_init(struct json_read *r, const char *text, size_t n)
{
    *r = (struct json_read){.begin = text, .at = text, .end = text + n};
}

static bool
bad(const struct json_read *r, struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "not JSON: %s at byte %zu", what,
                   (size_t)(r->at - r->begin));
}

const char *
json_skip_white(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Eight bytes at once: is one of them a quote, a backslash, a control character or not
 * ASCII? */
static bool
is_plain_word(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t w, quote, slash;

    memcpy(&w, p, sizeof w);
    quote = w ^ (ones * '"');
    slash = w ^ (ones * '\\');
    return ((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & highs) == 0;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits of \uXXXX at p; -1 if there are none. */
static int32_t
hex4(const char *p, const char *end)
{
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The character of an escape at p (which points at the backslash) and its length in the
 * text; 0 when it is none, or NUL, or half a surrogate pair. */
static size_t
read_escape(const char *p, const char *end, uint32_t *cp)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    int32_t high, low;

    if (end - p < 2 || p[1] == '\0')
        return 0;
    if ((letter = strchr(letters, p[1])) != NULL) {
        *cp = (unsigned char)meanings[letter - letters];
        return 2;
    }
    if (p[1] != 'u' || (high = hex4(p + 2, end)) <= 0 ||
        (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *cp = (uint32_t)high;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u' ||
        (low = hex4(p + 8, end)) < 0xDC00 || low > 0xDFFF)
        return 0;
    *cp = 0x10000 + (((uint32_t)high - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    return 12;
}

static size_t
utf8_bytes(uint32_t cp)
{
    return cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
}

/* One character that is not plain ASCII: true if the string goes on behind it. */
static bool
read_special(struct json_read *r, struct err *e)
{
    unsigned char c = (unsigned char)*r->at;
    uint32_t cp = 0;
    size_t n;

    if (c == '\\') {
        n = read_escape(r->at, r->end, &cp);
        if (n == 0)
            return bad(r, e, "bad escape, NUL or lone surrogate");
        r->plain_len -= n - utf8_bytes(cp);
    } else if (c < 0x20) {
        return bad(r, e, "control character in a string");
    } else {
        n = text_next(r->at, (size_t)(r->end - r->at), &cp);
        if (n == 0)
            return bad(r, e, "invalid UTF-8");
    }
    r->at += n;
    return true;
}

/* From behind the opening quote to behind the closing one. */
static bool
read_string(struct json_read *r, struct err *e)
{
    r->text = r->at;
    r->plain_len = 0; /* for now: minus what escapes take */
    for (;;) {
        while (r->end - r->at >= 8 && is_plain_word(r->at))
            r->at += 8;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' &&
               (unsigned char)*r->at >= 0x20 && (unsigned char)*r->at < 0x80)
            r->at++;
        if (r->at == r->end)
            return bad(r, e, "a string without end");
        if (*r->at == '"')
            break;
        if (!read_special(r, e))
            return false;
    }
    r->text_len = (size_t)(r->at - r->text);
    r->plain_len += r->text_len;
    r->at++;
    return true;
}

static const char *
skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The end of the number that begins at p (RFC 8259 section 6); NULL if it is none. */
static const char *
number_end(const char *p, const char *end)
{
    const char *digits;

    if (p < end && *p == '-')
        p++;
    digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return NULL;
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = skip_digits(p, end);
        if (p == digits)
            return NULL;
    }
    return p;
}

static bool
is_plain_number(const struct json_read *r)
{
    for (size_t i = 0; i < r->text_len; i++) {
        if (r->text[i] == '.' || r->text[i] == 'e' || r->text[i] == 'E')
            return false;
    }
    return true;
}

/* Whole numbers of up to 18 digits fit 64 bits; the others are tried. */
static bool
number_fits(const struct json_read *r)
{
    char text[JSON_MAX_NUMBER_BYTES + 1];
    bool plain = is_plain_number(r);

    if (plain && r->text_len <= 18)
        return true;
    memcpy(text, r->text, r->text_len);
    text[r->text_len] = '\0';
    errno = 0;
    if (plain) {
        (void)strtoll(text, NULL, 10);
        return errno != ERANGE;
    }
    return isfinite(strtod(text, NULL)) != 0;
}

static bool
read_number(struct json_read *r, struct err *e)
{
    const char *end;

    if (*r->at != '-' && (*r->at < '0' || *r->at > '9'))
        return bad(r, e, "unexpected character");
    end = number_end(r->at, r->end);
    if (end == NULL)
        return bad(r, e, "bad number");
    r->text = r->at;
    r->text_len = r->plain_len = (size_t)(end - r->at);
    if (r->text_len > JSON_MAX_NUMBER_BYTES)
        return bad(r, e, "number too long");
    if (!number_fits(r))
        return bad(r, e, "number out of range");
    r->at = end;
    return true;
}

static bool
read_literal(struct json_read *r, const char *word, struct err *e)
{
    size_t n = strlen(word);

    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return bad(r, e, "unexpected character");
    r->at += n;
    return true;
}

static bool
open_one(struct json_read *r, bool object, struct err *e)
{
    if (r->depth == JSON_MAX_DEPTH)
        return bad(r, e, "nested too deep");
    r->objects = object ? r->objects | UINT64_C(1) << r->depth
                        : r->objects & ~(UINT64_C(1) << r->depth);
    r->depth++;
    r->at++;
    r->state = AFTER_OPEN;
    return true;
}

static bool
in_object(const struct json_read *r)
{
    return (r->objects >> (r->depth - 1) & 1) != 0;
}

static bool
close_one(struct json_read *r, enum json_token *token, struct err *e)
{
    if (*r->at != (in_object(r) ? '}' : ']'))
        return bad(r, e, "unexpected character");
    r->at++;
    r->depth--;
    r->state = AFTER_ELEMENT;
    *token = JSON_CLOSE;
    return true;
}

static bool
read_value(struct json_read *r, enum json_token *token, struct err *e)
{
    r->state = AFTER_ELEMENT;
    if (r->at == r->end)
        return bad(r, e, "the text ends too early");
    switch (*r->at) {
    case '"':
        *token = JSON_STRING;
        r->at++;
        return read_string(r, e);
    case '{':
        *token = JSON_OBJECT;
        return open_one(r, true, e);
    case '[':
        *token = JSON_ARRAY;
        return open_one(r, false, e);
    case 't':
        *token = JSON_TRUE;
        return read_literal(r, "true", e);
    case 'f':
        *token = JSON_FALSE;
        return read_literal(r, "false", e);
    case 'n':
        *token = JSON_NULL;
        return read_literal(r, "null", e);
    default:
        *token = JSON_NUMBER;
        return read_number(r, e);
    }
}

static bool
read_key(struct json_read *r, enum json_token *token, struct err *e)
{
    if (r->at == r->end || *r->at != '"')
        return bad(r, e, "a member without name");
    r->at++;
    if (!read_string(r, e))
        return false;
    r->at = json_skip_white(r->at, r->end);
    if (r->at == r->end || *r->at != ':')
        return bad(r, e, "a member without colon");
    r->at++;
    r->state = BEFORE_VALUE;
    *token = JSON_KEY;
    return true;
}

bool
json_next(struct json_read *r, enum json_token *token, struct err *e)
{
    r->at = json_skip_white(r->at, r->end);
    if (r->state == BEFORE_VALUE)
        return read_value(r, token, e);
    if (r->depth == 0) {
        *token = JSON_END;
        return true;
    }
    if (r->at == r->end)
        return bad(r, e, "the text ends too early");
    if (*r->at == '}' || *r->at == ']')
        return close_one(r, token, e);
    if (r->state == AFTER_ELEMENT) {
        if (*r->at != ',')
            return bad(r, e, "unexpected character");
        r->at = json_skip_white(r->at + 1, r->end);
    }
    return in_object(r) ? read_key(r, token, e) : read_value(r, token, e);
}

bool
json_skip(struct json_read *r, enum json_token token, struct err *e)
{
    unsigned outside = r->depth - 1;

    if (token != JSON_OBJECT && token != JSON_ARRAY)
        return true;
    while (r->depth > outside) {
        if (!json_next(r, &token, e))
            return false;
    }
    return true;
}

static size_t
put_utf8(char *out, uint32_t cp)
{
    size_t n = utf8_bytes(cp);

    if (n == 1) {
        out[0] = (char)cp;
        return 1;
    }
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (char)((0xF00U >> n & 0xFF) | cp);
    return n;
}

void
json_copy(const struct json_read *r, char *out)
{
    const char *p = r->text, *end = r->text + r->text_len;
    uint32_t cp = 0;

    if (r->plain_len == r->text_len) {
        memcpy(out, p, r->text_len);
        return;
    }
    while (p < end) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        p += read_escape(p, end, &cp);
        out += put_utf8(out, cp);
    }
}

bool
json_integer(const struct json_read *r, int64_t *value, bool *plain)
{
    char text[JSON_MAX_NUMBER_BYTES + 1];
    double d;

    if (r->text_len > JSON_MAX_NUMBER_BYTES)
        return false;
    memcpy(text, r->text, r->text_len);
    text[r->text_len] = '\0';
    *plain = is_plain_number(r);
    if (*plain) {
        errno = 0;
        *value = strtoll(text, NULL, 10);
        return errno == 0 && *value <= LARGEST_EXACT && *value >= -LARGEST_EXACT;
    }
    d = strtod(text, NULL);
    if (!(d >= -(double)LARGEST_EXACT && d <= (double)LARGEST_EXACT) || d != trunc(d))
        return false;
    *value = (int64_t)d;
    return true;
}
