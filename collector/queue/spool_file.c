/* The hash comes first and covers the rest, so a file that was cut, or that the disk
 * changed, is told from a good one whatever it says. */
#include "collector/queue/spool_file.h"

#include "base/text.h"
#include "schema/report/key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "tlsrpt-spool 1 ";

enum {
    MAGIC_BYTES = sizeof magic - 1,
    HEX_BYTES = 2 * KEY_BYTES,
    TOP_BYTES = MAGIC_BYTES + HEX_BYTES + 1, /* the first line */
};

static void
print_hash(const void *bytes, size_t n, char out[HEX_BYTES])
{
    struct key hash = key_of_bytes(bytes, n);

    for (size_t i = 0; i < KEY_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[hash.bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[hash.bytes[i] & 15];
    }
}

bool
spool_file_encode(const struct delivery *d, struct buf *out)
{
    size_t top = out->len;

    (void)buf_printf(out, "%s%0*d\n", magic, HEX_BYTES, 0);
    (void)buf_printf(out, "received %" PRId64 "\npeer %s\n", d->received, d->peer);
    if (d->peer_name[0] != '\0')
        (void)buf_printf(out, "name %s\n", d->peer_name);
    if (d->policy_domain != NULL)
        (void)buf_printf(out, "domain %s\n", d->policy_domain);
    if (!d->understood)
        (void)buf_puts(out, "unread\n");
    (void)buf_putc(out, '\n');
    (void)buf_append(out, d->bytes, d->byte_count);
    if (out->failed)
        return false;
    print_hash(out->bytes + top + TOP_BYTES, out->len - top - TOP_BYTES,
               out->bytes + top + MAGIC_BYTES);
    return true;
}

static void
take_line(char *line, struct delivery *d)
{
    char *value = line + strcspn(line, " ");

    if (*value == ' ')
        *value++ = '\0';
    if (strcmp(line, "received") == 0)
        d->received = strtoll(value, NULL, 10);
    else if (strcmp(line, "peer") == 0)
        d->peer = value;
    else if (strcmp(line, "name") == 0)
        d->peer_name = value;
    else if (strcmp(line, "domain") == 0)
        d->policy_domain = value;
    else if (strcmp(line, "unread") == 0)
        d->understood = false;
}

static bool
is_whole(const struct buf *file)
{
    char hash[HEX_BYTES];

    if (file->len < TOP_BYTES || memcmp(file->bytes, magic, MAGIC_BYTES) != 0)
        return false;
    print_hash(file->bytes + TOP_BYTES, file->len - TOP_BYTES, hash);
    return memcmp(file->bytes + MAGIC_BYTES, hash, HEX_BYTES) == 0;
}

bool
spool_file_decode(struct buf *file, struct delivery *d, struct err *e)
{
    char *at, *end, *lf;

    if (!is_whole(file))
        return err_set(e, ERR_INPUT, "damaged, or no file of the spool");
    *d = (struct delivery){.kind = DELIVERY_REPORT,
                           .transport = TRANSPORT_HTTPS,
                           .peer = "",
                           .peer_name = "",
                           .understood = true};
    end = file->bytes + file->len;
    for (at = file->bytes + TOP_BYTES;
         (lf = memchr(at, '\n', (size_t)(end - at))) != NULL && lf > at; at = lf + 1) {
        *lf = '\0';
        take_line(at, d);
    }
    if (lf == NULL)
        return err_set(e, ERR_INPUT, "no end of the header");
    d->bytes = lf + 1;
    d->byte_count = (size_t)(end - lf) - 1;
    return true;
}

struct peer
spool_file_network(const char *top, size_t n)
{
    static const char key[] = "\npeer ";
    const char *at = memmem(top, n, key, sizeof key - 1), *end;
    char text[PEER_TEXT_BYTES] = "";

    at = at == NULL ? NULL : at + sizeof key - 1;
    end = at == NULL ? NULL : memchr(at, '\n', n - (size_t)(at - top));
    if (end == NULL || (size_t)(end - at) >= sizeof text)
        return (struct peer){{0}};
    memcpy(text, at, (size_t)(end - at));
    return peer_network_of(text);
}
