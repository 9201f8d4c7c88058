/* What a domain publishes: the input as a TLSRPT record (lines: as several), an MTA-STS
 * record and a policy. Whatever is usable of it is within its bounds and itself readable.
 */
#include "tests/fuzz/fuzz.h"

#include "analyzer/doctor/sts_record.h"
#include "analyzer/doctor/tlsrpt_record.h"

#include <stdlib.h>
#include <string.h>

static void
check_uris(const struct tlsrpt_record *record)
{
    if (record->uri_count > TLSRPT_MAX_URIS)
        abort();
    for (size_t i = 0; i < record->uri_count; i++) {
        const struct tlsrpt_uri *u = &record->uris[i];
        struct complaints none;
        struct tlsrpt_uri again;

        complaints_init(&none, "");
        if (*u->host == '\0' || strlen(u->text) >= TLSRPT_URI_SIZE ||
            strpbrk(u->text, ",;! \t") != NULL || (u->https && u->port == 0) ||
            !tlsrpt_uri_read(u->text, strlen(u->text), "", &again, &none) ||
            none.count > 0)
            abort();
        complaints_clear(&none);
    }
}

/* Each line of the text is a value, which lives as long as the text. */
static struct dns_answer *
answer_of(char *text, size_t n)
{
    struct dns_answer *a = calloc(1, sizeof *a + DNS_MAX_VALUES * sizeof *a->values);

    for (char *end; a != NULL && a->count < DNS_MAX_VALUES; text = end + 1) {
        size_t len;

        end = memchr(text, '\n', n);
        len = end == NULL ? n : (size_t)(end - text);
        text[len] = '\0';
        a->values[a->count++] = (struct dns_value){text, len};
        if (end == NULL)
            break;
        n -= len + 1;
    }
    return a;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const hosts[] = {"mx.example"};
    char *text = malloc(n + 1);
    struct tlsrpt_record *record = malloc(sizeof *record);
    struct dns_answer *a = NULL;
    struct complaints said;
    struct buf policy;

    buf_init(&policy, 0);
    complaints_init(&said, "");
    if (text == NULL || record == NULL)
        abort();
    memcpy(text, bytes, n);
    text[n] = '\0';
    if (!sts_policy_read(text, n, "", hosts, 1, &policy, &said) ||
        (a = answer_of(text, n)) == NULL)
        abort();
    tlsrpt_record_read(a, "_smtp._tls.b.example", record, &said);
    check_uris(record);
    if (!sts_record_read(a, "_mta-sts.example", &said) && strstr(text, "STSv1") == text)
        abort();
    for (size_t i = 0; i < said.count; i++) {
        if (*said.items[i].what == '\0' || *said.items[i].fix == '\0')
            abort();
    }
    buf_clear(&policy);
    complaints_clear(&said);
    free(a);
    free(record);
    free(text);
    return 0;
}
