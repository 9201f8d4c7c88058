/* libc's inet_ntop would do, but it prints with sprintf: two addresses in each of a
 * thousand failure details cost more than all the rest of reading them. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    GROUPS = 8
};

static char *
put_hex(char *out, unsigned group)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 12;

    while (shift > 0 && group >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *out++ = digits[group >> shift & 0xF];
    return out;
}

/* RFC 5952 section 4.2: the first of the longest runs of two zero groups or more. */
static int
longest_zeros(const unsigned groups[GROUPS], int *length)
{
    int best = -1;

    *length = 1;
    for (int i = 0; i < GROUPS; i++) {
        int n = 0;

        while (i + n < GROUPS && groups[i + n] == 0)
            n++;
        if (n > *length) {
            *length = n;
            best = i;
        }
        i += n;
    }
    return best;
}

static void
print_ip6(const unsigned char *bytes, char *out)
{
    unsigned groups[GROUPS];
    int zeros, length, i = 0;

    for (; i < GROUPS; i++, bytes += 2)
        groups[i] = (unsigned)bytes[0] << 8 | bytes[1];
    zeros = longest_zeros(groups, &length);
    for (i = 0; i < GROUPS; i++) {
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

bool
ip_canonical(const char *text, char *out)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    unsigned char bytes[16];

    if (strchr(text, ':') == NULL) {
        if (inet_pton(AF_INET, text, bytes) != 1)
            return false;
        /* What inet_pton takes has no other form. */
        memcpy(out, text, strlen(text) + 1);
        return true;
    }
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return inet_ntop(AF_INET6, bytes, out, IP_TEXT_SIZE) != NULL;
    print_ip6(bytes, out);
    return true;
}
