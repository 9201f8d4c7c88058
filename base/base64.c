/* Mailers fold lines, leave out the padding (Google's reports were seen so) and append
 * footers. */
#include "base/base64.h"

#include <limits.h>
#include <string.h>

/* One more than a digit's value; 0: no digit. */
static const unsigned char digits[UCHAR_MAX + 1] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

static int
digit(char c)
{
    return digits[(unsigned char)c] - 1;
}

/* Digits so far; a byte is complete at each but the first of four. */
struct decoder {
    unsigned bits;
    size_t digits, len;
};

static void
take(struct decoder *d, int value, unsigned char *out)
{
    d->bits = (d->bits << 6 | (unsigned)value) & 0xFFF;
    if (++d->digits % 4 != 1)
        out[d->len++] = (unsigned char)(d->bits >> (6 - 2 * ((d->digits - 1) % 4)));
}

/* Three bytes at once; false when it is not four digits. */
static bool
take_four(const char *text, unsigned char *out)
{
    const unsigned char *u = (const unsigned char *)text;
    unsigned a = digits[u[0]], b = digits[u[1]], c = digits[u[2]], d = digits[u[3]], v;

    if (a == 0 || b == 0 || c == 0 || d == 0)
        return false;
    v = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
    out[0] = (unsigned char)(v >> 16);
    out[1] = (unsigned char)(v >> 8);
    out[2] = (unsigned char)v;
    return true;
}

size_t
base64_size(size_t n)
{
    return n / 4 * 3 + 3;
}

bool
base64_strict(const char *text, size_t n, unsigned char *out, size_t *len)
{
    struct decoder d = {0};
    size_t padding = 0;

    *len = 0;
    for (size_t i = 0; i < n; i++) {
        int value = digit(text[i]);

        if (text[i] != '\0' && strchr(" \t\r\n", text[i]) != NULL)
            continue;
        if (text[i] == '=' && d.digits % 4 >= 2 && ++padding <= 4 - d.digits % 4)
            continue;
        if (value < 0 || padding > 0)
            return false;
        take(&d, value, out);
    }
    *len = d.len;
    return d.digits > 0 && (d.digits + padding) % 4 == 0;
}

size_t
base64_lax(const char *text, size_t n, unsigned char *out)
{
    struct decoder d = {0};

    for (size_t i = 0; i < n; i++) {
        int value;

        while (d.digits % 4 == 0 && n - i >= 4 && take_four(text + i, out + d.len)) {
            d.len += 3;
            i += 4;
        }
        if (i == n)
            break;
        value = digit(text[i]);
        if (text[i] == '=' && d.digits % 4 >= 2)
            break;
        if (value >= 0)
            take(&d, value, out);
    }
    return d.len;
}

char *
base64_encode(const unsigned char *bytes, size_t n, char *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    enum {
        PAD = 64
    };
    char *next = out;

    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)bytes[i] << 16;

        v |= i + 1 < n ? (unsigned)bytes[i + 1] << 8 : 0;
        v |= i + 2 < n ? bytes[i + 2] : 0;
        *next++ = letters[v >> 18];
        *next++ = letters[v >> 12 & 0x3F];
        *next++ = letters[i + 1 < n ? v >> 6 & 0x3F : PAD];
        *next++ = letters[i + 2 < n ? v & 0x3F : PAD];
    }
    *next = '\0';
    return out;
}
