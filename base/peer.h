/* Addresses of clients: IPv4 and IPv6 in one form, their networks, and which proxy may
 * speak for whom. Pure. */
#pragma once
#include "base/conf.h"

enum {
    PEER_TEXT_BYTES = 64, /* any address or network in print */
};

struct peer {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

/* An address in print, without port, zone or brackets; IPv4-mapped is IPv4. */
MUST_USE bool peer_parse(const char *text, struct peer *out);

/* Canonical (RFC 5952). */
void peer_print(const struct peer *p, char text[PEER_TEXT_BYTES]);

/* The /24 or /64 that the address is in: what one customer of a provider has. */
struct peer peer_network(const struct peer *p);

/* The same of an address in print; zero when it is none. */
struct peer peer_network_of(const char *text);

/* The /16 or /48: what a provider, or somebody with a tunnel, has. */
struct peer peer_region(const struct peer *p);

/* "192.0.2.0/24" or "2001:db8::/64" of the network that `peer`, an address in print, is
 * in; `peer` itself when it is no address. */
void peer_print_network(const char *peer, char text[PEER_TEXT_BYTES]);

/* Is the address in one of the prefixes ("192.0.2.1", "10.0.0.0/8")? */
bool peer_in(const struct peer *p, const struct settings_list *prefixes);

/* Is it an address or a prefix at all? */
bool peer_is_prefix(const char *text);

/* Who is behind trusted proxies: reads the values of X-Forwarded-For or, with
 * `forwarded`, of Forwarded (RFC 7239), joined by commas, from right to left. `p` is who
 * is connected; it becomes the rightmost address that is no proxy of ours. What is left
 * of an element that cannot be read is not believed. */
void peer_unwrap(struct peer *p, const char *header, bool forwarded,
                 const struct settings_list *proxies);
