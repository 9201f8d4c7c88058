/* A zip archive is read from its end, for a writer that streams leaves the sizes in front
 * of a member at zero. */
#include "schema/wire/archive.h"

#include "base/count.h"

#include <string.h>
#include <strings.h>

enum {
    ZIP_END_BYTES = 22,
    ZIP_ENTRY_BYTES = 46,
    ZIP_LOCAL_BYTES = 30,
    ZIP_MAX_COMMENT = 65535,
    ZIP_ENCRYPTED = 1,

    TAR_BLOCK_BYTES = 512,
    TAR_NAME_BYTES = 100,
    TAR_SIZE_AT = 124,
    TAR_SIZE_BYTES = 12,
    TAR_SUM_AT = 148,
    TAR_SUM_BYTES = 8,
    TAR_TYPE_AT = 156,
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

/* ---- what nobody meant to send ---- */

static bool
is_junk(const char *name, size_t n)
{
    static const char *const files[] = {".DS_Store", "Thumbs.db", "desktop.ini"};
    static const char folder[] = "__MACOSX/";
    const char *base = name;
    size_t len;

    if (n == 0 || name[n - 1] == '/' ||
        memmem(name, n, folder, sizeof folder - 1) != NULL)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '/' || name[i] == '\\')
            base = name + i + 1;
    }
    len = (size_t)(name + n - base);
    if (len >= 2 && memcmp(base, "._", 2) == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (len == strlen(files[i]) && strncasecmp(base, files[i], len) == 0)
            return true;
    }
    return false;
}

/* ---- zip ---- */

static bool
open_zip(struct archive *a, struct err *e)
{
    const unsigned char *end = NULL;

    /* The end record stands last, before a comment at most. */
    for (size_t back = ZIP_END_BYTES;
         back <= a->n && back <= ZIP_END_BYTES + ZIP_MAX_COMMENT && end == NULL; back++) {
        if (memcmp(a->bytes + a->n - back, "PK\5\6", 4) == 0)
            end = a->bytes + a->n - back;
    }
    if (end == NULL)
        return err_set(e, ERR_INPUT, "zip archive is truncated");
    a->left = u16(end + 10);
    a->at = u32(end + 16);
    a->trailing = u16(end + 20) + (size_t)ZIP_END_BYTES < (size_t)(a->bytes + a->n - end);
    return true;
}

/* The directory is believed about a member, the local header only about where its data
 * begins. False when the entry is broken, which `e` says. */
static bool
read_zip_entry(struct archive *a, struct archive_member *m, struct err *e)
{
    const unsigned char *entry, *local;
    size_t next, offset, data, packed;

    if (a->at > a->n || a->n - a->at < ZIP_ENTRY_BYTES)
        return err_set(e, ERR_INPUT, "zip archive is broken: no directory");
    entry = a->bytes + a->at;
    next = (size_t)ZIP_ENTRY_BYTES + u16(entry + 28) + u16(entry + 30) + u16(entry + 32);
    offset = u32(entry + 42);
    if (memcmp(entry, "PK\1\2", 4) != 0 || next > a->n - a->at || offset > a->n ||
        a->n - offset < ZIP_LOCAL_BYTES)
        return err_set(e, ERR_INPUT, "zip archive is broken: no directory");
    local = a->bytes + offset;
    data = offset + ZIP_LOCAL_BYTES + u16(local + 26) + u16(local + 28);
    packed = u32(entry + 20);
    if (memcmp(local, "PK\3\4", 4) != 0 || data > a->n || packed > a->n - data)
        return err_set(e, ERR_INPUT, "zip archive is broken: no member");
    *m = (struct archive_member){
        .name = (const char *)entry + ZIP_ENTRY_BYTES,
        .name_len = u16(entry + 28),
        .packed = a->bytes + data,
        .packed_len = packed,
        .method = u16(entry + 10),
        .crc = u32(entry + 16),
        .size = u32(entry + 24),
    };
    a->at += next;
    if ((u16(entry + 8) & ZIP_ENCRYPTED) != 0 && !is_junk(m->name, m->name_len))
        return err_set(e, ERR_INPUT, "zip archive is encrypted, with a password");
    return true;
}

/* ---- tar ---- */

/* An octal number, or in base 256 (GNU); SIZE_MAX when it is none. */
static size_t
tar_number(const unsigned char *p, size_t n)
{
    size_t value = 0;
    bool any = false;

    if (*p == 0x80) {
        for (size_t i = n - 7; i < n; i++)
            value = value << 8 | p[i];
        return value;
    }
    for (; n > 0 && *p == ' '; p++)
        n--;
    for (; n > 0 && *p >= '0' && *p <= '7'; p++, n--, any = true)
        value = value << 3 | (size_t)(*p - '0');
    return any && (n == 0 || *p == ' ' || *p == '\0') ? value : SIZE_MAX;
}

bool
archive_is_tar(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t sum = 0;

    if (n < TAR_BLOCK_BYTES || p[0] == '\0')
        return false;
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= TAR_SUM_AT && i < TAR_SUM_AT + TAR_SUM_BYTES ? ' ' : p[i];
    return tar_number(p + TAR_SUM_AT, TAR_SUM_BYTES) == sum;
}

/* Moves behind the entry; *m is set if it is a file. */
static bool
read_tar_entry(struct archive *a, struct archive_member *m, struct err *e)
{
    const unsigned char *entry = a->bytes + a->at;
    size_t size, room;

    *m = (struct archive_member){.name = ""};
    if (!archive_is_tar(entry, a->n - a->at))
        return err_set(e, ERR_INPUT, "tar archive is broken: no header");
    a->at += TAR_BLOCK_BYTES;
    size = tar_number(entry + TAR_SIZE_AT, TAR_SIZE_BYTES);
    room = a->n - a->at;
    if (size > room)
        return err_set(e, ERR_INPUT, "tar archive is truncated");
    if (strchr("0", entry[TAR_TYPE_AT]) != NULL) /* or NUL */
        *m = (struct archive_member){
            .name = (const char *)entry,
            .name_len = strnlen((const char *)entry, TAR_NAME_BYTES),
            .packed = a->bytes + a->at,
            .packed_len = size,
            .method = ARCHIVE_STORED,
        };
    size += (TAR_BLOCK_BYTES - size % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES;
    a->at += size < room ? size : room;
    return true;
}

/* ---- both ---- */

bool
archive_open(const void *bytes, size_t n, struct archive *out, struct err *e)
{
    *out = (struct archive){.bytes = bytes, .n = n};
    out->is_zip = !archive_is_tar(bytes, n);
    return !out->is_zip || open_zip(out, e);
}

bool
archive_next(struct archive *a, struct archive_member *out, struct err *e)
{
    for (;;) {
        if (a->is_zip ? a->left == 0 : a->at >= a->n || a->bytes[a->at] == '\0')
            return false;
        if (a->is_zip) {
            a->left--;
            if (!read_zip_entry(a, out, e))
                return false;
        } else if (!read_tar_entry(a, out, e)) {
            return false;
        }
        if (!is_junk(out->name, out->name_len))
            return true;
    }
}
