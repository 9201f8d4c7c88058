/* What workload.py writes: a row of [u32le gzip length][u32le JSON length][gzip bytes].
 */
#pragma once
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct pack {
    struct buf bytes;
    size_t reports;
};

static inline uint32_t
pack_u32le(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* for (size_t at = 0; pack_next(&p, &at, &bytes, &n);) */
static inline bool
pack_next(const struct pack *p, size_t *at, const char **bytes, size_t *n)
{
    if (*at + 8 > p->bytes.len)
        return false;
    *n = pack_u32le(p->bytes.bytes + *at);
    *bytes = p->bytes.bytes + *at + 8;
    *at += 8 + *n;
    return *at <= p->bytes.len;
}

static inline void
pack_read(const char *path, struct pack *p)
{
    char chunk[65536];
    FILE *f = fopen(path, "rb");
    const char *bytes;
    size_t n;

    buf_init(&p->bytes, 0);
    while (f != NULL && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
        (void)buf_append(&p->bytes, chunk, n);
    p->reports = 0;
    for (size_t at = 0; pack_next(p, &at, &bytes, &n);)
        p->reports++;
    if (f == NULL || p->reports == 0) {
        (void)fprintf(stderr, "%s: no pack\n", path);
        exit(EXIT_FAILURE);
    }
    (void)fclose(f);
}
