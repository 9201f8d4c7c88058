/* usage: bench_decode PACK
 *
 * How many reports a second one core inflates with zlib alone, decodes, and reads with
 * zlib and jansson: three numbers. The three take turns, so that what else the machine
 * does falls on all of them. Counted is the processor's time. */
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"

#include "pack.h"

#include <jansson.h>
#include <time.h>
#include <zlib.h>

enum {
    TURNS = 5,
    TURN_MS = 60,
};

static z_stream z; /* made once: no tool has it cheaper */

typedef bool use_fn(const char *gzip, size_t n, struct buf *json);

static bool
zlib(const char *gzip, size_t n, struct buf *json)
{
    size_t size = pack_u32le(gzip + n - 4); /* the pack can be trusted */

    if (inflateReset(&z) != Z_OK || !buf_reserve(json, size))
        return false;
    z.next_in = (unsigned char *)(uintptr_t)gzip;
    z.avail_in = (unsigned)n;
    z.next_out = (unsigned char *)json->bytes;
    z.avail_out = (unsigned)json->size;
    json->len = size;
    return inflate(&z, Z_FINISH) == Z_STREAM_END;
}

static bool
ours(const char *gzip, size_t n, struct buf *json)
{
    quirk_set quirks = 0;
    struct report r;
    bool ok;

    report_init(&r);
    ok = inflate_bytes(gzip, n, &inflate_defaults, json, &quirks, NULL) &&
         decode_report(json->bytes, json->len, &r, NULL);
    report_clear(&r);
    return ok;
}

static bool
jansson(const char *gzip, size_t n, struct buf *json)
{
    json_t *tree = zlib(gzip, n, json)
                       ? json_loadb(json->bytes, json->len, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;

    json_decref(tree);
    return tree != NULL;
}

static double
seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Adds to *reports those that were read, at least TURN_MS long, and the time it took. */
static void
turn(const struct pack *p, use_fn *use, double *reports, double *taken)
{
    double from = seconds();
    const char *bytes;
    struct buf json;
    size_t n;

    buf_init(&json, 0);
    do {
        for (size_t at = 0; pack_next(p, &at, &bytes, &n);) {
            buf_reset(&json);
            if (!use(bytes, n, &json))
                abort();
        }
        *reports += (double)p->reports;
    } while (seconds() - from < TURN_MS / 1e3);
    buf_clear(&json);
    *taken += seconds() - from;
}

int
main(int argc, char *argv[])
{
    static use_fn *const uses[] = {zlib, ours, jansson};
    double reports[3] = {0}, taken[3] = {0};
    struct pack p;

    if (argc != 2 || inflateInit2(&z, 15 + 16) != Z_OK)
        return 64;
    pack_read(argv[1], &p);
    for (int i = 0; i < TURNS; i++)
        for (int u = 0; u < 3; u++)
            turn(&p, uses[u], &reports[u], &taken[u]);
    for (int u = 0; u < 3; u++)
        (void)printf("%.0f\n", reports[u] / taken[u]);
    buf_clear(&p.bytes);
    return EXIT_SUCCESS;
}
