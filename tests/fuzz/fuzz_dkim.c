/* The input is a signature's value, a key record, and a mail whose body is signed by
 * nobody: nothing of it may verify, and a list of tags that is read has its parts within
 * the text. */
#include "tests/fuzz/fuzz.h"

#include "collector/dkim/dkim.h"
#include "collector/dkim/dkim_key.h"
#include "collector/mail/mail_limits.h"

#include <stdlib.h>
#include <string.h>

enum {
    NOW = 1750000000
};

static void
check_signature(struct arena *a, const char *text, size_t n)
{
    struct message_field f = {
        .name = "DKIM-Signature", .name_len = 14, .value = text, .value_len = n};
    struct dkim_signature s;
    struct err e = {0};

    if (!dkim_header_parse(a, &f, NOW, &s, &e))
        abort();
    if (s.b_at > s.b_end || s.b_end > n || s.name_count > DKIM_MAX_SIGNED)
        abort();
    if (s.flaw == NULL && (s.query == NULL || s.partial || s.signature_len == 0))
        abort();
}

static void
check_key(struct arena *a, const char *text, size_t n, bool strict)
{
    struct dkim_key key;
    struct err e = {0};

    if (!dkim_key_parse(a, text, n, strict, &key, &e))
        abort();
    if (key.flaw == NULL && (key.bytes == NULL || key.len == 0 || key.len > n))
        abort();
}

static void
check_mail(struct arena *a, const char *text, size_t n)
{
    struct dns_answer *keys = malloc(sizeof *keys + sizeof *keys->values);
    struct dkim_plan plan;
    struct dkim_result r;
    struct message m;
    struct dkim_check check = {.arena = a, .message = &m};
    struct err e = {0};

    if (keys == NULL || !message_parse(a, text, n, &m, &e) ||
        !dkim_plan_make(a, &m, "example.net", NOW, &plan, &e))
        abort();
    *keys = (struct dns_answer){.status = DNS_FOUND, .count = 1};
    keys->values[0] = (struct dns_value){"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=;"
                                         "k=ed25519",
                                         56};
    for (size_t i = 0; i < plan.count; i++) {
        if (!dkim_verify(&check, &plan.tried[i], keys, &r, &e))
            abort();
    }
    free(keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    struct err e = {0};
    struct arena a;

    if (!mail_limits_check(text, n, 1 << 20, &e))
        return 0;
    arena_init(&a, 0);
    check_signature(&a, text, n);
    check_key(&a, text, n, n % 2 == 0);
    check_mail(&a, text, n);
    arena_clear(&a);
    return 0;
}
