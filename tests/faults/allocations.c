/* Lets every allocation of ours fail once, one after the other, while an input goes
 * through intake: it must come out as ever or as "try again", and leak nothing (the
 * linker puts this file between our code and malloc, and AddressSanitizer behind it).
 *
 *     allocations CONF FILE...    .eml is a mail, all else a report */
#include "collector/intake/mail_intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_INPUT = 64 << 20,
    MAX_TEXT = 4096,
};

/* ---- the allocator ---- */

static long left = -1; /* until one fails; negative: none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);

static bool
fails(void)
{
    if (left > 0)
        left--;
    else if (left == 0) {
        left = -1;
        return true;
    }
    return false;
}

void *
__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *
__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

/* ---- one input ---- */

struct input {
    const char *path;
    char *bytes;
    size_t n;
    bool mail;
};

static void
must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "allocations: %s\n", what);
    exit(2);
}

static void
read_input(const char *path, struct input *in)
{
    FILE *f = fopen(path, "rb");
    size_t n = strlen(path);

    must(f != NULL, path);
    in->path = path;
    in->mail = n > 4 && strcmp(path + n - 4, ".eml") == 0;
    in->bytes = malloc(MAX_INPUT);
    must(in->bytes != NULL, "out of memory");
    in->n = fread(in->bytes, 1, MAX_INPUT, f);
    (void)fclose(f);
}

/* What comes out, in print: the verdict, and what would be kept. */
static void
run(const struct mail_context *c, const struct input *in, long fail_at,
    char out[MAX_TEXT])
{
    struct delivery d = {.kind = in->mail ? DELIVERY_MAIL : DELIVERY_REPORT,
                         .transport = in->mail ? TRANSPORT_LMTP : TRANSPORT_HTTPS,
                         .bytes = in->bytes,
                         .byte_count = in->n,
                         .received = 1796000000,
                         .peer = "192.0.2.1",
                         .peer_name = "out.sender.example"};
    size_t used;

    left = fail_at;
    if (in->mail)
        mail_prepare(c, &d, d.received);
    else
        intake_prepare(c->settings, &d);
    used = (size_t)snprintf(out, MAX_TEXT, "%s", verdict_find(d.verdict)->label);
    for (size_t i = 0; i < d.submission_count && used < MAX_TEXT; i++) {
        const struct submission *s = &d.submissions[i];

        used += (size_t)snprintf(out + used, MAX_TEXT - used, "; %d %d %s %s %s %zu",
                                 (int)s->status, (int)s->tier, s->trust_reason, s->reason,
                                 s->report == NULL ? "" : s->report->report_id,
                                 s->report == NULL ? 0 : s->report->policy_count);
    }
    intake_finish(&d);
}

/* How many allocations there were; *wrong counts those whose failure did harm. */
static long
try_all(const struct mail_context *c, const struct input *in, long *wrong)
{
    static char usual[MAX_TEXT], got[MAX_TEXT];
    const char *again = verdict_find(VERDICT_AGAIN)->label;
    long n = 0;

    run(c, in, -1, usual);
    for (;; n++) {
        run(c, in, n, got);
        if (strcmp(got, usual) != 0 && strcmp(got, again) != 0) {
            (void)printf("%s: allocation %ld: %s, not %s\n", in->path, n, got, usual);
            (*wrong)++;
        }
        if (left >= 0)
            break;
    }
    left = -1;
    return n;
}

int
main(int argc, char **argv)
{
    struct settings s;
    struct mail_context c = {.settings = &s};
    struct err e = {0};
    long all = 0, wrong = 0;

    must(argc > 2, "usage: allocations CONF FILE...");
    must(settings_load(argv[1], &s, &e), e.text);
    c.authserv_id = s.mail.trusted_authserv_id;
    for (int i = 2; i < argc; i++) {
        struct input in;

        read_input(argv[i], &in);
        all += try_all(&c, &in, &wrong);
        free(in.bytes);
    }
    settings_clear(&s);
    (void)printf("%d inputs, %ld allocations failed, %ld wrongly answered\n", argc - 2,
                 all, wrong);
    return wrong > 0;
}
