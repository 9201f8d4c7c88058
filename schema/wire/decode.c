/* RFC 8460 section 4.4 as tables: one for each object, in the order of the standard. */
#include "schema/wire/decode.h"

#include "base/count.h"
#include "schema/wire/list.h"

#include <string.h>

enum {
    ABSENT_COUNT = -1 /* until a count was read */
};
#define ABSENT_INSTANT INT64_MIN

static bool
read_policy_string(struct decoder *d, enum json_token token, void *into)
{
    struct policy *p = into;
    struct list list = {0};

    if (!list_read(d, token, QUIRK_POLICY_STRING_STRING, list_add_policy_string, &list))
        return false;
    p->policy_string = list.items;
    p->policy_string_count = list.count;
    return true;
}

static bool
read_mx_host(struct decoder *d, enum json_token token, void *into)
{
    struct policy *p = into;
    struct list list = {0};

    if (!list_read(d, token, QUIRK_MX_HOST_STRING, list_add_mx_host, &list))
        return false;
    p->mx_host = list.items;
    p->mx_host_count = list.count;
    return true;
}

/* An object that may be absent or null. */
static bool
read_object(struct decoder *d, enum json_token token, const struct member *table,
            size_t n, void *object)
{
    if (token == TOKEN_NULL)
        return true;
    if (token != TOKEN_OBJECT)
        return member_type_error(d, "an object");
    return member_read_all(d, table, n, object);
}

/* An array of objects, or a lone one; `read` is called for each. */
static bool
read_array(struct decoder *d, enum json_token token, member_fn *read, void *into)
{
    if (token == TOKEN_NULL) {
        member_note(d, QUIRK_DETAILS_NULL);
        return true;
    }
    if (token == TOKEN_OBJECT) {
        member_note(d, QUIRK_NOT_ARRAY);
        return read(d, token, into);
    }
    if (token != TOKEN_ARRAY)
        return member_type_error(d, "an array");
    for (size_t i = 0;; i++) {
        if (!json_read_next(&d->json, &token, d->e))
            return false;
        if (token == TOKEN_CLOSE)
            return true;
        if (token != TOKEN_OBJECT)
            member_type_error(d, "an object");
        if (token != TOKEN_OBJECT || !read(d, token, into))
            return err_prefix(d->e, "[%zu]", i);
    }
}

#define DETAIL(name, field, read) MEMBER(name, struct failure_detail, field, read)

static const struct member detail_members[] = {
    DETAIL("result-type", result_type_text, member_word),
    DETAIL("sending-mta-ip", sending_mta_ip, member_ip),
    DETAIL("receiving-mx-hostname", receiving_mx_hostname, member_host),
    DETAIL("receiving-mx-helo", receiving_mx_helo, member_text),
    DETAIL("receiving-ip", receiving_ip, member_ip),
    DETAIL("failed-session-count", failed_sessions, member_count),
    DETAIL("additional-information", additional_information, member_uri),
    DETAIL("failure-reason-code", failure_reason_code, member_text),
    {"additional-info-uri", sizeof "additional-info-uri" - 1,
     offsetof(struct failure_detail, additional_information), member_uri,
     "additional-information"},
};

static void
finish_count(struct decoder *d, int64_t *count)
{
    if (*count != ABSENT_COUNT)
        return;
    member_note(d, QUIRK_NO_SUMMARY);
    *count = 0;
}

static void
finish_detail(struct decoder *d, struct failure_detail *detail)
{
    finish_count(d, &detail->failed_sessions);
    if (detail->result_type_text == NULL) {
        member_note(d, QUIRK_NO_RESULT_TYPE);
        detail->result_type_text = "unknown";
        detail->result_type = RESULT_OTHER;
        return;
    }
    detail->result_type = result_type_parse(detail->result_type_text);
    if (detail->result_type == RESULT_OTHER)
        member_note(d, QUIRK_RESULT_TYPE);
}

/* What was read one by one, in the report's memory and no larger than it is. */
static bool
keep_all(struct decoder *d, const struct buf *items, void **kept)
{
    if (items->len == 0)
        return true;
    if ((*kept = arena_alloc(&d->report->arena, items->len)) == NULL)
        return err_nomem(d->e);
    memcpy(*kept, items->bytes, items->len);
    return true;
}

static bool
read_detail(struct decoder *d, enum json_token token, void *into)
{
    struct failure_detail detail = {.failed_sessions = ABSENT_COUNT};

    if (d->detail_count == REPORT_MAX_DETAILS)
        return err_set(d->e, ERR_INPUT, "more than %d failure details in the report",
                       REPORT_MAX_DETAILS);
    if (!read_object(d, token, detail_members, COUNT_OF(detail_members), &detail))
        return false;
    finish_detail(d, &detail);
    d->detail_count++;
    return buf_append(into, &detail, sizeof detail) || err_nomem(d->e);
}

static bool
read_details(struct decoder *d, enum json_token token, void *into)
{
    struct policy *p = into;
    void *kept = NULL;

    buf_reset(&d->details);
    if (!read_array(d, token, read_detail, &d->details) ||
        !keep_all(d, &d->details, &kept))
        return false;
    p->details = kept;
    p->detail_count = d->details.len / sizeof *p->details;
    return true;
}

static const struct member policy_members[] = {
    MEMBER("policy-type", struct policy, type_text, member_word),
    MEMBER_OF_ALL("policy-string", read_policy_string),
    MEMBER("policy-domain", struct policy, domain, member_domain),
    MEMBER_OF_ALL("mx-host", read_mx_host),
    {"mx-host-pattern", sizeof "mx-host-pattern" - 1, 0, read_mx_host, "mx-host"},
};

static bool
read_policy(struct decoder *d, enum json_token token, void *into)
{
    return read_object(d, token, policy_members, COUNT_OF(policy_members), into);
}

static const struct member summary_members[] = {
    MEMBER("total-successful-session-count", struct policy, successful_sessions,
           member_count),
    MEMBER("total-failure-session-count", struct policy, failed_sessions, member_count),
};

static bool
read_summary(struct decoder *d, enum json_token token, void *into)
{
    return read_object(d, token, summary_members, COUNT_OF(summary_members), into);
}

/* What RFC 8460 calls "policies" is a result for each policy. */
static const struct member result_members[] = {
    MEMBER_OF_ALL("policy", read_policy),
    MEMBER_OF_ALL("summary", read_summary),
    MEMBER_OF_ALL("failure-details", read_details),
    {"failure_details", sizeof "failure_details" - 1, 0, read_details, "failure-details"},
};

static void
finish_policy(struct decoder *d, struct policy *p)
{
    finish_count(d, &p->successful_sessions);
    finish_count(d, &p->failed_sessions);
    if (p->type_text == NULL)
        p->type_text = "unknown";
    p->type = policy_type_parse(p->type_text);
    if (p->type == POLICY_OTHER)
        member_note(d, QUIRK_POLICY_TYPE);
    if (p->domain == NULL)
        member_note(d, QUIRK_NO_POLICY_DOMAIN);
}

static bool
read_result(struct decoder *d, enum json_token token, void *into)
{
    struct policy p = {.successful_sessions = ABSENT_COUNT,
                       .failed_sessions = ABSENT_COUNT};
    struct buf *policies = into;

    if (policies->len == REPORT_MAX_POLICIES * sizeof p)
        return err_set(d->e, ERR_INPUT, "more than %d policies", REPORT_MAX_POLICIES);
    if (!read_object(d, token, result_members, COUNT_OF(result_members), &p))
        return false;
    finish_policy(d, &p);
    return buf_append(policies, &p, sizeof p) || err_nomem(d->e);
}

static bool
read_policies(struct decoder *d, enum json_token token, void *into)
{
    struct report *r = into;
    void *kept = NULL;

    if (!read_array(d, token, read_result, &d->policies) ||
        !keep_all(d, &d->policies, &kept))
        return false;
    r->policies = kept;
    r->policy_count = d->policies.len / sizeof *r->policies;
    return true;
}

static const struct member window_members[] = {
    MEMBER("start-datetime", struct report, start, member_instant),
    MEMBER("end-datetime", struct report, end, member_instant),
};

static bool
read_window(struct decoder *d, enum json_token token, void *into)
{
    return read_object(d, token, window_members, COUNT_OF(window_members), into);
}

static const struct member report_members[] = {
    MEMBER("organization-name", struct report, organization, member_text),
    MEMBER_OF_ALL("date-range", read_window),
    MEMBER("contact-info", struct report, contact_info, member_text),
    MEMBER("report-id", struct report, report_id, member_text),
    MEMBER_OF_ALL("policies", read_policies),
};

/* local@domain, RFC 5322 addr-spec as far as it matters here. */
static bool
is_addr_spec(const char *text)
{
    const char *at = strrchr(text, '@');

    return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t<>") == NULL;
}

static bool
finish_report(struct decoder *d)
{
    struct report *r = d->report;
    const char *rest = json_scan_white(d->json.at, d->json.end);

    if (r->start == ABSENT_INSTANT || r->end == ABSENT_INSTANT)
        return err_set(d->e, ERR_INPUT, "date-range: no %s",
                       r->start == ABSENT_INSTANT ? "start-datetime" : "end-datetime");
    /* Dropping a second report would lose it unseen. */
    if (rest < d->json.end && (*rest == '{' || *rest == '['))
        return err_set(d->e, ERR_INPUT, "a second JSON text follows the first");
    if (rest < d->json.end)
        member_note(d, QUIRK_TRAILING_GARBAGE);
    if (*r->organization == '\0')
        member_note(d, QUIRK_NO_ORGANIZATION);
    if (*r->report_id == '\0')
        member_note(d, QUIRK_NO_REPORT_ID);
    if (r->contact_info == NULL)
        member_note(d, QUIRK_NO_CONTACT);
    else if (!is_addr_spec(r->contact_info))
        member_note(d, QUIRK_CONTACT_FORMAT);
    return true;
}

bool
decode_report(const char *json, size_t len, struct report *r, struct err *e)
{
    struct decoder d = {.report = r, .e = e};
    enum json_token token = TOKEN_NULL;
    bool ok = false;

    if (len >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0) {
        member_note(&d, QUIRK_BOM);
        json += 3;
        len -= 3;
    }
    json_read_init(&d.json, json, len);
    r->start = r->end = ABSENT_INSTANT;
    if (!json_read_next(&d.json, &token, e))
        goto out;
    if (token != TOKEN_OBJECT) {
        err_set(e, ERR_INPUT, "not a JSON object");
        goto out;
    }
    ok = member_read_all(&d, report_members, COUNT_OF(report_members), r) &&
         finish_report(&d);
out:
    buf_clear(&d.details);
    buf_clear(&d.policies);
    if (!ok)
        report_clear(r);
    return ok;
}
