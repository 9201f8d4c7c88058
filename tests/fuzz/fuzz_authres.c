/* The input is a mail's header, and the same text as the value of one field: what is read
 * from it are texts within their bounds, and nothing below the second Received counts. */
#include "tests/fuzz/fuzz.h"

#include "collector/dkim/authres.h"
#include "collector/mail/mail_limits.h"

#include <stdlib.h>
#include <string.h>

static void
check(const struct authres *r, size_t n)
{
    if (r->count > AUTHRES_MAX_RESULTS || r->found != (r->count > 0))
        abort();
    for (size_t i = 0; i < r->count; i++) {
        if (strlen(r->results[i].domain) > n || strlen(r->results[i].tag) > n ||
            r->results[i].pass != (strcmp(r->results[i].result, "pass") == 0))
            abort();
    }
}

static void
read_mail(struct arena *a, const char *text, size_t n)
{
    struct authres found;
    struct message m;
    struct err e = {0};

    if (!message_parse(a, text, n, &m, &e) ||
        !authres_read(a, &m, "mx.example.org", &found, &e))
        abort();
    if (found.found && message_count(&m, "Received") == 0)
        abort();
    check(&found, n);
}

static void
read_field(struct arena *a, const char *text, size_t n)
{
    struct message_field fields[] = {
        {.name = "Received", .name_len = 8, .value = "", .value_len = 0},
        {.name = "Authentication-Results",
         .name_len = strlen("Authentication-Results"),
         .value = text,
         .value_len = n},
    };
    struct message m = {.fields = fields, .field_count = 2};
    struct authres found;
    struct err e = {0};

    if (!authres_read(a, &m, "mx.example.org", &found, &e))
        abort();
    check(&found, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct err e = {0};
    struct arena a;

    if (!mail_limits_check((const char *)bytes, n, 1 << 20, &e))
        return 0;
    arena_init(&a, 0);
    read_mail(&a, (const char *)bytes, n);
    read_field(&a, (const char *)bytes, n);
    arena_clear(&a);
    return 0;
}
