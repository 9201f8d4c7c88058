/* A mail that the limits let through never hurts the MIME parser, and what is found in it
 * stays within its own limits. */
#include "tests/fuzz/fuzz.h"

#include "collector/mail/mail.h"
#include "collector/mail/mail_hints.h"
#include "collector/mail/mail_limits.h"
#include "collector/mail/mail_plain.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = 1 << 20
};

static void
check_parts(const struct mail_reports *found, size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (strlen(found->parts[i].filename) > MAIL_MAX_NAME_BYTES)
            abort();
        total += found->parts[i].byte_count;
    }
    if (found->count > MAIL_MAX_REPORTS || total > n)
        abort();
}

static bool
is_same(const struct mail_part *p, const struct mail_part *q)
{
    return p->declared == q->declared && (p->carried == NULL) == (q->carried == NULL) &&
           strcmp(p->media_type, q->media_type) == 0 &&
           strcmp(p->filename, q->filename) == 0 && p->byte_count == q->byte_count &&
           memcmp(p->bytes, q->bytes, p->byte_count) == 0;
}

/* What is read without the MIME parser is what the parser reads: a line more before the
 * first boundary says nothing to it, and is not plain. */
static void
check_plain(struct arena *a, const struct message *m, const struct mail_reports *found)
{
    struct mail_part parts[MAIL_MAX_REPORTS];
    struct message other = *m;
    struct mail_reports again;
    struct err e = {0};
    size_t count;
    char *body;

    if (!mail_plain_read(a, m, parts, &count))
        return;
    body = arena_alloc(a, m->body_len + 3);
    if (body == NULL)
        abort();
    body[0] = body[1] = '-';
    body[2] = '\n';
    memcpy(body + 3, m->body, m->body_len);
    other.body = body;
    other.body_len += 3;
    if (!mail_find_reports(a, &other, &again, &e) || again.count != found->count ||
        again.cut || found->cut)
        abort();
    for (size_t i = 0; i < found->count; i++) {
        if (!is_same(&found->parts[i], &again.parts[i]))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct mail_reports found;
    struct mail_filename name;
    struct mail_hints hints;
    struct message m;
    struct arena a;
    struct err e = {0};

    if (!mail_limits_check((const char *)bytes, n, MAX_BYTES, &e))
        return 0;
    arena_init(&a, 0);
    if (!message_parse(&a, (const char *)bytes, n, &m, &e) ||
        !mail_hints_read(&a, &m, &hints, &e) || mail_from_domain(&a, &m) == NULL)
        abort();
    if (mail_is_framed(&m) && message_find(&m, "Content-Type") == NULL)
        abort();
    if (mail_find_reports(&a, &m, &found, &e)) {
        check_parts(&found, n);
        check_plain(&a, &m, &found);
        for (size_t i = 0; i < found.count; i++) {
            if (!mail_hints_filename(&a, found.parts[i].filename, &name, &e))
                abort();
        }
    }
    arena_clear(&a);
    return 0;
}
