/* RFC 8460 section 3, with the grammar of RFC 3986 where a URI stands. The rules D1 to D9
 * are those that cost reports in practice. */
#include "analyzer/doctor/tlsrpt_record.h"

#include "base/text.h"
#include "schema/report/domain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEGINNING "v=TLSRPTv1;"

enum {
    QUOTE = 120, /* bytes of a record that a complaint repeats */
    MAX_NAME_BYTES = 32,
    MAX_PORT = 65535,
};

static int
shown(size_t n)
{
    return n < QUOTE ? (int)n : QUOTE;
}

/* ---- one URI ---- */

static const char *
uri_error(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c) != NULL)
            return "a character that no URI may hold: write it as %XX";
        if (c == '%' && (i + 2 >= n || !isxdigit((unsigned char)text[i + 1]) ||
                         !isxdigit((unsigned char)text[i + 2])))
            return "a % without two hexadecimal digits";
    }
    return n >= TLSRPT_URI_SIZE ? "too long" : NULL;
}

static const char *
read_mailto(struct tlsrpt_uri *u)
{
    const char *address = u->text + strlen("mailto:");
    size_t n = strcspn(address, "?");
    const char *at = memchr(address, '@', n);

    if (at == NULL || at == address ||
        memchr(at + 1, '@', n - (size_t)(at + 1 - address)))
        return "no mail address, as in mailto:user@example.com";
    n -= (size_t)(at + 1 - address);
    if (n >= sizeof u->host)
        return "a domain too long";
    (void)snprintf(u->host, sizeof u->host, "%.*s", (int)n, at + 1);
    text_lower(u->host);
    return domain_is_plausible(u->host) ? NULL : "a mail address without a domain";
}

static const char *
read_https(struct tlsrpt_uri *u)
{
    const char *host = u->text + strlen("https://"), *end;
    size_t n;
    long port = 443;

    if (strncmp(u->text + strlen("https:"), "//", 2) != 0)
        return "no host, as in https://reports.example.com/v1/tlsrpt";
    n = strcspn(host, "/?#");
    u->path = host + n;
    if (memchr(host, '@', n) != NULL)
        return "a user or password";
    end = memchr(host, *host == '[' ? ']' : ':', n);
    if (*host == '[') {
        if (end == NULL)
            return "no closing bracket";
        host++;
        port = end[1] == ':' ? strtol(end + 2, NULL, 10) : port;
    } else if (end != NULL) {
        port = strtol(end + 1, NULL, 10);
    } else {
        end = host + n;
    }
    n = (size_t)(end - host);
    if (n == 0 || n >= sizeof u->host || port < 1 || port > MAX_PORT)
        return "no host, or no port";
    (void)snprintf(u->host, sizeof u->host, "%.*s", (int)n, host);
    text_lower(u->host);
    u->port = (unsigned)port;
    return NULL;
}

bool
tlsrpt_uri_read(const char *text, size_t n, const char *subject, struct tlsrpt_uri *out,
                struct complaints *said)
{
    const char *error;
    bool mailto = n >= 7 && strncasecmp(text, "mailto:", 7) == 0;

    *out = (struct tlsrpt_uri){.https = n >= 6 && strncasecmp(text, "https:", 6) == 0};
    if (n == 0) {
        complain(said, URI_EMPTY, subject,
                 "a comma in rua= stands before nothing, or after");
        return false;
    }
    if (!mailto && !out->https) {
        complain(said, URI_SCHEME, subject,
                 "\"%.*s\" is neither a mailto: nor an https: URI, so no report goes "
                 "there",
                 shown(n), text);
        return false;
    }
    if (memchr(text, '!', n) != NULL) {
        complain(said, URI_UNESCAPED, subject,
                 "\"%.*s\" holds a bare exclamation mark, which RFC 8460 forbids",
                 shown(n), text);
        return false;
    }
    error = uri_error(text, n);
    if (error == NULL) {
        memcpy(out->text, text, n);
        error = mailto ? read_mailto(out) : read_https(out);
    }
    if (error == NULL)
        return true;
    complain(said, mailto ? URI_MAILTO : URI_HTTPS, subject,
             "\"%.*s\" cannot be used, it has %s", shown(n), text, error);
    return false;
}

/* ---- the record ---- */

/* What is read of one record. */
struct reading {
    const char *subject;
    struct tlsrpt_record *out;
    struct complaints *said;
    unsigned rua; /* how many fields */
    bool mailto;  /* one was meant */
    bool broken;  /* a field was complained of: the first will do */
};

/* tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void
read_rua(struct reading *r, const char *value, size_t n)
{
    const char *end = value + n;
    size_t first = r->said->count;
    bool last = false;

    for (int uris = 0; !last && uris < TLSRPT_MAX_URIS; uris++, value++) {
        const char *uri = value;
        size_t bytes;

        value = memchr(value, ',', (size_t)(end - value));
        last = value == NULL;
        value = last ? end : value;
        bytes = text_trim(&uri, (size_t)(value - uri), " \t");
        r->mailto |= bytes >= 7 && strncasecmp(uri, "mailto:", 7) == 0;
        r->out->uri_count += r->out->uri_count < TLSRPT_MAX_URIS &&
                             tlsrpt_uri_read(uri, bytes, r->subject,
                                             &r->out->uris[r->out->uri_count], r->said);
    }
    for (size_t i = first; r->out->uri_count == 0 && i < r->said->count; i++)
        r->said->items[i].severity = SEVERITY_CRITICAL; /* nowhere to send to */
}

/* tlsrpt-ext-name "=" tlsrpt-ext-value */
static bool
is_extension(const char *field, size_t key_bytes, size_t n)
{
    if (key_bytes == 0 || key_bytes > MAX_NAME_BYTES || !isalnum((unsigned char)*field) ||
        key_bytes + 1 >= n)
        return false;
    for (size_t i = 0; i < key_bytes; i++) {
        if (!isalnum((unsigned char)field[i]) && field[i] != '_' && field[i] != '-' &&
            field[i] != '.')
            return false;
    }
    for (size_t i = key_bytes + 1; i < n; i++) {
        if ((unsigned char)field[i] <= ' ' || (unsigned char)field[i] >= 0x7F ||
            field[i] == '=')
            return false;
    }
    return true;
}

static void
read_field(struct reading *r, const char *field, size_t n)
{
    const char *equals = memchr(field, '=', n), *value;
    size_t key_bytes = equals == NULL ? 0 : (size_t)(equals - field);

    if (key_bytes == 3 && memcmp(field, "rua", 3) == 0) {
        value = equals + 1;
        n = text_trim(&value, n - 4, " \t");
        r->rua++;
        read_rua(r, value, n);
    } else if (!is_extension(field, key_bytes, n) && !r->broken) {
        r->broken = true;
        complain(r->said, RECORD_SYNTAX, r->subject,
                 "the field \"%.*s\" is not of the form name=value", shown(n), field);
    }
}

static void
read_record(struct reading *r, const char *text, size_t n)
{
    text += strlen(BEGINNING);
    n -= strlen(BEGINNING);
    for (size_t len; n > 0; text += len, n -= len) {
        const char *end = memchr(text, ';', n), *field = text;
        size_t bytes;

        len = end == NULL ? n : (size_t)(end - text) + 1;
        bytes = text_trim(&field, end == NULL ? n : len - 1, " \t");
        if (bytes > 0 || end != NULL)
            read_field(r, field, bytes);
    }
    if (r->rua == 0)
        complain(r->said, RECORD_NO_RUA, r->subject,
                 "the record has no rua=, so it says nowhere to send reports to");
    if (r->rua > 1)
        complain(r->said, RECORD_RUA_TWICE, r->subject,
                 "the record has rua= %u times, and senders differ in which they take",
                 r->rua);
    if (r->out->uri_count > 0 && !r->mailto)
        complain(r->said, RECORD_NO_MAILTO, r->subject,
                 "reports can only come by https, and not every sender speaks that");
}

/* What a person who looks at the record will not see: why it is passed over. */
static void
judge_others(const struct dns_answer *a, const char *subject, struct complaints *said)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct dns_value *v = &a->values[i];

        if (strcasestr(v->bytes, "tlsrpt") == NULL)
            continue;
        complain(said, RECORD_NOT_RECOGNISED, subject,
                 "\"%.*s\" does not begin with " BEGINNING ", so senders pass over it",
                 shown(v->len), v->bytes);
        return;
    }
    complain(said, RECORD_FOREIGN, subject,
             "there is no TLSRPT record, only other text (of a wildcard?): \"%.*s\"",
             a->count > 0 ? shown(a->values[0].len) : 0,
             a->count > 0 ? a->values[0].bytes : "");
}

void
tlsrpt_record_read(const struct dns_answer *a, const char *subject,
                   struct tlsrpt_record *out, struct complaints *said)
{
    struct reading r = {.subject = subject, .out = out, .said = said};
    const struct dns_value *record = NULL;
    unsigned records = 0;

    out->uri_count = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (a->values[i].len < strlen(BEGINNING) ||
            memcmp(a->values[i].bytes, BEGINNING, strlen(BEGINNING)) != 0)
            continue;
        record = &a->values[i];
        records++;
    }
    if (records == 0) {
        judge_others(a, subject, said);
        return;
    }
    if (records > 1) {
        complain(said, RECORD_TWICE, subject,
                 "there are %u TLSRPT records, and then senders must act as if there "
                 "were none",
                 records);
        return;
    }
    read_record(&r, record->bytes, record->len);
    if (record->len > TLSRPT_MAX_BYTES)
        complain(said, RECORD_LONG, subject,
                 "the record has %zu bytes, more than fit into one UDP answer",
                 record->len);
    if (a->ttl_s < TLSRPT_MIN_TTL_S)
        complain(said, RECORD_TTL, subject, "the record was answered with a TTL of %u s",
                 a->ttl_s);
}
