/* libc's inet_pton and inet_ntop would do, but two addresses in each of a thousand
 * failure details cost more with them than all the rest of reading them. */
#include "base/ip.h"

#include <stdio.h>
#include <string.h>

enum {
    GROUPS = 8,
    MAPPED = 0xFFFF, /* the sixth group of ::ffff:192.0.2.1 */
};

/* Four numbers up to 255 without leading zeros. */
static bool
parse_ip4(const char *p, unsigned out[4])
{
    for (int i = 0; i < 4; i++, p++) {
        const char *first = p;

        out[i] = 0;
        while (p - first < 3 && *p >= '0' && *p <= '9')
            out[i] = out[i] * 10 + (unsigned)(*p++ - '0');
        if (p == first || out[i] > 255 || (*first == '0' && p > first + 1) ||
            *p != (i < 3 ? '.' : '\0'))
            return false;
    }
    return true;
}

/* More than 15 when it is no digit. */
static unsigned
hex_value(char c)
{
    static const unsigned char past[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    };

    return past[(unsigned char)c] - 1U;
}

/* One group of up to four digits, or the last two as an IPv4 address; how many it was, 0
 * when it is neither. *at moves behind it. */
static int
parse_group(const char **at, unsigned groups[2])
{
    const char *first = *at, *p = first;
    unsigned v4[4], digit;

    groups[0] = 0;
    while (p - first < 4 && (digit = hex_value(*p)) < 16) {
        groups[0] = groups[0] << 4 | digit;
        p++;
    }
    *at = p;
    if (*p != '.')
        return p > first;
    if (!parse_ip4(first, v4))
        return 0;
    groups[0] = v4[0] << 8 | v4[1];
    groups[1] = v4[2] << 8 | v4[3];
    *at = p + strlen(p);
    return 2;
}

/* RFC 4291 section 2.2. */
static bool
parse_ip6(const char *p, unsigned groups[GROUPS])
{
    unsigned some[2] = {0};
    int n = 0, gap = -1, k;

    if (*p == ':' && *++p != ':')
        return false;
    while (*p != '\0') {
        if (*p == ':') { /* the second of two */
            if (gap >= 0)
                return false;
            gap = n;
            p++;
            continue;
        }
        k = parse_group(&p, some);
        if (k == 0 || n + k > GROUPS || (*p != '\0' && (*p != ':' || p[1] == '\0')))
            return false;
        for (int i = 0; i < k; i++)
            groups[n++] = some[i];
        p += *p == ':';
    }
    if (gap < 0)
        return n == GROUPS;
    memmove(groups + GROUPS - (n - gap), groups + gap,
            (size_t)(n - gap) * sizeof *groups);
    memset(groups + gap, 0, (size_t)(GROUPS - n) * sizeof *groups);
    return n < GROUPS;
}

static char *
put_hex(char *out, unsigned group)
{
    static const char digits[] = "0123456789abcdef";

    if (group > 0xFFF)
        *out++ = digits[group >> 12];
    if (group > 0xFF)
        *out++ = digits[group >> 8 & 0xF];
    if (group > 0xF)
        *out++ = digits[group >> 4 & 0xF];
    *out++ = digits[group & 0xF];
    return out;
}

/* RFC 5952 section 4.2: the first of the longest runs of two zero groups or more. */
static int
longest_zeros(const unsigned groups[GROUPS], int *length)
{
    int best = -1, n = 0;

    *length = 1;
    for (int i = 0; i < GROUPS; i++) {
        n = groups[i] == 0 ? n + 1 : 0;
        if (n > *length) {
            *length = n;
            best = i + 1 - n;
        }
    }
    return best;
}

static void
print_ip6(const unsigned groups[GROUPS], char *out)
{
    int length, zeros = longest_zeros(groups, &length);

    for (int i = 0; i < GROUPS; i++) {
        if (i == zeros) {
            *out++ = ':';
            i += length - 1;
            if (i == GROUPS - 1)
                *out++ = ':';
            continue;
        }
        if (i > 0)
            *out++ = ':';
        out = put_hex(out, groups[i]);
    }
    *out = '\0';
}

const char *
ip_canonical(const char *text, char *out)
{
    static const unsigned mapped[6] = {0, 0, 0, 0, 0, MAPPED};
    unsigned groups[GROUPS];

    if (parse_ip4(text, groups))
        return text; /* it has no other form */
    if (!parse_ip6(text, groups))
        return NULL;
    if (memcmp(groups, mapped, sizeof mapped) == 0)
        (void)snprintf(out, IP_TEXT_SIZE, "::ffff:%u.%u.%u.%u", groups[6] >> 8,
                       groups[6] & 0xFF, groups[7] >> 8, groups[7] & 0xFF);
    else
        print_ip6(groups, out);
    return strcmp(text, out) == 0 ? text : out;
}
