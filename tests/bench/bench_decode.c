/* usage: bench_decode PACK...
 *
 * How many reports a second one core inflates, inflates and decodes, and inflates and
 * reads with jansson, over packs that workload.py wrote. The three take turns, so that
 * what else the machine does falls on all of them; the median of the rounds is printed.
 *
 *     tests/bench/workload.py --out /tmp/packs
 *     build/release/tests/bench/bench_decode /tmp/packs/small.pack /tmp/packs/medium.pack
 */
#include "base/buf.h"
#include "schema/decode.h"
#include "schema/inflate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROUNDS = 9
};

struct pack {
    struct buf bytes;
    size_t reports;
};

static uint32_t
u32le(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static bool
read_pack(const char *path, struct pack *p)
{
    char chunk[65536];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        return false;
    buf_init(&p->bytes, 0);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        (void)buf_append(&p->bytes, chunk, n);
    (void)fclose(f);
    p->reports = 0;
    for (size_t at = 0; at + 8 <= p->bytes.len; at += 8 + u32le(p->bytes.bytes + at))
        p->reports++;
    return p->reports > 0;
}

typedef bool use_fn(const struct buf *json);

static bool
nothing(const struct buf *json)
{
    return json->len > 0;
}

static bool
ours(const struct buf *json)
{
    struct report r;
    bool ok;

    report_init(&r);
    ok = decode_report(json->bytes, json->len, &r, NULL);
    report_clear(&r);
    return ok;
}

static bool
jansson(const struct buf *json)
{
    json_t *tree = json_loadb(json->bytes, json->len, JSON_REJECT_DUPLICATES, NULL);

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

/* Reports a second. */
static double
run(const struct pack *p, use_fn *use)
{
    double from = seconds();
    quirk_set quirks = 0;
    struct buf json;

    buf_init(&json, 0);
    for (size_t at = 0; at + 8 <= p->bytes.len; at += 8 + u32le(p->bytes.bytes + at)) {
        buf_reset(&json);
        if (!inflate_bytes(p->bytes.bytes + at + 8, u32le(p->bytes.bytes + at),
                           &inflate_defaults, &json, &quirks, NULL) ||
            !use(&json))
            abort();
    }
    buf_clear(&json);
    return (double)p->reports / (seconds() - from);
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int
main(int argc, char *argv[])
{
    static use_fn *const uses[] = {nothing, ours, jansson};

    (void)printf("%-28s %12s %12s %12s %8s\n", "reports/s", "inflate", "+ decode",
                 "+ jansson", "ratio");
    for (int i = 1; i < argc; i++) {
        double rates[3][ROUNDS];
        struct pack p;

        if (!read_pack(argv[i], &p)) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        for (size_t round = 0; round < ROUNDS; round++) {
            for (size_t u = 0; u < 3; u++)
                rates[u][round] = run(&p, uses[u]);
        }
        for (size_t u = 0; u < 3; u++)
            qsort(rates[u], ROUNDS, sizeof rates[u][0], by_size);
        (void)printf("%-28s %12.0f %12.0f %12.0f %7.1fx\n", argv[i], rates[0][ROUNDS / 2],
                     rates[1][ROUNDS / 2], rates[2][ROUNDS / 2],
                     rates[1][ROUNDS / 2] / rates[2][ROUNDS / 2]);
        buf_clear(&p.bytes);
    }
    return EXIT_SUCCESS;
}
