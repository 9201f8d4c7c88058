/* The words are in tlsrptd(8), TRUST. A false alarm costs the tier of one sender, who can
 * be listed; a miss lets a provider's customers speak in its name. */
#include "collector/intake/customer.h"

#include "base/count.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 256,
    LONG_NUMBER_DIGITS = 5, /* nobody numbers his own hosts so high */
    TELLING_OCTET = 100,    /* one is enough if it has three digits */
};

/* Within a label, whatever is around them. */
static const char *const inside[] = {
    "broadband", "customer", "dhcp",  "dialin",      "dialup",     "dsl",
    "dynamic",   "hosting",  "pppoe", "residential", "unassigned",
};

/* Between hyphens, dots and digits. */
static const char *const words[] = {
    "cable", "client", "clients", "cloud",   "colo",     "compute", "cpe",
    "cust",  "dial",   "dip",     "dyn",     "ec2",      "fiber",   "fibre",
    "ftth",  "home",   "host",    "inst",    "instance", "ip",      "ipv4",
    "ipv6",  "lease",  "mobile",  "nat",     "pool",     "pools",   "ppp",
    "ptr",   "res",    "rev",     "reverse", "stat",     "static",  "tor",
    "user",  "users",  "vm",      "vpn",     "vps",      "wifi",    "wlan",
};

static bool
holds_word(const char *name)
{
    char word[NAME_BYTES];

    for (size_t i = 0; i < COUNT_OF(inside); i++) {
        if (strstr(name, inside[i]) != NULL)
            return true;
    }
    while (*name != '\0') {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz");

        (void)snprintf(word, sizeof word, "%.*s", (int)n, name);
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            if (strcmp(word, words[i]) == 0)
                return true;
        }
        name += n > 0 ? n : 1;
    }
    return false;
}

/* The octets of an IPv4 address: two of them as numbers, a large one, or all of them in
 * hexadecimal. */
static bool
holds_octets(const char *name, const unsigned char octets[4])
{
    bool seen[4] = {false};
    size_t found = 0, digits;
    char hex[9], back[9];

    (void)snprintf(hex, sizeof hex, "%02x%02x%02x%02x", octets[0], octets[1], octets[2],
                   octets[3]);
    (void)snprintf(back, sizeof back, "%02x%02x%02x%02x", octets[3], octets[2], octets[1],
                   octets[0]);
    if (strstr(name, hex) != NULL || strstr(name, back) != NULL)
        return true;
    for (; *name != '\0'; name += digits > 0 ? digits : 1) {
        digits = strspn(name, "0123456789");
        for (size_t i = 0; digits > 0 && digits <= 3 && i < 4; i++) {
            if (!seen[i] && strtol(name, NULL, 10) == octets[i]) {
                if (octets[i] >= TELLING_OCTET)
                    return true;
                seen[i] = true;
                found++;
                break;
            }
        }
    }
    return found >= 2;
}

/* Two groups of an IPv6 address as they are written, or its last half in one. */
static bool
holds_groups(const char *name, const unsigned char address[16])
{
    char half[17] = "", group[5];
    size_t found = 0;

    for (size_t i = 8; i < 16; i++)
        (void)snprintf(half + 2 * (i - 8), 3, "%02x", address[i]);
    if (strstr(name, half) != NULL)
        return true;
    for (size_t i = 0; i < 16; i += 2) {
        unsigned value = (unsigned)address[i] << 8 | address[i + 1];

        (void)snprintf(group, sizeof group, "%x", value);
        found += value >= 0x100 && strstr(name, group) != NULL;
    }
    return found >= 2;
}

bool
customer_is_host(const char *host, const char *registered, const char *address)
{
    char name[NAME_BYTES];
    unsigned char bytes[16];
    size_t n = strlen(host), below = strlen(registered), run = 0;

    if (n >= sizeof name || n < below)
        return true;
    (void)snprintf(name, sizeof name, "%.*s", (int)(n - below), host);
    for (char *p = name; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
        run = *p >= '0' && *p <= '9' ? run + 1 : 0;
        if (run == LONG_NUMBER_DIGITS)
            return true;
    }
    if (holds_word(name))
        return true;
    if (inet_pton(AF_INET, address, bytes) == 1)
        return holds_octets(name, bytes);
    return inet_pton(AF_INET6, address, bytes) != 1 || holds_groups(name, bytes);
}
