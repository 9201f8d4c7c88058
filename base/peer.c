/* Everybody may write a forwarding header, and proxies append to it: so only what stands
 * to the right of the last untrusted address was written by somebody we trust. */
#include "base/peer.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    V4_BITS_BEFORE = 96, /* of ::ffff:0:0/96 */
    V4_NETWORK_BITS = 24,
    V6_NETWORK_BITS = 64,
    V4_REGION_BITS = 16,
    V6_REGION_BITS = 48,
    ALL_BITS = 128,
};

static bool
is_v4(const struct peer *p)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};

    return memcmp(p->bytes, mapped, sizeof mapped) == 0;
}

bool
peer_parse(const char *text, struct peer *out)
{
    if (inet_pton(AF_INET6, text, out->bytes) == 1)
        return true;
    memset(out->bytes, 0, sizeof out->bytes);
    out->bytes[10] = out->bytes[11] = 0xFF;
    return inet_pton(AF_INET, text, out->bytes + 12) == 1;
}

void
peer_print(const struct peer *p, char text[PEER_TEXT_BYTES])
{
    if (is_v4(p))
        (void)inet_ntop(AF_INET, p->bytes + 12, text, PEER_TEXT_BYTES);
    else
        (void)inet_ntop(AF_INET6, p->bytes, text, PEER_TEXT_BYTES);
}

static void
mask(struct peer *p, size_t bits)
{
    for (size_t i = 0; i < sizeof p->bytes; i++) {
        if (i * 8 >= bits)
            p->bytes[i] = 0;
        else if (bits - i * 8 < 8)
            p->bytes[i] &= (unsigned char)(0xFFU << (8 - (bits - i * 8)));
    }
}

struct peer
peer_network(const struct peer *p)
{
    struct peer network = *p;

    mask(&network, is_v4(p) ? V4_BITS_BEFORE + V4_NETWORK_BITS : V6_NETWORK_BITS);
    return network;
}

struct peer
peer_network_of(const char *text)
{
    struct peer p;

    return peer_parse(text, &p) ? peer_network(&p) : (struct peer){{0}};
}

struct peer
peer_region(const struct peer *p)
{
    struct peer region = *p;

    mask(&region, is_v4(p) ? V4_BITS_BEFORE + V4_REGION_BITS : V6_REGION_BITS);
    return region;
}

void
peer_print_network(const char *peer, char text[PEER_TEXT_BYTES])
{
    struct peer p;
    size_t n;

    if (!peer_parse(peer, &p)) {
        (void)snprintf(text, PEER_TEXT_BYTES, "%s", peer);
        return;
    }
    p = peer_network(&p);
    peer_print(&p, text);
    n = strlen(text);
    (void)snprintf(text + n, PEER_TEXT_BYTES - n, "/%d",
                   is_v4(&p) ? V4_NETWORK_BITS : V6_NETWORK_BITS);
}

static bool
parse_prefix(const char *text, struct peer *p, size_t *bits)
{
    char address[PEER_TEXT_BYTES], *end = NULL;
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    unsigned long given;

    if (n >= sizeof address)
        return false;
    (void)snprintf(address, sizeof address, "%.*s", (int)n, text);
    if (!peer_parse(address, p))
        return false;
    *bits = ALL_BITS;
    if (slash == NULL)
        return true;
    given = strtoul(slash + 1, &end, 10);
    if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || given > ALL_BITS)
        return false;
    *bits = given + (strchr(address, ':') == NULL ? V4_BITS_BEFORE : 0);
    return *bits <= ALL_BITS;
}

bool
peer_is_prefix(const char *text)
{
    struct peer p;
    size_t bits;

    return parse_prefix(text, &p, &bits);
}

bool
peer_in(const struct peer *p, const struct settings_list *prefixes)
{
    for (size_t i = 0; i < prefixes->count; i++) {
        struct peer network, masked = *p;
        size_t bits;

        if (!parse_prefix(prefixes->items[i], &network, &bits))
            continue;
        mask(&network, bits);
        mask(&masked, bits);
        if (memcmp(network.bytes, masked.bytes, sizeof masked.bytes) == 0)
            return true;
    }
    return false;
}

/* ---- forwarding headers ---- */

/* `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, in quotes or not.
 */
static bool
parse_node(const char *s, size_t n, struct peer *out)
{
    char text[PEER_TEXT_BYTES], *colon;

    if (n >= 2 && s[0] == '"' && s[n - 1] == '"') {
        s++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof text)
        return false;
    (void)snprintf(text, sizeof text, "%.*s", (int)n, s);
    if (text[0] == '[') {
        text[strcspn(text, "]")] = '\0';
        return peer_parse(text + 1, out);
    }
    colon = strchr(text, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        *colon = '\0';
    return peer_parse(text, out);
}

/* RFC 7239 section 4: the `for` parameter of one element, "for=...;proto=https". */
static bool
find_for(const char **s, size_t *n)
{
    const char *p = *s, *end = *s + *n;

    while (p < end) {
        const char *stop = memchr(p, ';', (size_t)(end - p));
        size_t len = (size_t)((stop == NULL ? end : stop) - p);
        const char *pair = p;

        len = text_trim(&pair, len, " \t");
        if (len > 4 && strncasecmp(pair, "for=", 4) == 0) {
            *s = pair + 4;
            *n = len - 4;
            return true;
        }
        if (stop == NULL)
            return false;
        p = stop + 1;
    }
    return false;
}

void
peer_unwrap(struct peer *p, const char *header, bool forwarded,
            const struct settings_list *proxies)
{
    size_t end = strlen(header);

    while (end > 0) {
        size_t start = end;
        struct peer next;
        const char *s;
        size_t n;

        while (start > 0 && header[start - 1] != ',')
            start--;
        s = header + start;
        n = text_trim(&s, end - start, " \t");
        if ((forwarded && !find_for(&s, &n)) || !parse_node(s, n, &next))
            return;
        *p = next;
        if (!peer_in(p, proxies))
            return;
        end = start == 0 ? 0 : start - 1;
    }
}
