/* See policy_text.h. */
#include "analyzer/analysis/policy_text.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_LINES = 200,
    MAX_LINE_BYTES = 300,
};

static const char blanks[] = " \t\n\v\f\r";

struct lines {
    char text[MAX_LINES][MAX_LINE_BYTES];
    size_t count;
};

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool
append_sorted(struct lines *l, const char *prefix, struct buf *out)
{
    bool ok = true;

    qsort(l->text, l->count, sizeof *l->text, by_bytes);
    for (size_t i = 0; i < l->count; i++)
        if (i == 0 || strcmp(l->text[i], l->text[i - 1]) != 0)
            ok = buf_printf(out, "%s%s%s", out->len ? "\n" : "", prefix, l->text[i]);
    return ok;
}

static void
copy_lower(char out[MAX_LINE_BYTES], const char *from, size_t n)
{
    n = n < MAX_LINE_BYTES - 1 ? n : MAX_LINE_BYTES - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)from[i]);
    if (n && out[n - 1] == '.')
        n--;
    out[n] = 0;
}

struct sts {
    char mode[MAX_LINE_BYTES], max_age[MAX_LINE_BYTES];
    struct lines mx;
};

static void
read_sts_line(struct sts *p, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n), *key = line, *value;
    size_t key_bytes, bytes;

    if (!colon)
        return;
    key_bytes = text_trim(&key, (size_t)(colon - line), blanks);
    value = colon + 1;
    bytes = text_trim(&value, n - (size_t)(value - line), blanks);
    if (key_bytes == 4 && !strncasecmp(key, "mode", 4))
        copy_lower(p->mode, value, bytes);
    else if (key_bytes == 7 && !strncasecmp(key, "max_age", 7))
        copy_lower(p->max_age, value, bytes);
    else if (key_bytes == 2 && !strncasecmp(key, "mx", 2) && p->mx.count < MAX_LINES)
        copy_lower(p->mx.text[p->mx.count++], value, bytes);
}

bool
policy_text_sts(const char *raw, struct buf *out)
{
    struct sts *p = calloc(1, sizeof *p);
    bool ok = p != NULL;

    while (ok && *raw) {
        size_t n = strcspn(raw, "\n;");

        read_sts_line(p, raw, n);
        raw += n;
        raw += *raw != 0;
    }
    if (ok && (p->mode[0] || p->mx.count)) {
        ok = buf_printf(out, "mode: %s", p->mode[0] ? p->mode : "?") &&
             append_sorted(&p->mx, "mx: ", out);
        if (ok && p->max_age[0])
            ok = buf_printf(out, "\nmax_age: %s", p->max_age);
    }
    free(p);
    return ok;
}

/* "3 1 1 hex hex" into "3 1 1 HEXHEX"; false if it is no record. */
static bool
read_record(const char *text, size_t n, char out[MAX_LINE_BYTES])
{
    size_t len = 0, fields = 0, digits = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isspace(c)) {
            fields += len && !isspace((unsigned char)out[len - 1]) && fields < 3;
            if (len && fields <= 3 && digits == 0 && out[len - 1] != ' ')
                out[len++] = ' ';
            continue;
        }
        if (!isxdigit(c) || len + 2 >= MAX_LINE_BYTES)
            return false;
        digits += fields == 3;
        out[len++] = (char)toupper(c);
    }
    out[len] = 0;
    return fields == 3 && digits > 0;
}

/* JSON leaves brackets, quotes and commas around the records. */
bool
policy_text_tlsa(const char *raw, struct buf *out)
{
    struct lines *l = calloc(1, sizeof *l);
    bool ok = l != NULL;

    while (ok && *raw) {
        size_t n = strcspn(raw, "\n;,\"[]\\");
        const char *record = raw;
        size_t bytes = text_trim(&record, n, blanks);

        if (bytes && l->count < MAX_LINES &&
            read_record(record, bytes, l->text[l->count]))
            l->count++;
        raw += n;
        raw += *raw != 0;
    }
    ok = ok && append_sorted(l, "", out);
    free(l);
    return ok;
}

bool
policy_text_enforces(const char *sts)
{
    return !strncmp(sts, "mode: enforce\n", 14) || !strcmp(sts, "mode: enforce");
}

int64_t
policy_text_max_age_s(const char *sts)
{
    const char *at = strstr(sts, "\nmax_age: ");
    long long seconds = at ? strtoll(at + 10, NULL, 10) : 0;

    return seconds > 0 ? seconds : 0;
}

bool
policy_text_has_mx(const char *sts)
{
    return strstr(sts, "\nmx: ") != NULL;
}

bool
policy_text_covers(const char *sts, const char *host)
{
    const char *dot = strchr(host, '.');

    for (const char *at = strstr(sts, "\nmx: "); at; at = strstr(at, "\nmx: ")) {
        size_t n;

        at += 5;
        n = strcspn(at, "\n");
        if (n == strlen(host) && !strncasecmp(at, host, n))
            return true;
        /* "*." stands for exactly one label */
        if (n > 2 && at[0] == '*' && at[1] == '.' && dot && dot != host &&
            strlen(dot) == n - 1 && !strncasecmp(at + 1, dot, n - 1))
            return true;
    }
    return false;
}
