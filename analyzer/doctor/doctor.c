#include "analyzer/doctor/doctor.h"

#include "base/ip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "192.0.2.1:8443", "[2001:db8::1]:8443" */
static bool
read_connect_to(struct doctor *d, const char *text, struct err *e)
{
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    char canonical[IP_TEXT_SIZE];
    bool bracket = text != NULL && *text == '[';
    long port;

    if (text == NULL)
        return true;
    port = colon == NULL ? 0 : strtol(colon + 1, NULL, 10);
    if (colon != NULL && (size_t)(colon - text) > 2 * (size_t)bracket)
        d->connect_address =
            strndup(text + bracket, (size_t)(colon - text) - 2 * (size_t)bracket);
    d->connect_port = (unsigned)port;
    if (d->connect_address != NULL && port >= 1 && port <= 65535 &&
        ip_canonical(d->connect_address, canonical) != NULL)
        return true;
    return err_set(e, ERR_INPUT, "--connect-to: \"%s\" is not ADDRESS:PORT", text);
}

bool
doctor_open(struct doctor *d, const struct context *c, struct err *e)
{
    const struct settings_list *forwarders = &c->settings->resolver.forwarders;

    *d = (struct doctor){
        .settings = c->settings, .options = c->options, .now = c->options->now};
    (void)pthread_mutex_init(&d->lock, NULL);
    if (c->options->ca_file != NULL && access(c->options->ca_file, R_OK) != 0)
        return err_set(e, ERR_INPUT, "--ca: cannot read \"%s\"", c->options->ca_file);
    return read_connect_to(d, c->options->connect_to, e) &&
           resolver_open(forwarders->items, forwarders->count, &d->resolver, e);
}

void
doctor_close(struct doctor *d)
{
    resolver_close(d->resolver);
    for (size_t i = 0; i < d->task_count; i++) {
        complaints_clear(&d->tasks[i]->said);
        free(d->tasks[i]);
    }
    free(d->tasks);
    free(d->connect_address);
    (void)pthread_mutex_destroy(&d->lock);
}

/* ---- tasks ---- */

/* The place of a task; task_count when there is none. */
static size_t
find_task(const struct doctor *d, doctor_fn *fn, const char *what)
{
    size_t i = 0;

    while (i < d->task_count &&
           (d->tasks[i]->fn != fn || strcmp(d->tasks[i]->name, what) != 0))
        i++;
    return i;
}

static void
append_task(struct doctor *d, doctor_fn *fn, const char *what, const char *domain)
{
    struct doctor_task **tasks, *t;

    if (d->task_count == d->task_room && d->task_room < DOCTOR_MAX_TASKS &&
        (tasks = reallocarray(d->tasks, d->task_room + 1000, sizeof(void *))) != NULL) {
        d->tasks = tasks;
        d->task_room += 1000;
    }
    if (d->task_count == d->task_room ||
        (t = malloc(sizeof *t + strlen(what) + 1)) == NULL) {
        d->dropped++;
        return;
    }
    *t = (struct doctor_task){.fn = fn, .name = memcpy(t + 1, what, strlen(what) + 1)};
    complaints_init(&t->said, domain);
    d->tasks[d->task_count++] = t;
}

void
doctor_add(struct doctor *d, doctor_fn *fn, const char *what, const char *domain)
{
    size_t at, end;

    (void)pthread_mutex_lock(&d->lock);
    end = d->task_count;
    at = find_task(d, fn, what);
    if (at == end && fn == doctor_mx_host)
        at = find_task(d, doctor_domain, what); /* it is owned by its own name */
    if (at == end)
        append_task(d, fn, what, domain);
    else if (at >= d->round_end && strcmp(domain, d->tasks[at]->said.domain) < 0)
        d->tasks[at]->said.domain = domain; /* whichever thread comes first */
    (void)pthread_mutex_unlock(&d->lock);
}

bool
doctor_add_domains(struct doctor *d, doctor_fn *fn, struct err *e)
{
    const struct settings_list *owned = &d->settings->domains;
    const struct declared_domain *declared = d->settings->declared.items;
    const struct option_list *asked = &d->options->domains;

    for (size_t i = 0; i < asked->count; i++)
        doctor_add(d, fn, asked->items[i], asked->items[i]);
    for (size_t i = 0; asked->count == 0 && i < owned->count; i++) {
        const char *what = owned->items[i] + (owned->items[i][0] == '.');

        doctor_add(d, fn, what, what);
    }
    for (size_t i = 0; asked->count == 0 && i < d->settings->declared.count; i++)
        doctor_add(d, fn, declared[i].domain, declared[i].domain);
    return d->task_count > 0 ||
           err_set(e, ERR_INPUT, "no domains are configured: name one");
}

static void *
work(void *arg)
{
    struct doctor *d = arg;

    for (;;) {
        struct doctor_task *t;

        (void)pthread_mutex_lock(&d->lock);
        t = d->next < d->round_end ? d->tasks[d->next++] : NULL;
        (void)pthread_mutex_unlock(&d->lock);
        if (t == NULL)
            return NULL;
        t->fn(d, t);
    }
}

/* All that are known now; what they lead to is for the next round. */
static void
run_round(struct doctor *d)
{
    size_t left = d->task_count - d->next, started = 0;
    pthread_t threads[DOCTOR_THREADS];

    d->round_end = d->task_count;
    while (started < DOCTOR_THREADS && started + 1 < left &&
           pthread_create(&threads[started], NULL, work, d) == 0)
        started++;
    (void)work(d);
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
}

bool
doctor_run(struct doctor *d, struct complaints *said, struct err *e)
{
    while (d->next < d->task_count)
        run_round(d);
    if (d->dropped > 0)
        complain(said, TOO_MANY_NAMES, "domains",
                 "%zu names were not looked at, beside %zu that were", d->dropped,
                 d->task_count);
    for (size_t i = 0; i < d->task_count; i++) {
        const struct complaints *of = &d->tasks[i]->said;

        if (of->failed || !complaints_add(said, of))
            return err_nomem(e);
    }
    return true;
}

/* ---- what the tasks use ---- */

struct dns_answer *
doctor_ask(struct doctor *d, enum dns_type type, const char *fmt, ...)
{
    char what[512];
    const char *names[] = {what};
    struct dns_answer *answer = NULL;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    for (int tries = 2; tries > 0 && doctor_status(answer) == DNS_FAILED; tries--) {
        free(answer); /* a lost packet is no fault of the domain */
        resolver_wait(d->resolver, names, 1, type, DOCTOR_DNS_MS, &answer);
    }
    return answer;
}

enum dns_status
doctor_status(const struct dns_answer *a)
{
    return a == NULL || a->status == DNS_TOO_BIG ? DNS_FAILED : a->status;
}

static bool
is_below(const char *host, const char *domain)
{
    size_t n = strlen(host), len;

    domain += *domain == '.';
    len = strlen(domain);
    return n >= len && strcmp(host + n - len, domain) == 0 &&
           (n == len || host[n - len - 1] == '.');
}

bool
doctor_is_ours(const struct doctor *d, const char *host)
{
    for (size_t i = 0; i < d->settings->domains.count; i++) {
        if (is_below(host, d->settings->domains.items[i]))
            return true;
    }
    return false;
}
