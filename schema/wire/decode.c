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
    DETAIL("receiving-mx-helo", receiving_mx_helo, member_name),
    DETAIL("receiving-ip", receiving_ip, member_ip),
    DETAIL("failed-session-count", failed_sessions, member_count),
    DETAIL("additional-information", additional_information, member_uri),
    DETAIL("failure-reason-code", failure_reason_code, member_text),
    {"failure-error-code", sizeof "failure-error-code" - 1,
     offsetof(struct failure_detail, failure_reason_code), member_text,
     "failure-reason-code"},
    {"additional-info-uri", sizeof "additional-info-uri" - 1,
     offsetof(struct failure_detail, additional_information), member_uri,
     "additional-information"},
};

static void
finish_detail(struct decoder *d, struct failure_detail *detail)
{
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

/* Counts that are left out: never fewer failures than the details tell. A missing total
 * is their sum; the one detail without a count has what the others leave of the total,
 * several of them have an unknown share each. */
static void
finish_counts(struct decoder *d, struct policy *p)
{
    struct failure_detail *last = NULL;
    size_t absent = 0;
    int64_t sum = 0;

    for (size_t i = 0; i < p->detail_count; i++) {
        struct failure_detail *detail = &p->details[i];

        if (detail->failed_sessions == ABSENT_COUNT) {
            last = detail;
            detail->failed_sessions = p->failed_sessions == ABSENT_COUNT ? 1 : 0;
            absent++;
        }
        sum = report_add(sum, detail->failed_sessions);
    }
    if (absent > 0 || p->failed_sessions == ABSENT_COUNT ||
        p->successful_sessions == ABSENT_COUNT)
        member_note(d, QUIRK_NO_SUMMARY);
    if (p->successful_sessions == ABSENT_COUNT)
        p->successful_sessions = 0;
    if (p->failed_sessions == ABSENT_COUNT)
        p->failed_sessions = sum < MEMBER_MAX_COUNT ? sum : MEMBER_MAX_COUNT;
    else if (absent == 1 && sum < p->failed_sessions)
        last->failed_sessions = p->failed_sessions - sum;
}

/* What senders call the policies of RFC 8460. */
static const struct {
    const char *name;
    enum policy_type type;
} type_names[] = {
    {"dane", POLICY_TLSA},
    {"mta-sts", POLICY_STS},
    {"no-policy", POLICY_NONE},
};

static void
finish_policy(struct decoder *d, struct policy *p)
{
    finish_counts(d, p);
    if (p->type_text == NULL)
        p->type_text = "unknown";
    p->type = policy_type_parse(p->type_text);
    if (p->type == POLICY_OTHER)
        member_note(d, QUIRK_POLICY_TYPE);
    for (size_t i = 0; p->type == POLICY_OTHER && i < COUNT_OF(type_names); i++) {
        if (strcmp(p->type_text, type_names[i].name) == 0) {
            p->type = type_names[i].type;
            p->type_text = policy_type_text(p->type);
        }
    }
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

    if (r->start == ABSENT_INSTANT && r->end == ABSENT_INSTANT && r->policies == NULL &&
        *r->organization == '\0' && *r->report_id == '\0' && r->contact_info == NULL)
        return err_set(d->e, ERR_REFUSED, "JSON without any member of one");
    if (r->start == ABSENT_INSTANT || r->end == ABSENT_INSTANT)
        return err_set(d->e, ERR_INPUT, "date-range: no %s",
                       r->start == ABSENT_INSTANT ? "start-datetime" : "end-datetime");
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

/* One report at *at, which moves behind it. */
static bool
read_report(const char **at, const char *end, struct report *r, struct err *e)
{
    struct decoder d = {.report = r, .e = e};
    enum json_token token = TOKEN_NULL;
    bool ok;

    json_read_init(&d.json, *at, (size_t)(end - *at));
    r->start = r->end = ABSENT_INSTANT;
    ok = json_read_next(&d.json, &token, e) &&
         (token == TOKEN_OBJECT || err_set(e, ERR_INPUT, "not a JSON object")) &&
         member_read_all(&d, report_members, COUNT_OF(report_members), r) &&
         finish_report(&d);
    *at = d.json.at;
    buf_clear(&d.details);
    buf_clear(&d.policies);
    if (!ok)
        report_clear(r);
    return ok;
}

static bool
skip_bom(const char **at, const char *end)
{
    bool found = end - *at >= 3 && memcmp(*at, "\xEF\xBB\xBF", 3) == 0;

    *at += found ? 3 : 0;
    return found;
}

bool
decode_report(const char *json, size_t len, struct report *r, struct err *e)
{
    const char *at = json, *end = json + len;
    bool bom = skip_bom(&at, end);

    if (!read_report(&at, end, r, e))
        return false;
    at = json_scan_white(at, end);
    /* Dropping a second report would lose it unseen. */
    if (at < end && (*at == '{' || *at == '[')) {
        report_clear(r);
        return err_set(e, ERR_INPUT, "a second JSON text follows the first");
    }
    r->quirks |= bom ? QUIRK_BIT(QUIRK_BOM) : 0;
    r->quirks |= at < end ? QUIRK_BIT(QUIRK_TRAILING_GARBAGE) : 0;
    return true;
}

/* ---- several in one text ---- */

/* JSON's white space and the mark before each text of RFC 7464. */
static const char *
skip_gap(const char *at, const char *end)
{
    while ((at = json_scan_white(at, end)) < end && *at == '\x1E')
        at++;
    return at;
}

void
decode_open(struct decode_cursor *c, const char *json, size_t len)
{
    *c = (struct decode_cursor){.at = json, .end = json + len, .more = true};
    c->bom = skip_bom(&c->at, c->end);
    c->at = skip_gap(c->at, c->end);
    c->array = c->at < c->end && *c->at == '[';
    c->at = c->array ? json_scan_white(c->at + 1, c->end) : c->at;
}

/* Behind the value that begins at `at`, if that is JSON; else where the next line begins
 * an object, or the end. */
static const char *
skip_value(const char *at, const char *end)
{
    struct json_read skipped;
    enum json_token token = TOKEN_NULL;

    json_read_init(&skipped, at, (size_t)(end - at));
    if (json_read_next(&skipped, &token, NULL) && json_read_skip(&skipped, token, NULL))
        return skipped.at;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (++at < end && *at == '{')
            return at;
    }
    return end;
}

bool
decode_next(struct decode_cursor *c, struct report *r, struct err *e)
{
    const char *after = c->at;
    bool ok = read_report(&after, c->end, r, e);

    if (!ok)
        after = skip_value(c->at, c->end);
    c->piece = c->at;
    c->piece_len = (size_t)(after - c->at);
    c->at = skip_gap(after, c->end);
    if (c->array && c->at < c->end && *c->at == ',')
        c->at = json_scan_white(c->at + 1, c->end);
    c->more =
        c->at < c->end && c->at > c->piece && (c->array ? *c->at != ']' : *c->at == '{');
    c->count++;
    if (!ok)
        return false;
    if (c->array || c->more || c->count > 1)
        r->quirks |= QUIRK_BIT(QUIRK_BUNDLE);
    if (c->bom && c->count == 1)
        r->quirks |= QUIRK_BIT(QUIRK_BOM);
    if (!c->array && !c->more && c->at < c->end)
        r->quirks |= QUIRK_BIT(QUIRK_TRAILING_GARBAGE);
    return true;
}
