/* Decodes what DNS data of some kinds holds, twice: to measure, then to write. */
#include "base/dns_answer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TXT data is strings, each with its length before it (RFC 1035 section 3.3.14). Writes
 * to `out` unless NULL; returns the length joined, or SIZE_MAX when it is broken. */
static size_t
join_strings(const unsigned char *data, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i += 1 + (size_t)data[i]) {
        if (data[i] > n - i - 1)
            return SIZE_MAX;
        if (out != NULL)
            memcpy(out + len, data + i + 1, data[i]);
        len += data[i];
    }
    return len;
}

/* A name of labels as text; what is no host name is cut there. As above. */
static size_t
join_labels(const unsigned char *data, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n && data[i] != 0; i += 1 + (size_t)data[i]) {
        if (data[i] > n - i - 1 || data[i] > 63 || memchr(data + i + 1, '.', data[i]) ||
            memchr(data + i + 1, '\0', data[i]))
            return SIZE_MAX;
        if (len > 0 && out != NULL)
            out[len] = '.';
        len += len > 0;
        if (out != NULL)
            memcpy(out + len, data + i + 1, data[i]);
        len += data[i];
    }
    return len;
}

static size_t
lower(char *text, size_t n)
{
    for (size_t i = 0; text != NULL && i < n; i++)
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    return n;
}

/* "3 1 1 AB12", as zone files and reports have it (RFC 6698 section 2.2). */
static size_t
print_tlsa(const unsigned char *data, size_t n, char *out)
{
    char head[16];
    int at;

    if (n < 4)
        return SIZE_MAX;
    at = snprintf(head, sizeof head, "%u %u %u ", data[0], data[1], data[2]);
    if (out != NULL) {
        memcpy(out, head, (size_t)at);
        for (size_t i = 3; i < n; i++) {
            out[(size_t)at + 2 * (i - 3)] = "0123456789ABCDEF"[data[i] >> 4];
            out[(size_t)at + 2 * (i - 3) + 1] = "0123456789ABCDEF"[data[i] & 15];
        }
    }
    return (size_t)at + 2 * (n - 3);
}

static size_t
decode(enum dns_type type, const unsigned char *data, size_t n, char *out)
{
    switch (type) {
    case DNS_TXT:
        return join_strings(data, n, out);
    case DNS_PTR:
        return join_labels(data, n, out);
    case DNS_MX: /* a preference, then the host */
        return n < 3 ? SIZE_MAX : lower(out, join_labels(data + 2, n - 2, out));
    case DNS_TLSA:
        return print_tlsa(data, n, out);
    case DNS_A:
    case DNS_AAAA:
        if (n != (type == DNS_A ? 4 : 16))
            return SIZE_MAX;
        if (out != NULL)
            memcpy(out, data, n);
        return n;
    }
    return SIZE_MAX;
}

/* The size of the texts, each with a NUL, or SIZE_MAX past a cap. */
static size_t
measure(enum dns_type type, const unsigned char *const data[], const int lens[],
        size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        size_t len = decode(type, data[i], (size_t)lens[i], NULL);

        if (len > DNS_MAX_VALUE_BYTES)
            return SIZE_MAX;
        bytes += len + 1;
    }
    return count > DNS_MAX_VALUES ? SIZE_MAX : bytes;
}

struct dns_answer *
dns_answer_new(enum dns_type type, const unsigned char *const data[], const int len[],
               size_t count)
{
    size_t bytes = measure(type, data, len, count);
    size_t kept = bytes == SIZE_MAX ? 0 : count;
    size_t head = sizeof(struct dns_answer) + kept * sizeof(struct dns_value);
    struct dns_answer *a = calloc(1, head + (kept == 0 ? 0 : bytes));

    if (a == NULL)
        return NULL;
    a->status = bytes == SIZE_MAX ? DNS_TOO_BIG : DNS_FOUND;
    a->count = kept;
    for (size_t i = 0, at = head; i < kept; i++) {
        char *text = (char *)a + at;

        a->values[i] =
            (struct dns_value){text, decode(type, data[i], (size_t)len[i], text)};
        at += a->values[i].len + 1;
    }
    return a;
}

/* The texts point into the answer itself, so they move with it. */
struct dns_answer *
dns_answer_copy(const struct dns_answer *a)
{
    size_t head = sizeof *a + a->count * sizeof *a->values, bytes = 0;
    struct dns_answer *copy;

    for (size_t i = 0; i < a->count; i++)
        bytes += a->values[i].len + 1;
    copy = malloc(head + bytes);
    if (copy == NULL)
        return NULL;
    memcpy(copy, a, head);
    for (size_t i = 0, at = head; i < a->count; i++) {
        copy->values[i].bytes =
            memcpy((char *)copy + at, a->values[i].bytes, a->values[i].len + 1);
        at += a->values[i].len + 1;
    }
    return copy;
}
