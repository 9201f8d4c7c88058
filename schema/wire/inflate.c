/* Reporters are strangers and their sizes are claims: what a header says is only ever
 * used to guess how much memory to ask for. A gzip of one member and of the size that it
 * says, as nearly all are, is for libdeflate, in less than half the time; zlib, which
 * says what is wrong, reads others. The zip container (PKWARE APPNOTE 4.3) needs two
 * records. */
#include "schema/wire/inflate.h"

#include <stdint.h>
#include <string.h>
#define ZLIB_CONST
#include <libdeflate.h>
#include <zlib.h>

const struct inflate_limits inflate_defaults = {
    .max_bytes = (size_t)64 << 20,
    .max_members = 16,
};

enum {
    LAYERS = 2,           /* gzip in gzip is seen; in that again, only from attackers */
    RATIO_GUESS = 24,     /* how far a gzip's claim of its size is believed as a guess */
    SMALLEST_ROOM = 4096, /* the least to ask for in one go */
    WINDOW_GZIP = 15 + 16,
    WINDOW_ZLIB = 15,
    WINDOW_RAW = -15,
};

struct bytes {
    const unsigned char *at;
    size_t len;
};

struct job {
    const struct inflate_limits *limits;
    struct buf *out;
    size_t out_base; /* where this layer's output begins */
    quirk_set *quirks;
    struct err *e;
};

static unsigned
u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t
u32(const unsigned char *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static bool
starts_with(struct bytes b, const char *magic, size_t n)
{
    return b.len >= n && memcmp(b.at, magic, n) == 0;
}

static bool
looks_like_json(struct bytes b)
{
    if (starts_with(b, "\xEF\xBB\xBF", 3)) {
        b.at += 3;
        b.len -= 3;
    }
    while (b.len > 0 && (*b.at == ' ' || (*b.at >= '\t' && *b.at <= '\r'))) {
        b.at++;
        b.len--;
    }
    return b.len > 0 && (*b.at == '{' || *b.at == '[');
}

enum inflate_kind
inflate_sniff(const void *bytes, size_t n)
{
    struct bytes b = {bytes, n};

    if (starts_with(b, "\x1f\x8b", 2))
        return INFLATE_GZIP;
    if (starts_with(b, "PK\3\4", 4) || starts_with(b, "PK\5\6", 4))
        return INFLATE_ZIP;
    if (looks_like_json(b))
        return INFLATE_JSON;
    /* RFC 1950 section 2.2: deflate, a check of both bytes, no preset dictionary. */
    if (n >= 2 && (b.at[0] & 0x0F) == 8 && b.at[0] >> 4 <= 7 && (b.at[1] & 0x20) == 0 &&
        (b.at[0] << 8 | b.at[1]) % 31 == 0)
        return INFLATE_ZLIB;
    return INFLATE_UNKNOWN;
}

static bool
too_big(const struct job *j)
{
    return err_set(j->e, ERR_TOO_BIG, "inflates to more than %zu bytes",
                   j->limits->max_bytes);
}

static bool
zlib_error(const struct job *j, int status, const char *detail)
{
    if (status == Z_MEM_ERROR)
        return err_nomem(j->e);
    if (status == Z_BUF_ERROR || status == Z_OK)
        return err_set(j->e, ERR_INPUT, "compressed data is truncated");
    return err_set(j->e, ERR_INPUT, "compressed data is broken: %s",
                   detail == NULL ? "unknown reason" : detail);
}

/* Room for one byte past the cap, so that the cap itself can be told from more. */
static bool
make_room(const struct job *j, size_t wanted, z_stream *z)
{
    struct buf *out = j->out;
    size_t left = j->limits->max_bytes - (out->len - j->out_base) + 1;
    size_t room;

    if (!buf_reserve(out, wanted < left ? wanted : left))
        return err_nomem(j->e);
    room = out->size - out->len - 1;
    if (room > left)
        room = left;
    z->next_out = (unsigned char *)out->bytes + out->len;
    z->avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
    return true;
}

/* Inflates the stream at the start of `in` and moves `in` behind it. */
static bool
inflate_stream(const struct job *j, z_stream *z, struct bytes *in, size_t guess)
{
    int status = Z_OK;

    z->next_in = in->at;
    z->avail_in = in->len > UINT32_MAX ? UINT32_MAX : (uInt)in->len;
    while (status == Z_OK || (status == Z_BUF_ERROR && z->avail_out == 0)) {
        uInt room;

        if (!make_room(j, guess, z))
            return false;
        room = z->avail_out;
        status = inflate(z, Z_FINISH);
        j->out->len += room - z->avail_out;
        j->out->bytes[j->out->len] = '\0';
        if (j->out->len - j->out_base > j->limits->max_bytes)
            return too_big(j);
        guess = j->out->len - j->out_base + SMALLEST_ROOM;
    }
    if (status != Z_STREAM_END)
        return zlib_error(j, status, z->msg);
    in->len -= (size_t)(z->next_in - in->at);
    in->at = z->next_in;
    return true;
}

/* All of `in` at once; false when that is not so easy. */
static bool
inflate_whole(const struct job *j, struct bytes in)
{
    size_t claim = in.len < 4 ? SIZE_MAX : u32(in.at + in.len - 4), used = 0;
    struct libdeflate_decompressor *d;
    bool ok;

    if (claim > j->limits->max_bytes || claim / RATIO_GUESS > in.len ||
        !buf_reserve(j->out, claim) || (d = libdeflate_alloc_decompressor()) == NULL)
        return false;
    ok = libdeflate_gzip_decompress_ex(d, in.at, in.len, j->out->bytes + j->out->len,
                                       claim, &used, NULL) == LIBDEFLATE_SUCCESS &&
         used == in.len;
    libdeflate_free_decompressor(d);
    j->out->len += ok ? claim : 0;
    j->out->bytes[j->out->len] = '\0';
    return ok;
}

static bool
inflate_gzip(const struct job *j, struct bytes in)
{
    z_stream z = {0};
    size_t members = 0;
    bool ok = false;
    int status;

    if (j->limits->max_members > 0 && inflate_whole(j, in))
        return true;
    if ((status = inflateInit2(&z, WINDOW_GZIP)) != Z_OK)
        return zlib_error(j, status, z.msg);
    while (members == 0 || starts_with(in, "\x1f\x8b", 2)) {
        size_t claim = in.len < 4 ? 0 : u32(in.at + in.len - 4);

        if (++members > j->limits->max_members) {
            err_set(j->e, ERR_TOO_BIG, "gzip of more than %zu members",
                    j->limits->max_members);
            goto out;
        }
        if (claim > in.len * RATIO_GUESS || claim < SMALLEST_ROOM)
            claim = SMALLEST_ROOM;
        if (inflateReset(&z) != Z_OK || !inflate_stream(j, &z, &in, claim + 1))
            goto out;
    }
    if (members > 1)
        *j->quirks |= QUIRK_BIT(QUIRK_MULTI_MEMBER);
    *j->quirks |= in.len > 0 ? QUIRK_BIT(QUIRK_TRAILING_GARBAGE) : 0;
    ok = true;
out:
    inflateEnd(&z);
    return ok;
}

/* One stream of zlib or bare deflate; *in moves behind it. */
static bool
inflate_one(const struct job *j, struct bytes *in, int window)
{
    z_stream z = {0};
    bool ok;
    int status = inflateInit2(&z, window);

    if (status != Z_OK)
        return zlib_error(j, status, z.msg);
    ok = inflate_stream(j, &z, in, SMALLEST_ROOM);
    inflateEnd(&z);
    return ok;
}

static bool
inflate_zlib(const struct job *j, struct bytes in)
{
    if (!inflate_one(j, &in, WINDOW_ZLIB))
        return false;
    *j->quirks |= in.len > 0 ? QUIRK_BIT(QUIRK_TRAILING_GARBAGE) : 0;
    return true;
}

enum {
    ZIP_END_BYTES = 22,
    ZIP_ENTRY_BYTES = 46,
    ZIP_LOCAL_BYTES = 30,
    ZIP_MAX_COMMENT = 65535,
    ZIP_ENCRYPTED = 1,
    ZIP_STORED = 0,
    ZIP_DEFLATED = 8,
};

/* The end record stands last, before a comment at most. */
static const unsigned char *
find_zip_end(struct bytes in)
{
    size_t back = ZIP_END_BYTES;

    for (; back <= in.len && back <= ZIP_END_BYTES + ZIP_MAX_COMMENT; back++) {
        const unsigned char *p = in.at + in.len - back;

        if (memcmp(p, "PK\5\6", 4) == 0)
            return p;
    }
    return NULL;
}

struct zip_member {
    unsigned method;
    uint32_t crc, size;
    struct bytes packed;
};

/* The central directory is believed about the member, the local header only about where
 * its data begins: a writer that streams leaves the sizes there at zero. */
static bool
find_zip_member(const struct job *j, struct bytes in, struct zip_member *m)
{
    const unsigned char *end = find_zip_end(in), *entry, *local;
    size_t offset, data, packed;

    if (end == NULL)
        return err_set(j->e, ERR_INPUT, "zip archive is truncated");
    if (u16(end + 10) != 1)
        return err_set(j->e, ERR_INPUT, "zip archive of %u members", u16(end + 10));
    if (u16(end + 20) + (size_t)ZIP_END_BYTES < (size_t)(in.at + in.len - end))
        *j->quirks |= QUIRK_BIT(QUIRK_TRAILING_GARBAGE);
    offset = u32(end + 16);
    if (offset > in.len || in.len - offset < ZIP_ENTRY_BYTES)
        return err_set(j->e, ERR_INPUT, "zip archive is broken: no directory");
    entry = in.at + offset;
    offset = u32(entry + 42);
    if (memcmp(entry, "PK\1\2", 4) != 0 || offset > in.len ||
        in.len - offset < ZIP_LOCAL_BYTES)
        return err_set(j->e, ERR_INPUT, "zip archive is broken: no directory");
    local = in.at + offset;
    data = offset + ZIP_LOCAL_BYTES + u16(local + 26) + u16(local + 28);
    packed = u32(entry + 20);
    if (memcmp(local, "PK\3\4", 4) != 0 || data > in.len || packed > in.len - data)
        return err_set(j->e, ERR_INPUT, "zip archive is broken: no member");
    if ((u16(entry + 8) & ZIP_ENCRYPTED) != 0)
        return err_set(j->e, ERR_INPUT, "zip archive is encrypted");
    *m = (struct zip_member){
        u16(entry + 10), u32(entry + 16), u32(entry + 24), {in.at + data, packed}};
    return true;
}

static bool
append_plain(const struct job *j, struct bytes in)
{
    if (in.len > j->limits->max_bytes)
        return too_big(j);
    return buf_append(j->out, in.at, in.len) || err_nomem(j->e);
}

static bool
inflate_zip(const struct job *j, struct bytes in)
{
    struct zip_member m = {0};
    const unsigned char *got;
    size_t n;

    if (!find_zip_member(j, in, &m))
        return false;
    if (m.method == ZIP_STORED) {
        if (!append_plain(j, m.packed))
            return false;
    } else if (m.method != ZIP_DEFLATED) {
        return err_set(j->e, ERR_INPUT, "zip archive: compression method %u", m.method);
    } else if (!inflate_one(j, &m.packed, WINDOW_RAW)) {
        return false;
    }
    n = j->out->len - j->out_base;
    got = (const unsigned char *)(n == 0 ? "" : j->out->bytes + j->out_base);
    if (n != m.size || crc32_z(0, got, n) != m.crc)
        return err_set(j->e, ERR_INPUT, "zip archive is broken: bad checksum or size");
    *j->quirks |= QUIRK_BIT(QUIRK_ZIP);
    return true;
}

static bool
inflate_layer(const struct job *j, enum inflate_kind kind, struct bytes in)
{
    switch (kind) {
    case INFLATE_GZIP:
        return inflate_gzip(j, in);
    case INFLATE_ZIP:
        return inflate_zip(j, in);
    case INFLATE_ZLIB:
        *j->quirks |= QUIRK_BIT(QUIRK_ZLIB);
        return inflate_zlib(j, in);
    case INFLATE_JSON:
    case INFLATE_UNKNOWN:
        return append_plain(j, in);
    }
    return false;
}

static bool
is_compressed(enum inflate_kind kind)
{
    return kind == INFLATE_GZIP || kind == INFLATE_ZIP || kind == INFLATE_ZLIB;
}

/* What is still compressed in out moves into `layer`, and its plain form into out. */
static bool
unwrap_again(const struct job *j, struct buf *layer)
{
    char *inner = j->out->bytes + j->out_base;
    size_t n = j->out->len - j->out_base;
    enum inflate_kind kind = inflate_sniff(inner, n);

    if (!buf_append(layer, inner, n))
        return err_nomem(j->e);
    j->out->len = j->out_base;
    *j->quirks |= QUIRK_BIT(QUIRK_DOUBLE_GZIP);
    return inflate_layer(j, kind, (struct bytes){(unsigned char *)layer->bytes, n});
}

static bool
still_compressed(const struct job *j)
{
    size_t n = j->out->len - j->out_base;

    return n > 0 && is_compressed(inflate_sniff(j->out->bytes + j->out_base, n));
}

bool
inflate_bytes(const void *bytes, size_t n, const struct inflate_limits *limits,
              struct buf *out, quirk_set *quirks, struct err *e)
{
    const struct job j = {limits, out, out->len, quirks, e};
    enum inflate_kind kind = inflate_sniff(bytes, n);
    struct buf layer;
    bool ok = true;

    if (kind == INFLATE_UNKNOWN)
        return err_set(e, ERR_REFUSED, "neither gzip, zip, zlib nor JSON");
    if (!inflate_layer(&j, kind, (struct bytes){bytes, n}))
        return false;
    for (int i = 1; ok && is_compressed(kind) && still_compressed(&j); i++) {
        if (i == LAYERS)
            return err_set(e, ERR_INPUT, "compressed more than %d times", LAYERS);
        buf_init(&layer, 0);
        ok = unwrap_again(&j, &layer);
        buf_clear(&layer);
    }
    return ok;
}
