/* tlsrpt serve: pages and metrics by HTTP, until SIGTERM. The order of start is that of
 * dependency, the order of stop the reverse. */
#include "analyzer/command.h"
#include "analyzer/database.h"
#include "analyzer/pages/serve.h"
#include "base/log.h"
#include "base/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_S = 30,
    PAGE_MS = 25000, /* of the database for one page, so that the 503 still arrives */
    MAX_CONNECTIONS = 100, /* a browser opens six */
    MAX_HOSTS = 66,
    HOST_SIZE = 256,
};

static void
healthz(struct serve *s, unsigned thread, const struct httpd_request *q,
        struct httpd_answer *a)
{
    struct err e = {0};
    struct store *store = serve_store(s, thread, &e);

    (void)q;
    if (store != NULL && store_snapshot(store, INT64_MAX, &e)) {
        store_end(store);
        (void)buf_puts(&a->body, "ok\n");
        return;
    }
    a->status = 503;
    (void)buf_printf(&a->body, "%s\n", e.text);
}

const struct route routes[] = {
    {"/healthz", healthz},
    {"/metrics", serve_metrics},
    {NULL, NULL},
};

struct store *
serve_store(struct serve *s, unsigned thread, struct err *e)
{
    struct store **store = &s->stores[thread];

    if (*store != NULL && store_lost(*store)) {
        store_close(*store);
        *store = NULL;
    }
    if (*store == NULL && !store_open(s->uri, STORE_READER, store, e))
        return NULL;
    store_within(*store, PAGE_MS); /* or a database that hangs would take every thread */
    return *store;
}

static void
handle(void *ctx, unsigned thread, const struct httpd_request *q, struct httpd_answer *a)
{
    struct serve *s = ctx;
    struct httpd_request inner = *q;
    size_t n = strlen(s->base);

    /* a proxy may take the base away, or leave it */
    if (n > 0 && strncmp(q->path, s->base, n) == 0 &&
        (q->path[n] == '/' || q->path[n] == '\0'))
        inner.path = q->path[n] == '\0' ? "/" : q->path + n;
    (void)httpd_set_header(a, "X-Content-Type-Options", "nosniff");
    (void)httpd_set_header(a, "Referrer-Policy", "no-referrer");
    (void)httpd_set_header(a, "Cache-Control", "private, no-cache");
    for (const struct route *r = routes; r->path != NULL; r++) {
        if (strcmp(inner.path, r->path) == 0) {
            r->answer(s, thread, &inner, a);
            return;
        }
    }
    serve_page(s, thread, &inner, a);
}

/* The host of web.public_url; false if it names none. */
static bool
public_host(const char *url, char out[HOST_SIZE])
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    size_t n;

    if (host == NULL)
        return false;
    host += strlen("://");
    n = strcspn(host, *host == '[' ? "]" : ":/");
    n += *host == '[' && host[n] == ']';
    if (n == 0 || n >= HOST_SIZE)
        return false;
    memcpy(out, host, n);
    out[n] = '\0';
    return true;
}

static bool
start_httpd(struct serve *s, struct httpd **out, struct err *e)
{
    static const char *const usual[] = {"127.0.0.1:8460"};
    const struct settings *set = s->settings;
    const char *hosts[MAX_HOSTS];
    char host[HOST_SIZE];
    struct httpd_config config = {.listen = usual,
                                  .listen_count = 1,
                                  .hosts = hosts,
                                  .threads = (unsigned)set->web.threads,
                                  .idle_s = IDLE_S,
                                  .max_connections = MAX_CONNECTIONS,
                                  .handler = handle,
                                  .ctx = s};

    if (set->web.listen.count > 0) {
        config.listen = set->web.listen.items;
        config.listen_count = set->web.listen.count;
    }
    if (set->web.hosts.count + 1 > MAX_HOSTS)
        return err_set(e, ERR_CONFIG, "more than %d web.hosts", MAX_HOSTS - 1);
    for (size_t i = 0; i < set->web.hosts.count; i++)
        hosts[config.host_count++] = set->web.hosts.items[i];
    if (public_host(set->web.public_url, host))
        hosts[config.host_count++] = host;
    return httpd_start(&config, out, e);
}

/* Says where the pages are, on standard output. */
static void
say_addresses(const struct serve *s, const struct httpd *h)
{
    const char *address;

    for (size_t i = 0; (address = httpd_address(h, i)) != NULL; i++)
        (void)printf(strncmp(address, "unix:", 5) == 0 ? "%s\n" : "http://%s%s/\n",
                     address, s->base);
    (void)fflush(stdout);
}

static bool
set_base(struct serve *s, struct err *e)
{
    const char *path = s->settings->web.base_path;
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/')
        n--;
    if (n >= sizeof s->base || (n > 0 && path[0] != '/'))
        return err_set(e, ERR_CONFIG, "web.base_path \"%.80s\" must begin with /", path);
    (void)snprintf(s->base, sizeof s->base, "%.*s", (int)n, path);
    return true;
}

static bool
serve(struct serve *s, const sigset_t *signals, struct err *e)
{
    struct httpd *httpd = NULL;
    struct buf style, policy;
    bool ok;
    int number;

    buf_init(&style, 0);
    buf_init(&policy, 0);
    ok = page_style(&style) && page_policy(style.bytes, &policy) ? true : err_nomem(e);
    s->style = style.bytes;
    s->policy = policy.bytes;
    ok = ok && set_base(s, e) && latest_start(s->settings, s->uri, &s->latest, e) &&
         start_httpd(s, &httpd, e);
    if (ok) {
        say_addresses(s, httpd);
        log_info("ready", LOG_S("version", TLSRPT_VERSION));
        service_notify("READY=1");
        (void)sigwait(signals, &number);
        service_notify("STOPPING=1");
        log_info("stopping", LOG_S("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    }
    httpd_stop(httpd);
    latest_stop(s->latest);
    buf_clear(&style);
    buf_clear(&policy);
    return ok;
}

static bool
run(struct context *c, struct err *e)
{
    size_t threads = (size_t)c->settings->web.threads;
    struct serve s = {.settings = c->settings};
    enum log_level level;
    sigset_t signals;
    struct buf uri;
    bool ok;

    service_open();
    if (log_level_find(c->settings->log_level, &level))
        log_set_level(level);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    buf_init(&uri, 0);
    if ((s.stores = calloc(threads, sizeof *s.stores)) == NULL)
        return err_nomem(e);
    ok = database_reader_uri(c->settings, &uri, e);
    s.uri = uri.bytes;
    ok = ok && serve(&s, &signals, e);
    for (size_t i = 0; i < threads; i++)
        store_close(s.stores[i]);
    free(s.stores);
    buf_clear(&uri);
    return ok;
}

const struct command cmd_serve = {
    .name = "serve",
    .line = "Shows all of this as pages for a browser, and the metrics, until SIGTERM",
    .examples = "  tlsrpt serve\n"
                "  tlsrpt serve -c /etc/tlsrpt/tlsrpt.conf\n",
    .notes =
        "The pages are at http://127.0.0.1:8460/ unless the section web of the\n"
        "configuration says otherwise. Put a proxy with a login before them to show\n"
        "them to others.\n",
    .options = OPTION_DB | OPTION_CONFIG,
    .no_store = true,
    .run = run,
};
