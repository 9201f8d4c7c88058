/* Mailers fold lines, leave out the padding (Google's reports were seen so) and append
 * footers. */
#include "base/base64.h"

static int
digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
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

        if (is_space(text[i]))
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
        int value = digit(text[i]);

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
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    enum {
        PAD = 64
    };
    char *next = out;

    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)bytes[i] << 16;

        v |= i + 1 < n ? (unsigned)bytes[i + 1] << 8 : 0;
        v |= i + 2 < n ? bytes[i + 2] : 0;
        *next++ = digits[v >> 18];
        *next++ = digits[v >> 12 & 0x3F];
        *next++ = digits[i + 1 < n ? v >> 6 & 0x3F : PAD];
        *next++ = digits[i + 2 < n ? v & 0x3F : PAD];
    }
    *next = '\0';
    return out;
}
