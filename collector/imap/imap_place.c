#include "collector/imap/imap_place.h"

#include "base/base64.h"
#include "base/count.h"
#include "base/text.h"

#include <string.h>

enum {
    MAX_HOST_BYTES = 255,
    MAX_FOLDER_BYTES = 1000, /* as IMAP writes it */
    MAX_RUN = 500,           /* characters in a row that are not ASCII */
};

/* RFC 3501 section 5.1.3: what is not ASCII as UTF-16 in base64, with a comma for the
 * slash and no padding. */
static bool
put_run(struct buf *out, const unsigned char *utf16, size_t n)
{
    char base64[4 * ((4 * MAX_RUN + 2) / 3) + 1];
    size_t len;

    if (n == 0)
        return true;
    len = strcspn(base64_encode(utf16, n, base64), "=");
    for (size_t i = 0; i < len; i++)
        base64[i] = base64[i] == '/' ? ',' : base64[i];
    (void)buf_putc(out, '&');
    (void)buf_append(out, base64, len);
    return buf_putc(out, '-');
}

static size_t
put_utf16(unsigned char *out, uint32_t cp)
{
    size_t n = 0;

    if (cp >= 0x10000) {
        uint32_t high = 0xD800 + ((cp - 0x10000) >> 10);

        out[n++] = (unsigned char)(high >> 8);
        out[n++] = (unsigned char)(high & 0xFF);
        cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
    }
    out[n++] = (unsigned char)(cp >> 8);
    out[n++] = (unsigned char)(cp & 0xFF);
    return n;
}

/* UTF-8 to a name of a mailbox; false when it is none. */
static bool
put_folder(struct buf *out, const char *utf8)
{
    unsigned char run[4 * MAX_RUN];
    size_t n = strlen(utf8), run_bytes = 0, step;
    uint32_t cp;

    for (; n > 0; utf8 += step, n -= step) {
        if ((step = text_next(utf8, n, &cp)) == 0 || cp < 0x20 || cp == 0x7F ||
            run_bytes + 4 > sizeof run)
            return false;
        if (cp >= 0x80) {
            run_bytes += put_utf16(run + run_bytes, cp);
            continue;
        }
        (void)put_run(out, run, run_bytes);
        run_bytes = 0;
        (void)buf_putc(out, (char)cp);
        if (cp == '&')
            (void)buf_putc(out, '-');
    }
    return put_run(out, run, run_bytes) && out->len > 0 && !out->failed;
}

static const char *
folder_of(struct arena *a, const char *utf8)
{
    struct buf name;
    const char *folder = NULL;

    buf_init(&name, MAX_FOLDER_BYTES);
    if (put_folder(&name, utf8))
        folder = arena_strdup(a, name.bytes);
    buf_clear(&name);
    return folder;
}

/* %40 and the like; NULL when there is no such byte, or a NUL. */
static const char *
decode_percent(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text), *to = out;

    for (const char *from = out; from != NULL && *from != '\0'; from++) {
        *to = *from;
        if (*from == '%') {
            int high = text_hex_digit(from[1]);
            int low = high < 0 ? -1 : text_hex_digit(from[2]);

            if (low < 0 || (*to = (char)(high * 16 + low)) == '\0')
                return NULL;
            from += 2;
        }
        to++;
    }
    if (out != NULL)
        *to = '\0';
    return out;
}

static bool
is_loopback(const char *host)
{
    return text_equal_nocase(host, "localhost") || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
}

/* host, host:port, [address] or [address]:port. */
static bool
read_host(struct arena *a, const char *text, size_t n, struct imap_place *out)
{
    const char *end = text + n, *port, *host = text;
    size_t host_bytes;

    if (n > 0 && *text == '[') {
        const char *bracket = memchr(text, ']', n);

        if (bracket == NULL)
            return false;
        host = text + 1;
        host_bytes = (size_t)(bracket - host);
        port = bracket + 1;
    } else {
        port = memchr(text, ':', n);
        if (port == NULL)
            port = end;
        host_bytes = (size_t)(port - text);
    }
    if (host_bytes == 0 || host_bytes > MAX_HOST_BYTES ||
        (port != end && (*port++ != ':' || port == end || end - port > 5 ||
                         (size_t)(end - port) != strspn(port, "0123456789"))))
        return false;
    for (size_t i = 0; i < host_bytes; i++)
        if ((unsigned char)host[i] <= ' ' || (unsigned char)host[i] >= 0x7F ||
            strchr("@%\"\\", host[i]) != NULL)
            return false;
    out->host = arena_printf(a, "%.*s", (int)host_bytes, host);
    if (port != end)
        out->port = arena_printf(a, "%.*s", (int)(end - port), port);
    return out->host != NULL && out->port != NULL;
}

static bool
read_url(struct arena *a, const char *url, struct imap_place *out)
{
    const char *host, *path, *folder;

    out->tls = strncmp(url, "imaps://", 8) == 0;
    if (!out->tls && strncmp(url, "imap://", 7) != 0)
        return false;
    out->port = out->tls ? "993" : "143";
    host = strstr(url, "://") + 3;
    path = host + strcspn(host, "/");
    if (!read_host(a, host, (size_t)(path - host), out))
        return false;
    folder = decode_percent(a, *path == '\0' || path[1] == '\0' ? "INBOX" : path + 1);
    out->folder = folder == NULL ? NULL : folder_of(a, folder);
    out->loopback = is_loopback(out->host);
    return out->folder != NULL;
}

static bool
read_done(struct arena *a, const char *text, struct imap_place *out)
{
    static const struct {
        const char *text;
        enum imap_done done;
    } words[] = {{"keep", IMAP_KEEP}, {"seen", IMAP_SEEN}, {"delete", IMAP_DELETE}};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i].text) == 0) {
            out->done = words[i].done;
            return true;
        }
    }
    if (strncmp(text, "move ", 5) != 0)
        return false;
    out->done = IMAP_MOVE;
    out->target = folder_of(a, text + 5);
    return out->target != NULL && strcmp(out->target, out->folder) != 0;
}

bool
imap_place_read(struct arena *a, const struct imap_box *box, struct imap_place *out,
                struct err *e)
{
    *out = (struct imap_place){.box = box};
    if (box->url == NULL || !read_url(a, box->url, out))
        return err_set(e, ERR_CONFIG,
                       "imap \"%s\": url is \"%s\", must be like imaps://host/INBOX, or "
                       "imap://host/INBOX for STARTTLS",
                       box->name, box->url == NULL ? "" : box->url);
    if (box->user == NULL || box->user[0] == '\0')
        return err_set(e, ERR_CONFIG, "imap \"%s\": user is not set", box->name);
    if ((box->password_file == NULL) == (box->token_command == NULL))
        return err_set(e, ERR_CONFIG,
                       "imap \"%s\": set one of password_file and token_command",
                       box->name);
    if (!read_done(a, box->done, out))
        return err_set(e, ERR_CONFIG,
                       "imap \"%s\": done is \"%s\", must be keep, seen, delete, or "
                       "move with another folder",
                       box->name, box->done);
    out->text =
        arena_printf(a, "%s@%s:%s/%s", box->user, out->host, out->port, out->folder);
    return out->text != NULL || err_nomem(e);
}
