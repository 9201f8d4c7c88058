/* The characters of strings and numbers. */
#include "schema/wire/json_scan.h"

#include "base/text.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALWAYS_FITS = 18 /* digits and sign, in 64 bits; 2^53 has 16 digits */
};
#define LARGEST_EXACT (INT64_C(1) << 53) /* RFC 7493 section 2.2 */

const char *
json_scan_white(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

typedef int8_t chunk __attribute__((vector_size(16)));

/* How many of sixteen bytes stand before the first quote, backslash, control character or
 * byte that is not ASCII, which are negative here; 16 when there is none. */
static unsigned
plain_bytes(const char *p)
{
    uint64_t found[2];
    chunk v, special;

    memcpy(&v, p, sizeof v);
    special = (v < 0x20) | (v == '"') | (v == '\\');
    memcpy(found, &special, sizeof found);
    if (found[0] != 0)
        return (unsigned)__builtin_ctzll(le64toh(found[0])) / 8;
    return found[1] == 0 ? 16 : 8 + (unsigned)__builtin_ctzll(le64toh(found[1])) / 8;
}

static const char *
skip_plain(const char *p, const char *end)
{
    while (end - p >= 16) {
        unsigned n = plain_bytes(p);

        p += n;
        if (n < 16)
            return p;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 &&
           (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* The four digits of \uXXXX at p; -1 if there are none. */
static int32_t
hex4(const char *p, const char *end)
{
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(p[i]);

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

/* One character that is not plain ASCII, at *at: moves behind it; *saved grows by what
 * the escape takes more than the character. */
static const char *
scan_special(const char **at, const char *end, size_t *saved)
{
    char character[4];
    uint32_t cp = 0;
    size_t n;

    if (**at == '\\') {
        n = read_escape(*at, end, &cp);
        if (n == 0)
            return "bad escape, NUL or lone surrogate";
        *saved += n - text_put(character, cp);
    } else if ((unsigned char)**at < 0x20) {
        return "control character in a string";
    } else {
        n = text_next(*at, (size_t)(end - *at), &cp);
        if (n == 0)
            return "invalid UTF-8";
    }
    *at += n;
    return NULL;
}

const char *
json_scan_string(const char **at, const char *end, size_t *plain_len)
{
    const char *begin = *at, *p = *at, *problem;
    size_t saved = 0;

    for (;;) {
        p = skip_plain(p, end);
        *at = p;
        if (p == end)
            return "a string without end";
        if (*p == '"')
            break;
        if ((problem = scan_special(at, end, &saved)) != NULL)
            return problem;
        p = *at;
    }
    *plain_len = (size_t)(p - begin) - saved;
    *at = p + 1;
    return NULL;
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
is_plain_number(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E')
            return false;
    }
    return true;
}

/* Does it fit the type that holds it? Most need not be tried. */
static bool
number_fits(const char *number, size_t n)
{
    char text[JSON_MAX_NUMBER_BYTES + 1];
    bool plain = is_plain_number(number, n);

    if (plain && n <= ALWAYS_FITS)
        return true;
    memcpy(text, number, n);
    text[n] = '\0';
    errno = 0;
    if (plain) {
        (void)strtoll(text, NULL, 10);
        return errno != ERANGE;
    }
    return isfinite(strtod(text, NULL)) != 0;
}

const char *
json_scan_number(const char **at, const char *end)
{
    const char *stop;

    if (**at != '-' && (**at < '0' || **at > '9'))
        return "unexpected character";
    stop = number_end(*at, end);
    if (stop == NULL)
        return "bad number";
    if (stop - *at > JSON_MAX_NUMBER_BYTES)
        return "number too long";
    if (!number_fits(*at, (size_t)(stop - *at)))
        return "number out of range";
    *at = stop;
    return NULL;
}

void
json_scan_unescape(const char *text, size_t n, char *out)
{
    const char *p = text, *end = text + n;
    uint32_t cp = 0;

    while (p < end) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        p += read_escape(p, end, &cp);
        out += text_put(out, cp);
    }
}

bool
json_scan_whole(const char *number, size_t n, int64_t *value, bool *plain)
{
    char text[JSON_MAX_NUMBER_BYTES + 1];
    double d;

    if (n > JSON_MAX_NUMBER_BYTES)
        return false;
    *plain = is_plain_number(number, n);
    if (*plain) {
        bool negative = number[0] == '-';

        *value = 0;
        for (size_t i = negative; i < n && n <= ALWAYS_FITS; i++)
            *value = *value * 10 + (number[i] - '0');
        if (n > ALWAYS_FITS || *value > LARGEST_EXACT)
            return false;
        *value = negative ? -*value : *value;
        return true;
    }
    memcpy(text, number, n);
    text[n] = '\0';
    d = strtod(text, NULL);
    if (!(d >= -(double)LARGEST_EXACT && d <= (double)LARGEST_EXACT) || d != trunc(d))
        return false;
    *value = (int64_t)d;
    return true;
}
