/* /metrics of tlsrpt serve: the findings are those that are kept ready. */
#include "analyzer/metrics.h"
#include "analyzer/pages/serve.h"
#include "base/log.h"

void
serve_metrics(struct serve *s, unsigned thread, const struct httpd_request *q,
              struct httpd_answer *a)
{
    enum ometric_format format = ometric_negotiate(httpd_header(q, "Accept"));
    struct metrics_source source = {.settings = s->settings};
    struct latest_view latest;
    struct err down = {0}, e = {0};

    latest_hold(s->latest, &latest);
    source.store = serve_store(s, thread, &down);
    source.findings = latest.as_of == 0 ? NULL : latest.findings;
    source.as_of = latest.as_of;
    a->type = ometric_content_type(format);
    (void)httpd_set_header(a, "Vary", "Accept");
    if (!metrics_write(&source, format, &a->body, &down, &e))
        a->status = 503;
    if (source.store != NULL)
        store_end(source.store);
    if (down.kind != ERR_NONE)
        log_warning("no metrics", LOG_S("error", down.text));
    latest_release(&latest);
}
