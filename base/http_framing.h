/* Is it certain where a request begins and ends? What two readers could read differently
 * is refused (RFC 9112 sections 6.3 and 11.2), for libmicrohttpd lets it through. Pure.
 */
#pragma once
#include "base/err.h"

#include <stddef.h>

struct framing {
    size_t hosts, lengths, codings;
    bool bad_name, bad_coding;
};

/* One header field, in the order of the request. */
void framing_take(struct framing *f, const char *name, size_t name_len,
                  const char *value);

/* NULL when all is well, else what is wrong. `has_body`: the request must have one. */
const char *framing_fault(const struct framing *f, bool has_body);
