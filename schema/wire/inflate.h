/* Turns what came over the wire into JSON texts without trusting its size: gzip (several
 * members, twice at most), zlib, zip, tar, or plain, in UTF-8, -16 or -32. The caps are
 * ours, RFC 8460 has none: see LIMITS in tlsrpt.conf(5). Pure. */
#pragma once
#include "base/buf.h"
#include "schema/report/vocab.h"

enum inflate_kind {
    INFLATE_JSON,
    INFLATE_GZIP,
    INFLATE_ZLIB,
    INFLATE_ZIP,
    INFLATE_TAR,
    INFLATE_UNKNOWN, /* nothing that could be a report */
};

enum {
    INFLATE_NAME_BYTES = 256,    /* of a member's name, what is longer is cut */
    INFLATE_MAX_ENTRIES = 10000, /* of one archive; in LIMITS of tlsrpt.conf(5) */
};

struct inflate_limits {
    size_t max_bytes;   /* inflated, all layers and members together; default 64 MiB */
    size_t max_members; /* of a gzip; default 16 */
};

extern const struct inflate_limits inflate_defaults;

/* What the first bytes say it is: white space and a byte order mark may stand before
 * JSON. */
enum inflate_kind inflate_sniff(const void *bytes, size_t n);

/* What bytes of no kind that could be a report are, "a DMARC report"; NULL if not known.
 */
const char *inflate_name(const void *bytes, size_t n);
bool inflate_is_dmarc(const void *bytes, size_t n);

/* The first bytes of what is in a gzip, at most `size`; 0 if it cannot be told. */
size_t inflate_peek(const void *bytes, size_t n, void *out, size_t size);

/* One text in what came. */
struct inflate_item {
    const char *text; /* while the callback runs; UTF-8 if INFLATE_JSON */
    size_t len;
    enum inflate_kind kind; /* INFLATE_JSON or INFLATE_UNKNOWN */
    const char *name;       /* in its archive, or "" */
    quirk_set quirks;
    bool alone; /* it lay in no archive */
};

/* False, with the reason in `e`, ends inflate_each(), which says the same. */
typedef bool inflate_fn(void *ctx, const struct inflate_item *item, struct err *e);

/* Calls `fn` for each text, in order; *inflated_bytes grows by what was inflated, on
 * failure too. Fails with ERR_TOO_BIG past a cap, ERR_REFUSED when the bytes are neither
 * gzip, zip, tar, zlib nor JSON, ERR_INPUT when they are broken (truncated, bad checksum,
 * encrypted), ERR_AGAIN when out of memory. What lay before the flaw was given to `fn`.
 */
MUST_USE bool inflate_each(const void *bytes, size_t n,
                           const struct inflate_limits *limits, inflate_fn *fn, void *ctx,
                           size_t *inflated_bytes, struct err *e);

/* Appends the first text to `out` (init()ed) and adds to *quirks; fails as
 * inflate_each().
 */
MUST_USE bool inflate_bytes(const void *bytes, size_t n,
                            const struct inflate_limits *limits, struct buf *out,
                            quirk_set *quirks, struct err *e);
