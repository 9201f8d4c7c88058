/* Addresses as text. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

enum {
    IP_TEXT_SIZE = 46 /* INET6_ADDRSTRLEN */
};

/* The canonical text (dotted quad; RFC 5952) of an IPv4 or IPv6 address without zone or
 * brackets: `text` if that is it, else written to out, which has IP_TEXT_SIZE bytes. NULL
 * when text is no address. */
MUST_USE const char *ip_canonical(const char *text, char *out);
