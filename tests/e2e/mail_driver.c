/* What the mail door and the origin of a post find, for tests in Python: questions on
 * standard input, one JSON line each on standard output.
 *
 *     mail_driver dkim KEYS      "<bytes> <now>\n" and the mail; KEYS: lines "name
 * record" mail_driver prepare CONF   "<bytes> <now> <vouched>\n" and the mail mail_driver
 * origin CONF    "<address>\n"
 */
#include "collector/intake/mail_intake.h"
#include "collector/intake/origin.h"
#include "collector/mail/mail.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_INPUT = 64 << 20,
    MAX_KEYS = 200
};

struct keys {
    char *names[MAX_KEYS], *records[MAX_KEYS];
    size_t count;
};

static void
must(bool ok, const struct err *e)
{
    if (ok)
        return;
    (void)fprintf(stderr, "mail_driver: %s\n", e->text);
    exit(1);
}

static void
tell(json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(answer);
}

/* Reads the first line of a question into numbers and then that many bytes. */
static bool
next_mail(char *bytes, size_t *n, long long *now, int *vouched)
{
    char line[128];

    *vouched = 0;
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    if (sscanf(line, "%zu %lld %d", n, now, vouched) < 2 || *n > MAX_INPUT)
        return false;
    return fread(bytes, 1, *n, stdin) == *n;
}

/* ---- dkim ---- */

static void
read_keys(const char *path, struct keys *k)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;

    k->count = 0;
    while (f != NULL && k->count < MAX_KEYS && getline(&line, &size, f) > 0) {
        char *space = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (space == NULL)
            continue;
        *space = '\0';
        k->names[k->count] = strdup(line);
        k->records[k->count++] = strdup(space + 1);
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
}

static struct dns_answer *
find_key(const struct keys *k, const char *query)
{
    struct dns_answer *a = calloc(1, sizeof *a + sizeof *a->values);

    if (a == NULL)
        abort();
    a->status = DNS_NONE;
    for (size_t i = 0; query != NULL && i < k->count; i++) {
        if (strcmp(k->names[i], query) == 0) {
            a->status = DNS_FOUND;
            a->count = 1;
            a->values[0] = (struct dns_value){k->records[i], strlen(k->records[i])};
        }
    }
    return a;
}

/* Every signature of the mail, in the order of the mail. */
static json_t *
verify_all(const struct keys *k, const char *mail, size_t n, int64_t now)
{
    json_t *list = json_array();
    struct dkim_check check;
    struct err e = {0};
    struct message m;
    struct arena a;

    arena_init(&a, 0);
    must(message_parse(&a, mail, n, &m, &e), &e);
    check = (struct dkim_check){.arena = &a, .message = &m, .framed = mail_is_framed(&m)};
    for (size_t i = 0; i < m.field_count; i++) {
        struct dkim_signature s;
        struct dkim_result r;
        struct dns_answer *key;

        if (!message_field_is(&m.fields[i], "DKIM-Signature"))
            continue;
        must(dkim_header_parse(&a, &m.fields[i], now, &s, &e), &e);
        key = find_key(k, s.query);
        must(dkim_verify(&check, &s, key, &r, &e), &e);
        json_array_append_new(list, json_pack("{s:b,s:s}", "pass", r.status == DKIM_PASS,
                                              "reason", r.reason));
        free(key);
    }
    arena_clear(&a);
    return list;
}

static void
run_dkim(const char *path, char *bytes)
{
    struct keys k;
    long long now;
    int vouched;
    size_t n;

    read_keys(path, &k);
    while (next_mail(bytes, &n, &now, &vouched))
        tell(verify_all(&k, bytes, n, now));
    for (size_t i = 0; i < k.count; i++) {
        free(k.names[i]);
        free(k.records[i]);
    }
}

/* ---- prepare ---- */

static json_t *
print_submission(const struct submission *s)
{
    json_t *o = json_object(), *quirks = json_array(), *domains = json_array();

    json_object_set_new(o, "status", json_string(status_text(s->status)));
    json_object_set_new(o, "reason", json_string(s->reason));
    json_object_set_new(o, "source", json_string(s->source));
    json_object_set_new(o, "signer", json_string(s->peer_name));
    json_object_set_new(o, "about", json_string(s->policy_domains_hint));
    json_object_set_new(o, "received", json_integer(s->received));
    json_object_set_new(o, "raw_bytes", json_integer((json_int_t)s->raw_bytes));
    if (s->report != NULL) {
        json_object_set_new(o, "tier", json_string(tier_text(s->tier)));
        json_object_set_new(o, "trust", json_string(s->trust_reason));
        json_object_set_new(o, "sender", json_string(s->report->sender));
        json_object_set_new(o, "report_id", json_string(s->report->report_id));
        for (size_t i = 0; i < s->report->policy_count; i++)
            json_array_append_new(domains, json_string(s->report->policies[i].domain));
        for (int q = 0; q < QUIRK_COUNT; q++) {
            if (s->report->quirks & QUIRK_BIT(q))
                json_array_append_new(quirks, json_string(quirk_text((enum quirk)q)));
        }
    }
    json_object_set_new(o, "quirks", quirks);
    json_object_set_new(o, "domains", domains);
    return o;
}

static void
run_prepare(const char *path, char *bytes)
{
    struct mail_context c;
    struct settings s;
    struct err e = {0};
    long long now;
    int vouched;
    size_t n;

    must(settings_load(path, &s, &e), &e);
    c = (struct mail_context){.settings = &s, .authserv_id = s.mail.trusted_authserv_id};
    must(resolver_open(s.resolver.forwarders.items, s.resolver.forwarders.count,
                       &c.resolver, &e),
         &e);
    while (next_mail(bytes, &n, &now, &vouched)) {
        struct delivery d = {.kind = DELIVERY_MAIL, .transport = TRANSPORT_LMTP};
        json_t *list = json_array();

        d.bytes = bytes;
        d.byte_count = n;
        d.peer = d.peer_name = "";
        d.vouched = vouched != 0;
        mail_prepare(&c, &d, now);
        for (size_t i = 0; i < d.submission_count; i++)
            json_array_append_new(list, print_submission(&d.submissions[i]));
        tell(json_pack("{s:s,s:s,s:o}", "verdict", verdict_find(d.verdict)->label,
                       "reason", d.reason, "submissions", list));
        intake_finish(&d);
    }
    resolver_close(c.resolver);
    settings_clear(&s);
}

/* ---- origin ---- */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    char name[ORIGIN_NAME_BYTES];
    bool answered;
};

static void
named(void *ctx, const char *name)
{
    struct waiting *w = ctx;

    (void)pthread_mutex_lock(&w->lock);
    (void)snprintf(w->name, sizeof w->name, "%s", name);
    w->answered = true;
    (void)pthread_cond_signal(&w->done);
    (void)pthread_mutex_unlock(&w->lock);
}

static void
run_origin(const char *path, char *line)
{
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .done = PTHREAD_COND_INITIALIZER};
    struct resolver *r;
    struct settings s;
    struct origin *o;
    struct err e = {0};

    must(settings_load(path, &s, &e), &e);
    must(resolver_open(s.resolver.forwarders.items, s.resolver.forwarders.count, &r, &e),
         &e);
    must(origin_new(r, &o, &e), &e);
    while (fgets(line, MAX_INPUT, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        w.answered = false;
        origin_ask(o, line, named, &w);
        (void)pthread_mutex_lock(&w.lock);
        while (!w.answered)
            (void)pthread_cond_wait(&w.done, &w.lock);
        (void)pthread_mutex_unlock(&w.lock);
        tell(json_pack("{s:s}", "name", w.name));
    }
    resolver_close(r);
    origin_free(o);
    settings_clear(&s);
}

int
main(int argc, char **argv)
{
    char *bytes = malloc(MAX_INPUT);

    if (argc != 3 || bytes == NULL)
        return 64;
    if (strcmp(argv[1], "dkim") == 0)
        run_dkim(argv[2], bytes);
    else if (strcmp(argv[1], "prepare") == 0)
        run_prepare(argv[2], bytes);
    else if (strcmp(argv[1], "origin") == 0)
        run_origin(argv[2], bytes);
    free(bytes);
    return 0;
}
