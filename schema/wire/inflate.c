/* Reporters are strangers and their sizes are claims: what a header says is only ever
 * used to guess how much memory to ask for. A gzip of one member and of the size that it
 * says, as nearly all are, is for libdeflate, in less than half the time; zlib, which
 * says what is wrong, reads others. */
#include "schema/wire/inflate.h"

#include "base/count.h"
#include "schema/wire/archive.h"
#include "schema/wire/unicode.h"

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
    MAX_DEPTH = 4,        /* archives counted too */
    RATIO_GUESS = 24,     /* how far a gzip's claim of its size is believed as a guess */
    SMALLEST_ROOM = 4096, /* the least to ask for in one go */
    LOOK_BYTES = 2048,    /* at the beginning, for what kind of text it is */
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
    size_t left_bytes; /* of the limit, for this layer's output */
    struct buf *out;
    size_t out_base; /* where that begins */
    quirk_set *quirks;
    struct err *e;
};

/* The size that a gzip says to have at its end (RFC 1952 section 2.3.1). */
static size_t
claimed_bytes(struct bytes in)
{
    const unsigned char *p = in.at + in.len - 4;

    return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static bool
starts_with(struct bytes b, const char *magic, size_t n)
{
    return b.len >= n && memcmp(b.at, magic, n) == 0;
}

static struct bytes
skip_white(struct bytes b)
{
    while (b.len > 0 && (*b.at == ' ' || (*b.at >= '\t' && *b.at <= '\r'))) {
        b.at++;
        b.len--;
    }
    return b;
}

static bool
looks_like_json(struct bytes b)
{
    if (starts_with(b, "\xEF\xBB\xBF", 3)) {
        b.at += 3;
        b.len -= 3;
    }
    b = skip_white(b);
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
    if (looks_like_json(b) || unicode_sniff(bytes, n) != UNICODE_UTF8)
        return INFLATE_JSON;
    if (archive_is_tar(bytes, n))
        return INFLATE_TAR;
    /* RFC 1950 section 2.2: deflate, a check of both bytes, no preset dictionary. */
    if (n >= 2 && (b.at[0] & 0x0F) == 8 && b.at[0] >> 4 <= 7 && (b.at[1] & 0x20) == 0 &&
        (b.at[0] << 8 | b.at[1]) % 31 == 0)
        return INFLATE_ZLIB;
    return INFLATE_UNKNOWN;
}

bool
inflate_is_dmarc(const void *bytes, size_t n)
{
    static const char root[] = "<feedback";
    struct bytes b = skip_white((struct bytes){bytes, n});

    if (starts_with(b, "\xEF\xBB\xBF", 3))
        b = (struct bytes){b.at + 3, b.len - 3};
    return b.len > 0 && *b.at == '<' &&
           memmem(b.at, b.len < LOOK_BYTES ? b.len : LOOK_BYTES, root, sizeof root - 1) !=
               NULL;
}

const char *
inflate_name(const void *bytes, size_t n)
{
    static const struct {
        const char *magic;
        size_t magic_len;
        const char *name;
    } names[] = {
        {"\xFD"
         "7zXZ",
         5, "an xz archive, which is not opened here"},
        {"BZh", 3, "a bzip2 archive, which is not opened here"},
        {"7z\xBC\xAF\x27\x1C", 6, "a 7z archive, which is not opened here"},
        {"Rar!\x1A", 5, "a rar archive, which is not opened here"},
        {"\x28\xB5\x2F\xFD", 4, "a zstd archive, which is not opened here"},
        {"\x78\x9F\x3E\x22", 4,
         "a TNEF attachment (winmail.dat), which is not opened here"},
        {"%PDF", 4, "a PDF document"},
        {"<", 1, "a web page or other markup"},
    };
    struct bytes b = skip_white((struct bytes){bytes, n});

    if (inflate_is_dmarc(bytes, n))
        return "a DMARC report";
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (starts_with(b, names[i].magic, names[i].magic_len))
            return names[i].name;
    }
    return NULL;
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
    size_t left = j->left_bytes - (out->len - j->out_base) + 1;
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
        if (j->out->len - j->out_base > j->left_bytes)
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
    size_t claim = in.len < 4 ? SIZE_MAX : claimed_bytes(in), used = 0;
    struct libdeflate_decompressor *d;
    bool ok;

    if (claim > j->left_bytes || claim / RATIO_GUESS > in.len ||
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
        size_t claim = in.len < 4 ? 0 : claimed_bytes(in);

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

size_t
inflate_peek(const void *bytes, size_t n, void *out, size_t size)
{
    z_stream z = {.next_in = bytes,
                  .avail_in = n > UINT32_MAX ? UINT32_MAX : (uInt)n,
                  .next_out = out,
                  .avail_out = (uInt)size};
    int status;

    if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
        return 0;
    status = inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR
               ? size - z.avail_out
               : 0;
}

/* ---- what is in what ---- */

struct opening {
    const struct inflate_limits *limits;
    size_t left_bytes;
    inflate_fn *fn;
    void *ctx;
    struct err *e;
};

/* Something that was found, and how it lay there. */
struct found {
    struct bytes in;
    const char *name;
    quirk_set quirks;
    int layers, depth;
    bool alone;
};

/* NOLINTBEGIN(misc-no-recursion): as deep as MAX_DEPTH */
static bool open_found(struct opening *o, const struct found *f);

/* What was inflated counts against the limit, with all that was before. */
static bool
charge(struct opening *o, size_t bytes)
{
    const struct job j = {.limits = o->limits, .e = o->e};

    if (bytes > o->left_bytes)
        return too_big(&j);
    o->left_bytes -= bytes;
    return true;
}

static bool
open_stream(struct opening *o, const struct found *f, enum inflate_kind kind)
{
    struct found inner = *f;
    struct buf layer;
    const struct job j = {o->limits, o->left_bytes, &layer, 0, &inner.quirks, o->e};
    bool ok;

    buf_init(&layer, 0);
    if (kind == INFLATE_ZLIB) {
        inner.quirks |= QUIRK_BIT(QUIRK_ZLIB);
        ok = inflate_one(&j, &inner.in, WINDOW_ZLIB);
        if (ok && inner.in.len > 0)
            inner.quirks |= QUIRK_BIT(QUIRK_TRAILING_GARBAGE);
    } else {
        ok = inflate_gzip(&j, f->in);
    }
    inner.in = (struct bytes){(unsigned char *)layer.bytes, layer.len};
    ok = ok && charge(o, layer.len) && open_found(o, &inner);
    buf_clear(&layer);
    return ok;
}

static bool
open_member(struct opening *o, struct found *f, const struct archive_member *m,
            bool is_zip)
{
    struct bytes packed = {m->packed, m->packed_len};
    struct buf plain;
    const struct job j = {o->limits, o->left_bytes, &plain, 0, &f->quirks, o->e};
    bool ok = true;

    buf_init(&plain, 0);
    f->in = packed;
    if (m->method == ARCHIVE_DEFLATED) {
        ok = inflate_one(&j, &packed, WINDOW_RAW);
        f->in = (struct bytes){(unsigned char *)plain.bytes, plain.len};
    } else if (m->method != ARCHIVE_STORED) {
        ok = err_set(o->e, ERR_INPUT, "zip archive: compression method %u", m->method);
    }
    ok = ok && charge(o, f->in.len);
    if (ok && is_zip &&
        (f->in.len != m->size ||
         crc32_z(0, f->in.len > 0 ? f->in.at : (const unsigned char *)"", f->in.len) !=
             m->crc))
        ok = err_set(o->e, ERR_INPUT, "zip archive is broken: bad checksum or size");
    ok = ok && open_found(o, f);
    buf_clear(&plain);
    return ok;
}

static bool
open_archive(struct opening *o, const struct found *f, enum inflate_kind kind)
{
    char name[INFLATE_NAME_BYTES];
    struct archive_member m;
    struct archive a;
    struct err broken = {0};
    size_t members = 0;

    if (!archive_open(f->in.at, f->in.len, &a, o->e))
        return false;
    while (archive_next(&a, &m, &broken)) {
        struct found inner = *f;
        size_t n = m.name_len < sizeof name ? m.name_len : sizeof name - 1;

        memcpy(name, m.name, n);
        name[n] = '\0';
        inner.name = name;
        inner.alone = false;
        inner.quirks |= QUIRK_BIT(kind == INFLATE_ZIP ? QUIRK_ZIP : QUIRK_TAR);
        if (a.trailing)
            inner.quirks |= QUIRK_BIT(QUIRK_TRAILING_GARBAGE);
        if (++members > INFLATE_MAX_ENTRIES)
            return err_set(o->e, ERR_TOO_BIG, "archive of more than %d members",
                           INFLATE_MAX_ENTRIES);
        if (!open_member(o, &inner, &m, a.is_zip))
            return false;
    }
    if (broken.kind != ERR_NONE)
        return err_set(o->e, broken.kind, "%s", broken.text);
    return members > 0 ||
           err_set(o->e, ERR_INPUT, "%s archive of 0 members", a.is_zip ? "zip" : "tar");
}

static bool
give(struct opening *o, const struct found *f, enum inflate_kind kind)
{
    struct inflate_item item = {.text = f->in.len > 0 ? (const char *)f->in.at : "",
                                .len = f->in.len,
                                .kind = kind,
                                .name = f->name,
                                .quirks = f->quirks,
                                .alone = f->alone};
    enum unicode_form form = unicode_sniff(f->in.at, f->in.len);
    struct buf text;
    bool ok;

    if (kind != INFLATE_JSON || form == UNICODE_UTF8)
        return o->fn(o->ctx, &item, o->e);
    buf_init(&text, 0);
    ok = unicode_to_utf8(form, f->in.at, f->in.len, o->left_bytes, &text, o->e);
    item.text = text.bytes;
    item.len = text.len;
    item.quirks |= QUIRK_BIT(QUIRK_WIDE_UNICODE);
    ok = ok && charge(o, text.len) && o->fn(o->ctx, &item, o->e);
    buf_clear(&text);
    return ok;
}

static bool
open_found(struct opening *o, const struct found *f)
{
    enum inflate_kind kind = inflate_sniff(f->in.at, f->in.len);
    struct found inner = *f;

    if (kind == INFLATE_JSON || kind == INFLATE_UNKNOWN)
        return give(o, f, kind);
    if (++inner.depth > MAX_DEPTH)
        return err_set(o->e, ERR_INPUT, "more than %d archives in archives", MAX_DEPTH);
    if (kind == INFLATE_TAR)
        return open_archive(o, &inner, kind);
    if (++inner.layers > LAYERS)
        return err_set(o->e, ERR_INPUT, "compressed more than %d times", LAYERS);
    if (inner.layers > 1)
        inner.quirks |= QUIRK_BIT(QUIRK_DOUBLE_GZIP);
    return kind == INFLATE_ZIP ? open_archive(o, &inner, kind)
                               : open_stream(o, &inner, kind);
}

/* NOLINTEND(misc-no-recursion) */

bool
inflate_each(const void *bytes, size_t n, const struct inflate_limits *limits,
             inflate_fn *fn, void *ctx, size_t *inflated_bytes, struct err *e)
{
    struct opening o = {limits, limits->max_bytes, fn, ctx, e};
    const struct found all = {.in = {bytes, n}, .name = "", .alone = true};
    enum inflate_kind kind = inflate_sniff(bytes, n);
    const char *name = inflate_name(bytes, n);
    bool ok;

    if (kind == INFLATE_UNKNOWN)
        return err_set(e, ERR_REFUSED, "%s%s", name != NULL ? "no TLS report: " : "",
                       name != NULL ? name : "neither gzip, zip, zlib nor JSON");
    ok = (kind != INFLATE_JSON || charge(&o, n)) && open_found(&o, &all);
    *inflated_bytes += limits->max_bytes - o.left_bytes;
    return ok;
}

struct first {
    struct buf *out;
    quirk_set *quirks;
    size_t count;
};

static bool
keep_first(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct first *f = ctx;

    if (f->count++ > 0)
        return true;
    *f->quirks |= item->quirks;
    return buf_append(f->out, item->text, item->len) || err_nomem(e);
}

bool
inflate_bytes(const void *bytes, size_t n, const struct inflate_limits *limits,
              struct buf *out, quirk_set *quirks, struct err *e)
{
    const struct job j = {limits, limits->max_bytes, out, out->len, quirks, e};
    struct bytes in = {bytes, n}, got;
    struct first f = {.out = out, .quirks = quirks};
    size_t inflated = 0;

    /* Nearly all are a gzip of one text. */
    if (starts_with(in, "\x1f\x8b", 2) && limits->max_members > 0 &&
        inflate_whole(&j, in)) {
        got = (struct bytes){(unsigned char *)out->bytes + j.out_base,
                             out->len - j.out_base};
        if (looks_like_json(got))
            return true;
        out->len = j.out_base;
    }
    return inflate_each(bytes, n, limits, keep_first, &f, &inflated, e);
}
