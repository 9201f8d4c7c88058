/* What the database counts is told by `tlsrpt serve`; here is what only this process
 * knows. */
#include "collector/status.h"

#include "base/count.h"
#include "base/httpd.h"
#include "base/log.h"
#include "base/ometric.h"
#include "collector/http/http_tls.h"
#include "collector/intake/stats.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS = 2,
    IDLE_S = 30,
    MAX_CONNECTIONS = 50,
    REASON_SIZE = 512,
};

struct status_door {
    struct status_source source;
    struct httpd *httpd;
    atomic_bool draining;
};

/* ---- metrics ---- */

static void
put_deliveries(struct ometric *m)
{
    ometric_family(m, OMETRIC_COUNTER, "tlsrpt_collector_deliveries", NULL,
                   "Deliveries since the start by what became of them.");
    for (int t = TRANSPORT_HTTPS; t < STATS_TRANSPORTS; t++)
        for (int tier = 0; tier < STATS_TIERS; tier++)
            for (int v = 0; v < VERDICT_COUNT; v++) {
                const struct ometric_label labels[] = {
                    {"transport", transport_text((enum transport)t)},
                    {"trust", tier == 0 ? "none" : tier_text((enum tier)tier)},
                    {"outcome", verdict_find((enum verdict)v)->label}};
                int64_t n =
                    stats_get((enum transport)t, (enum tier)tier, (enum verdict)v);

                if (n > 0)
                    ometric_integer(m, labels, 3, n);
            }
}

static void
put_connections(struct ometric *m)
{
    static const enum transport doors[] = {TRANSPORT_HTTPS, TRANSPORT_LMTP};

    ometric_family(m, OMETRIC_GAUGE, "tlsrpt_collector_connections", NULL,
                   "Connections of clients; deliver's count as LMTP.");
    for (size_t i = 0; i < COUNT_OF(doors); i++) {
        const struct ometric_label label = {"transport", transport_text(doors[i])};

        ometric_integer(m, &label, 1, stats_connections(doors[i]));
    }
}

static void
put_gauge(struct ometric *m, const char *name, const char *unit, const char *help,
          int64_t value)
{
    ometric_family(m, OMETRIC_GAUGE, name, unit, help);
    ometric_integer(m, NULL, 0, value);
}

static void
put_spool(struct ometric *m, struct spool *spool)
{
    struct spool_usage usage;

    spool_usage(spool, &usage);
    put_gauge(m, "tlsrpt_collector_spool_files", NULL,
              "Posts that wait on disk for the database.", usage.files);
    put_gauge(m, "tlsrpt_collector_spool_size_bytes", "bytes", "Bytes of these.",
              usage.bytes);
    put_gauge(m, "tlsrpt_collector_spool_aside_files", NULL,
              "Those of them that cannot be taken out.", usage.aside);
}

static void
put_queue(struct ometric *m, struct batcher *b)
{
    struct batcher_usage usage;
    int64_t batches, reports;

    batcher_usage(b, &usage);
    stats_batches(&batches, &reports);
    put_gauge(m, "tlsrpt_collector_waiting_reports", NULL,
              "Reports that were taken and have no verdict yet.", (int64_t)usage.reports);
    put_gauge(m, "tlsrpt_collector_waiting_size_bytes", "bytes",
              "Memory of these, and of bodies that are being read.",
              (int64_t)usage.bytes);
    ometric_family(m, OMETRIC_COUNTER, "tlsrpt_collector_batches", NULL,
                   "Batches written to the database.");
    ometric_integer(m, NULL, 0, batches);
    ometric_family(m, OMETRIC_COUNTER, "tlsrpt_collector_batch_reports", NULL,
                   "Reports in these batches.");
    ometric_integer(m, NULL, 0, reports);
}

static void
metrics(struct status_door *s, const struct httpd_request *q, struct httpd_answer *a)
{
    static const struct ometric_label build[] = {{"program", "tlsrptd"},
                                                 {"version", TLSRPT_VERSION}};
    enum ometric_format format = ometric_negotiate(httpd_header(q, "Accept"));
    int64_t expires = http_tls_expires();
    char reason[REASON_SIZE];
    struct ometric m;

    ometric_init(&m, format, &a->body);
    put_deliveries(&m);
    put_connections(&m);
    put_queue(&m, s->source.batcher);
    if (s->source.spool != NULL)
        put_spool(&m, s->source.spool);
    if (expires != 0)
        put_gauge(&m, "tlsrpt_certificate_expiry_timestamp_seconds", "seconds",
                  "When the certificate of the HTTPS door expires.", expires);
    put_gauge(&m, "tlsrpt_database_up", NULL, "Does the database answer?",
              ledger_database_up(s->source.ledger, reason, sizeof reason));
    ometric_family(&m, OMETRIC_INFO, "tlsrpt_build", NULL,
                   "The program that tells this.");
    ometric_integer(&m, build, 2, 1);
    a->type = ometric_content_type(format);
    (void)httpd_set_header(a, "Vary", "Accept");
    if (!ometric_end(&m))
        a->status = 503;
}

/* ---- probes ---- */

static void
healthz(struct status_door *s, const struct httpd_request *q, struct httpd_answer *a)
{
    (void)s;
    (void)q;
    (void)buf_puts(&a->body, "ok\n");
}

static void
readyz(struct status_door *s, const struct httpd_request *q, struct httpd_answer *a)
{
    static const struct peer anybody;
    char reason[REASON_SIZE] = "stopping";
    const char *why = NULL;
    bool ok = !atomic_load(&s->draining) &&
              ledger_database_up(s->source.ledger, reason, sizeof reason);

    (void)q;
    if (ok)
        why = batcher_refuses(s->source.batcher, &anybody, false);
    a->status = ok && why == NULL ? 200 : 503;
    (void)buf_printf(&a->body, "%s\n", a->status == 200 ? "ok" : ok ? why : reason);
}

static const struct {
    const char *path;
    void (*answer)(struct status_door *s, const struct httpd_request *q,
                   struct httpd_answer *a);
} routes[] = {
    {"/metrics", metrics},
    {"/healthz", healthz},
    {"/readyz", readyz},
};

static void
handle(void *ctx, unsigned thread, const struct httpd_request *q, struct httpd_answer *a)
{
    (void)thread;
    (void)httpd_set_header(a, "X-Content-Type-Options", "nosniff");
    (void)httpd_set_header(a, "Cache-Control", "no-store");
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (strcmp(q->path, routes[i].path) == 0) {
            routes[i].answer(ctx, q, a);
            return;
        }
    }
    a->status = 404;
    (void)buf_puts(&a->body, "there is /metrics, /healthz and /readyz\n");
}

/* ---- start and stop ---- */

bool
status_start(const struct status_source *source, struct status_door **out, struct err *e)
{
    const struct settings_list *listen = &source->settings->status.listen;
    struct httpd_config config = {.listen = listen->items,
                                  .listen_count = listen->count,
                                  .loopback_only = true,
                                  .threads = THREADS,
                                  .idle_s = IDLE_S,
                                  .max_connections = MAX_CONNECTIONS,
                                  .handler = handle};
    const char *address;
    struct status_door *s;

    *out = NULL;
    if (listen->count == 0)
        return true;
    if ((s = calloc(1, sizeof *s)) == NULL)
        return err_nomem(e);
    s->source = *source;
    config.ctx = s;
    if (!httpd_start(&config, &s->httpd, e)) {
        free(s);
        return err_prefix(e, "status/listen");
    }
    for (size_t i = 0; (address = httpd_address(s->httpd, i)) != NULL; i++)
        log_info("listening", LOG_S("door", "status"), LOG_S("at", address));
    *out = s;
    return true;
}

void
status_drain(struct status_door *s)
{
    if (s != NULL)
        atomic_store(&s->draining, true);
}

void
status_stop(struct status_door *s)
{
    if (s == NULL)
        return;
    httpd_stop(s->httpd);
    free(s);
}
