/* One deflate over the whole: answers are made in memory anyway. */
#include "base/gzip.h"

#include <limits.h>
#include <zlib.h>

enum {
    LEVEL = 5,        /* pages are made once and read once */
    GZIP_WINDOW = 31, /* the largest window, with a gzip header */
    MEMORY = 8,
};

bool
gzip_pack(struct buf *b)
{
    z_stream z = {0};
    struct buf out;
    bool ok;

    if (b->len == 0 || b->len > UINT_MAX ||
        deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
            Z_OK)
        return false;
    buf_init(&out, 0);
    if ((ok = buf_reserve(&out, b->len))) {
        z.next_in = (unsigned char *)b->bytes;
        z.avail_in = (unsigned)b->len;
        z.next_out = (unsigned char *)out.bytes;
        z.avail_out = (unsigned)b->len;
        ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out.len = z.total_out;
    }
    (void)deflateEnd(&z);
    if (ok) {
        out.bytes[out.len] = '\0';
        buf_clear(b);
        *b = out;
    } else {
        buf_clear(&out);
    }
    return ok;
}
