#include "tests/oracle/report_json.h"

#include <stdlib.h>
#include <string.h>

static json_t *
text_json(const char *text)
{
    json_t *json = text == NULL ? json_null() : json_string(text);

    if (json == NULL) /* not UTF-8, which no string of a report may be */
        abort();
    return json;
}

static json_t *
list_json(const char *const *items, size_t n)
{
    json_t *out = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, text_json(items[i]));
    return out;
}

static json_t *
detail_json(const struct failure_detail *d)
{
    json_t *out = json_object();

    json_object_set_new(out, "result_known", text_json(result_type_text(d->result_type)));
    json_object_set_new(out, "result_type", text_json(d->result_type_text));
    json_object_set_new(out, "sending_mta_ip", text_json(d->sending_mta_ip));
    json_object_set_new(out, "receiving_mx_hostname",
                        text_json(d->receiving_mx_hostname));
    json_object_set_new(out, "receiving_mx_helo", text_json(d->receiving_mx_helo));
    json_object_set_new(out, "receiving_ip", text_json(d->receiving_ip));
    json_object_set_new(out, "additional_information",
                        text_json(d->additional_information));
    json_object_set_new(out, "failure_reason_code", text_json(d->failure_reason_code));
    json_object_set_new(out, "failed_sessions", json_integer(d->failed_sessions));
    return out;
}

static json_t *
policy_json(const struct policy *p)
{
    json_t *out = json_object(), *details = json_array();

    json_object_set_new(out, "type_known", text_json(policy_type_text(p->type)));
    json_object_set_new(out, "type", text_json(p->type_text));
    json_object_set_new(out, "domain", text_json(p->domain));
    json_object_set_new(out, "policy_string",
                        list_json(p->policy_string, p->policy_string_count));
    json_object_set_new(out, "mx_host", list_json(p->mx_host, p->mx_host_count));
    json_object_set_new(out, "successful_sessions", json_integer(p->successful_sessions));
    json_object_set_new(out, "failed_sessions", json_integer(p->failed_sessions));
    for (size_t i = 0; i < p->detail_count; i++)
        json_array_append_new(details, detail_json(&p->details[i]));
    json_object_set_new(out, "details", details);
    return out;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *
quirks_json(quirk_set quirks)
{
    const char *names[QUIRK_COUNT];
    size_t n = 0;

    for (int q = 0; q < QUIRK_COUNT; q++) {
        if ((quirks & QUIRK_BIT(q)) != 0)
            names[n++] = quirk_text((enum quirk)q);
    }
    qsort(names, n, sizeof *names, by_text);
    return list_json(names, n);
}

json_t *
report_json(const struct report *r)
{
    json_t *out = json_object(), *policies = json_array();

    json_object_set_new(out, "organization", text_json(r->organization));
    json_object_set_new(out, "contact_info", text_json(r->contact_info));
    json_object_set_new(out, "report_id", text_json(r->report_id));
    json_object_set_new(out, "start", json_integer(r->start));
    json_object_set_new(out, "end", json_integer(r->end));
    json_object_set_new(out, "quirks", quirks_json(r->quirks));
    for (size_t i = 0; i < r->policy_count; i++)
        json_array_append_new(policies, policy_json(&r->policies[i]));
    json_object_set_new(out, "policies", policies);
    return out;
}

const json_t *
json_at(const json_t *from, const char *path)
{
    char step[64];
    size_t n;

    for (; from != NULL && *path != '\0'; path += n + (path[n] == '.')) {
        n = strcspn(path, ".");
        if (n >= sizeof step)
            return NULL;
        memcpy(step, path, n);
        step[n] = '\0';
        if (json_is_array(from))
            from = json_array_get(from, (size_t)strtoul(step, NULL, 10));
        else
            from = json_object_get(from, step);
    }
    return from;
}
