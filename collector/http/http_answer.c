#include "collector/http/http_answer.h"

#include "base/buf.h"
#include "collector/intake/stats.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    RETRY_AFTER_S = 30,
};

/* The text is UTF-8 and free of control characters (text_escape). */
static void
put_json_text(struct buf *b, const char *text)
{
    (void)buf_putc(b, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)buf_putc(b, '\\');
        (void)buf_putc(b, *text);
    }
    (void)buf_putc(b, '"');
}

static bool
add_headers(struct MHD_Response *r, const struct http_answer *a)
{
    char seconds[32];

    (void)snprintf(seconds, sizeof seconds, "%" PRId64, a->retry_after_s);
    return MHD_add_response_header(r, "Content-Type", "application/json") == MHD_YES &&
           (a->status != MHD_HTTP_METHOD_NOT_ALLOWED ||
            MHD_add_response_header(r, "Allow", "POST") == MHD_YES) &&
           (a->retry_after_s == 0 ||
            MHD_add_response_header(r, "Retry-After", seconds) == MHD_YES) &&
           (!a->closes || MHD_add_response_header(r, "Connection", "close") == MHD_YES);
}

enum MHD_Result
http_answer(struct MHD_Connection *c, const struct http_answer *a)
{
    enum MHD_Result queued = MHD_NO;
    struct MHD_Response *r;
    struct buf body;

    buf_init(&body, 0);
    (void)buf_puts(&body, "{\"status\": ");
    put_json_text(&body, a->label);
    (void)buf_puts(&body, ", \"reason\": ");
    put_json_text(&body, a->reason);
    (void)buf_puts(&body, "}\n");
    r = body.failed ? NULL
                    : MHD_create_response_from_buffer(body.len, body.bytes,
                                                      MHD_RESPMEM_MUST_COPY);
    if (r != NULL && add_headers(r, a))
        queued = MHD_queue_response(c, a->status, r);
    if (r != NULL)
        MHD_destroy_response(r);
    buf_clear(&body);
    return queued;
}

struct http_answer
http_answer_of(enum verdict verdict, const char *reason)
{
    const struct verdict_row *row = verdict_find(verdict);

    return (struct http_answer){
        .status = (unsigned)row->http_status,
        .label = row->label,
        .reason = reason,
        .retry_after_s = verdict == VERDICT_AGAIN ? RETRY_AFTER_S : 0,
    };
}

struct http_answer
http_refusal(enum verdict verdict, const char *reason)
{
    stats_refused(TRANSPORT_HTTPS, verdict);
    return http_answer_of(verdict, reason);
}
