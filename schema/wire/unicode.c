/* The mark of UTF-32 begins with that of UTF-16, so the wider form is tried first. */
#include "schema/wire/unicode.h"

#include "base/count.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

enum {
    MARK = 0xFEFF,
    CHUNK_BYTES = 4096,
};

static const struct form {
    enum unicode_form form;
    size_t unit;
    bool big;
} forms[] = {
    {UNICODE_UTF32LE, 4, false},
    {UNICODE_UTF32BE, 4, true},
    {UNICODE_UTF16LE, 2, false},
    {UNICODE_UTF16BE, 2, true},
};

static uint32_t
unit_at(const struct form *f, const unsigned char *p)
{
    uint32_t value = 0;

    for (size_t i = 0; i < f->unit; i++)
        value = value << 8 | p[f->big ? i : f->unit - 1 - i];
    return value;
}

enum unicode_form
unicode_sniff(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const struct form *f = &forms[i];
        size_t at = 0;
        uint32_t first = n < f->unit ? 0 : unit_at(f, p);

        if (first == MARK)
            at += f->unit;
        while (n - at >= f->unit && n >= f->unit &&
               (unit_at(f, p + at) == ' ' ||
                (unit_at(f, p + at) >= '\t' && unit_at(f, p + at) <= '\r')))
            at += f->unit;
        first = n < f->unit || n - at < f->unit ? 0 : unit_at(f, p + at);
        if (first == '{' || first == '[')
            return f->form;
    }
    return UNICODE_UTF8;
}

/* One character at p, of `left` bytes; the bytes it takes, 0 when it is none. */
static size_t
read_character(const struct form *f, const unsigned char *p, size_t left, uint32_t *cp)
{
    uint32_t low;

    if (left < f->unit)
        return 0;
    *cp = unit_at(f, p);
    if (*cp < 0xD800 || (*cp > 0xDFFF && *cp <= 0x10FFFF))
        return f->unit;
    if (f->unit != 2 || *cp > 0xDBFF || left < 4)
        return 0;
    low = unit_at(f, p + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
    return 4;
}

bool
unicode_to_utf8(enum unicode_form form, const void *bytes, size_t n, size_t max_bytes,
                struct buf *out, struct err *e)
{
    const unsigned char *p = bytes;
    const struct form *f = forms;
    size_t at = 0, total = 0, len = 0;
    char chunk[CHUNK_BYTES];

    while (f->form != form)
        f++;
    if (n >= f->unit && unit_at(f, p) == MARK)
        at = f->unit;
    while (at < n) {
        uint32_t cp = 0;
        size_t taken = read_character(f, p + at, n - at, &cp);

        if (taken == 0)
            return err_set(e, ERR_INPUT, "broken UTF-%zu at byte %zu", f->unit * 8, at);
        at += taken;
        len += text_put(chunk + len, cp);
        if (len <= sizeof chunk - 4 && at < n)
            continue;
        total += len;
        if (total > max_bytes)
            return err_set(e, ERR_TOO_BIG, "more than %zu bytes as UTF-8", max_bytes);
        if (!buf_append(out, chunk, len))
            return err_nomem(e);
        len = 0;
    }
    return true;
}
