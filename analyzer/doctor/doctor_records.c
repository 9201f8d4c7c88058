/* --records: the TXT records that lead reports here, as lines of a zone file. */
#include "analyzer/doctor/doctor.h"
#include "analyzer/doctor/https_get.h"
#include "analyzer/doctor/tlsrpt_record.h"
#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL "86400"

enum {
    STRING_BYTES = 255 /* RFC 1035 section 3.3 */
};

static const struct column columns[] = {
    {"name", "NAME", COLUMN_TEXT, 0, COLOUR_NONE},
    {"ttl", "TTL", COLUMN_COUNT, 0, COLOUR_NONE},
    {"type", "TYPE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"value", "VALUE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"line", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
};

/* Appends a URI, encoding what separates URIs and fields (RFC 8460 section 3), and reads
 * it as a sender will. */
static bool
add_uri(struct buf *out, const char *scheme, const char *text, struct err *e)
{
    struct complaints wrong;
    struct tlsrpt_uri uri;
    size_t start;
    bool ok;

    (void)buf_puts(out, out->bytes[out->len - 1] == '=' ? "" : ",");
    start = out->len;
    if (strstr(text, "://") != NULL && strncmp(text, scheme, strlen(scheme)) != 0)
        return err_set(e, ERR_INPUT, "\"%s\" cannot be used, it must begin with %s", text,
                       scheme);
    (void)buf_puts(out, strncmp(text, scheme, strlen(scheme)) == 0 ? "" : scheme);
    for (; *text != '\0'; text++) {
        if (strchr(",!;", *text) != NULL)
            (void)buf_printf(out, "%%%02X", (unsigned)*text);
        else
            (void)buf_putc(out, *text);
    }
    if (out->failed)
        return err_nomem(e);
    complaints_init(&wrong, "");
    ok = tlsrpt_uri_read(out->bytes + start, out->len - start, "", &uri, &wrong);
    if (!ok)
        (void)err_set(e, ERR_INPUT, "%s",
                      wrong.count > 0 ? wrong.items[0].what : "out of memory");
    complaints_clear(&wrong);
    return ok;
}

/* Where tlsrptd is, by its own certificate; false when that cannot be told. */
static bool
own_endpoint(const struct settings *s, struct buf *out)
{
    const char *listen =
        s->https.listen.count > 0 ? strrchr(s->https.listen.items[0], ':') : NULL;
    struct err e = {0};
    int64_t expires;
    char host[256];

    return listen != NULL && s->https.certificate != NULL &&
           https_certificate(s->https.certificate, &expires, host, &e) && *host != '\0' &&
           buf_printf(out, "https://%s%s%s", host,
                      strcmp(listen, ":443") == 0 ? "" : listen, s->https.path);
}

/* The first mailbox that LMTP takes mail for; NULL if none is named. */
static const char *
own_mailbox(const struct settings *s)
{
    for (size_t i = 0; i < s->lmtp.recipients.count; i++) {
        if (s->lmtp.recipients.items[i][0] != '@')
            return s->lmtp.recipients.items[i];
    }
    return NULL;
}

/* v=TLSRPTv1; rua=... as the options say, and by themselves where they do not. */
static bool
make_value(const struct context *c, struct buf *out, struct err *e)
{
    const char *endpoint = c->options->endpoint, *mailto = c->options->mailto;
    struct buf own;
    bool ok;

    buf_init(&own, 0);
    if (endpoint == NULL && mailto == NULL) {
        endpoint = own_endpoint(c->settings, &own) ? own.bytes : NULL;
        mailto = own_mailbox(c->settings);
    }
    ok = buf_puts(out, "v=TLSRPTv1; rua=") || err_nomem(e);
    if (ok && endpoint == NULL && mailto == NULL)
        ok = err_set(e, ERR_INPUT,
                     "say where reports shall go: --endpoint "
                     "https://reports.example.com/v1/tlsrpt, --mailto user@example.com, "
                     "or both");
    ok = ok && (endpoint == NULL || add_uri(out, "https://", endpoint, e)) &&
         (mailto == NULL || add_uri(out, "mailto:", mailto, e));
    buf_clear(&own);
    return ok;
}

static bool
show_record(struct context *c, const char *domain, const char *value, struct err *e)
{
    char node[300];
    const char *row[] = {node, TTL, "TXT", value, NULL};
    struct buf line;
    bool ok;

    (void)snprintf(node, sizeof node, "_smtp._tls.%s.", domain);
    buf_init(&line, 0);
    ok = buf_printf(&line, "%s " TTL " IN TXT", node);
    for (size_t n = strlen(value), at = 0; at < n; at += STRING_BYTES)
        ok = buf_printf(&line, " \"%.*s\"", STRING_BYTES, value + at);
    row[4] = line.bytes;
    if (!ok)
        (void)err_nomem(e);
    else if (c->options->format == VIEW_TABLE)
        ok = printf("%s\n", line.bytes) > 0 || err_set(e, ERR_AGAIN, "cannot write");
    else
        ok = view_row(c->view, row, e);
    buf_clear(&line);
    return ok;
}

/* ---- the names ---- */

static void
known_name(struct doctor *d, struct doctor_task *t)
{
    (void)d;
    (void)t;
}

/* A mail domain's MX hosts that are ours need the record, too, once they use DANE. */
static void
find_hosts(struct doctor *d, struct doctor_task *t)
{
    struct dns_answer *mx = doctor_ask(d, DNS_MX, "%s", t->name);

    doctor_add(d, known_name, t->name, "");
    for (size_t i = 0; mx != NULL && i < mx->count; i++) {
        if (doctor_is_ours(d, mx->values[i].bytes))
            doctor_add(d, known_name, mx->values[i].bytes, "");
    }
    free(mx);
}

static int
by_name(const void *a, const void *b)
{
    const struct doctor_task *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

bool
doctor_records(struct context *c, struct doctor *d, struct err *e)
{
    struct complaints none;
    struct buf value;
    bool ok;

    buf_init(&value, 0);
    complaints_init(&none, "");
    ok = make_value(c, &value, e) && doctor_add_domains(d, find_hosts, e) &&
         doctor_run(d, &none, e) &&
         (c->options->format == VIEW_TABLE ||
          view_begin(c->view, columns, COUNT_OF(columns), e));
    if (ok)
        qsort(d->tasks, d->task_count, sizeof(void *), by_name);
    for (size_t i = 0; ok && i < d->task_count; i++)
        ok = d->tasks[i]->fn != known_name ||
             show_record(c, d->tasks[i]->name, value.bytes, e);
    ok = ok && (c->options->format == VIEW_TABLE || view_end(c->view, e));
    complaints_clear(&none);
    buf_clear(&value);
    return ok;
}
