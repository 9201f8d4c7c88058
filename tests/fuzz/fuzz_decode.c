/* From JSON to a checked report with sender, identity and leading policies. */
#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "schema/report/check.h"
#include "schema/report/key.h"
#include "schema/report/sender.h"
#include "schema/wire/decode.h"

#include <stdlib.h>
#include <string.h>

static void
must_be_text(const char *text)
{
    if (text != NULL && !text_is_utf8(text, strlen(text)))
        abort();
}

static void
must_be_sound(const struct report *r)
{
    must_be_text(r->organization);
    must_be_text(r->contact_info);
    must_be_text(r->report_id);
    must_be_text(r->sender);
    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];

        must_be_text(p->type_text);
        must_be_text(p->domain);
        if (p->successful_sessions < 0 || p->failed_sessions < 0)
            abort();
        for (size_t k = 0; k < p->policy_string_count; k++)
            must_be_text(p->policy_string[k]);
        for (size_t k = 0; k < p->mx_host_count; k++)
            must_be_text(p->mx_host[k]);
        for (size_t k = 0; k < p->detail_count; k++) {
            must_be_text(p->details[k].result_type_text);
            must_be_text(p->details[k].receiving_mx_hostname);
            must_be_text(p->details[k].failure_reason_code);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct report r;
    struct err e = {0};

    report_init(&r);
    if (!decode_report((const char *)bytes, n, &r, &e)) {
        if ((e.kind != ERR_INPUT && e.kind != ERR_REFUSED) || r.arena.blocks != NULL)
            abort();
        return 0;
    }
    if (!sender_find(&r, NULL, &e))
        abort();
    must_be_sound(&r);
    if (check_report(&r, r.end, 0, &e)) {
        report_lead(&r);
        (void)key_of_report(&r);
        (void)report_day(r.start, r.end);
    } else if (e.kind != ERR_INPUT) {
        abort();
    }
    report_clear(&r);
    return 0;
}
