/* Every string in a report was written by a stranger; what could act on a terminal or
 * mislead an eye (bidirectional overrides) is shown as its number, in one place for all
 * media that are plain text. */
#include "base/text.h"

#include "base/count.h"

#include <string.h>

size_t
text_next(const char *s, size_t n, uint32_t *cp)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t len;
    uint32_t c;

    if (n == 0)
        return 0;
    if (u[0] < 0x80) {
        *cp = u[0];
        return 1;
    }
    len = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
    if (u[0] < 0xC2 || u[0] > 0xF4 || len > n)
        return 0;
    c = u[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (u[i] & 0x3FU);
    }
    if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || c > 0x10FFFF ||
        (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *cp = c;
    return len;
}

size_t
text_put(char out[4], uint32_t cp)
{
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    if (n == 1) {
        out[0] = (char)cp;
        return 1;
    }
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)((0xF00U >> n & 0xFF) | cp);
    return n;
}

bool
text_is_utf8(const char *s, size_t n)
{
    uint32_t cp;
    size_t len;

    for (size_t i = 0; i < n; i += len) {
        if ((len = text_next(s + i, n - i, &cp)) == 0)
            return false;
    }
    return true;
}

bool
text_is_unsafe(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},
        {0x61C, 0x61C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
        {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
        {0xFDD0, 0xFDEF}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };

    if (cp >= 0x20 && cp < 0x7F)
        return false;
    if ((cp & 0xFFFE) == 0xFFFE)
        return true;
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        if (cp >= ranges[i].first && cp <= ranges[i].last)
            return true;
    }
    return false;
}

bool
text_escape(struct buf *out, const char *s, size_t n)
{
    size_t len, plain = 0; /* what is plain is appended at once */
    uint32_t cp = 0;

    for (size_t i = 0; i < n; i += len) {
        len = text_next(s + i, n - i, &cp);
        if (len > 0 && !text_is_unsafe(cp))
            continue;
        (void)buf_append(out, s + plain, i - plain);
        if (len == 0) {
            len = 1;
            (void)buf_printf(out, "\\x%02x", (unsigned char)s[i]);
        } else {
            (void)buf_printf(out, cp < 0x100 ? "\\x%02x" : "\\u{%x}", cp);
        }
        plain = i + len;
    }
    if (plain < n)
        (void)buf_append(out, s + plain, n - plain);
    return !out->failed;
}

size_t
text_trim(const char **s, size_t n, const char *blanks)
{
    for (; n > 0 && **s != '\0' && strchr(blanks, **s) != NULL; n--)
        (*s)++;
    while (n > 0 && (*s)[n - 1] != '\0' && strchr(blanks, (*s)[n - 1]) != NULL)
        n--;
    return n;
}

bool
text_quote(struct buf *out, const char *s)
{
    (void)buf_putc(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            (void)buf_putc(out, '\\');
        (void)buf_putc(out, *s);
    }
    return buf_putc(out, '"');
}

bool
text_element(struct buf *out, const char *s)
{
    return buf_putc(out, out->len == 0 ? '{' : ',') && text_quote(out, s);
}

int
text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
text_unhex(struct buf *out, const char *hex)
{
    if (!buf_reserve(out, strlen(hex) / 2))
        return false;
    for (; *hex != '\0'; hex += 2) {
        int high = text_hex_digit(hex[0]), low = high < 0 ? -1 : text_hex_digit(hex[1]);

        if (low < 0 || !buf_putc(out, (char)(high << 4 | low)))
            return false;
    }
    return buf_append(out, "", 0);
}

static int
lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool
text_equal_nocase(const char *a, const char *b)
{
    while (*a != '\0' &&
           (*a == *b || lower((unsigned char)*a) == lower((unsigned char)*b))) {
        a++;
        b++;
    }
    return lower((unsigned char)*a) == lower((unsigned char)*b);
}

/* Eight at a time; what is not ASCII stays. */
static uint64_t
lower8(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t low = w & ~highs;
    uint64_t from_a = low + ones * (0x80 - 'A'), past_z = low + ones * (0x7F - 'Z');

    return w | ((from_a ^ past_z) & ~w & highs) >> 2;
}

size_t
text_lower(char *s)
{
    size_t len = strlen(s), n = len;

    for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), s += sizeof(uint64_t)) {
        uint64_t w;

        memcpy(&w, s, sizeof w);
        w = lower8(w);
        memcpy(s, &w, sizeof w);
    }
    for (; *s != '\0'; s++)
        *s = (char)lower((unsigned char)*s);
    return len;
}

int
text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
