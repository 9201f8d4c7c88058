/* Turns what came over the wire into JSON text without trusting its size: gzip (several
 * members, twice at most), zlib, zip with one member, or plain. The caps are ours, RFC
 * 8460 has none: see LIMITS in tlsrpt.conf(5). Pure. */
#pragma once
#include "base/buf.h"
#include "schema/report/vocab.h"

enum inflate_kind {
    INFLATE_JSON,
    INFLATE_GZIP,
    INFLATE_ZLIB,
    INFLATE_ZIP,
    INFLATE_UNKNOWN, /* nothing that could be a report */
};

struct inflate_limits {
    size_t max_bytes;   /* inflated; default 64 MiB */
    size_t max_members; /* of a gzip; default 16 */
};

extern const struct inflate_limits inflate_defaults;

/* What the first bytes say it is: white space and a byte order mark may stand before
 * JSON. */
enum inflate_kind inflate_sniff(const void *bytes, size_t n);

/* Appends the text to `out` (init()ed) and adds to *quirks. Fails with ERR_TOO_BIG past a
 * cap, ERR_REFUSED when the bytes are neither gzip, zip, zlib nor JSON, ERR_INPUT when
 * they are broken (truncated, bad checksum, encrypted zip, several members in a zip),
 * ERR_AGAIN when out of memory. */
MUST_USE bool inflate_bytes(const void *bytes, size_t n,
                            const struct inflate_limits *limits, struct buf *out,
                            quirk_set *quirks, struct err *e);
