/* The noes of the door, and how a verdict reads over HTTP. */
#include "base/log.h"
#include "collector/http/http_inside.h"
#include "collector/intake/stats.h"

enum {
    RETRY_AFTER_S = 30,
    REFUSALS_A_MINUTE = 30,
};

static void
say_refused(const struct http_request *r, const struct http_answer *a)
{
    static struct log_limit limit = LOG_LIMIT(REFUSALS_A_MINUTE);
    int64_t suppressed;

    if (log_allow(&limit, &suppressed))
        log_info("refused", LOG_I("code", a->status), LOG_S("peer", r->peer_text),
                 LOG_S("reason", a->reason), LOG_I("suppressed", suppressed));
}

enum MHD_Result
http_refuse(struct http_request *r, const struct http_answer *a)
{
    struct http_answer answer = *a;

    say_refused(r, a);
    answer.closes |= r->last;
    guard_enter(r->http->guard, r->node, GUARD_ANSWER);
    return http_answer(r->c, &answer);
}

void
http_discard(struct http_request *r, const struct http_answer *a)
{
    r->refusal = *a;
    r->state = HTTP_DISCARDING;
    http_let_go(r);
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
