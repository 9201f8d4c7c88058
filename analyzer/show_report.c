/* A report as its operator asks for it: who, when, how far it is believed and why, then
 * what it says, policy by policy. */
#include "analyzer/analysis/explain.h"
#include "analyzer/show.h"
#include "base/count.h"
#include "base/when.h"
#include "schema/report/vocab.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_FAILURES = 50, /* of one policy; --format json has them all */
};

const struct column show_columns[] = {
    {"id", "ID", COLUMN_TEXT, 0, COLOUR_NONE},
    {"received", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"transport", NULL, COLUMN_TRANSPORT, 0, COLOUR_NONE},
    {"trust", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"status", NULL, COLUMN_STATUS, 0, COLOUR_NONE},
    {"counted", NULL, COLUMN_FLAG, 0, COLOUR_NONE},
    {"contested", NULL, COLUMN_FLAG, 0, COLOUR_NONE},
    {"sender", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"submitter", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"organization", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"contact_info", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"report_id", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domains", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"day", NULL, COLUMN_DAY, 0, COLOUR_NONE},
    {"start", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"end", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"long_window", NULL, COLUMN_FLAG, 0, COLOUR_NONE},
    {"quirks", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"reason", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"peer", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"peer_name", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"bytes", NULL, COLUMN_COUNT, 0, COLOUR_NONE},
    {"body_sha256", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"conflicts", NULL, COLUMN_JSON, 0, COLOUR_NONE},
    {"policies", NULL, COLUMN_JSON, 0, COLOUR_NONE},
};
const size_t show_column_count = COUNT_OF(show_columns);

const char *
show_cell(const struct column columns[], const char *const values[], const char *key)
{
    size_t i = 0;

    while (strcmp(columns[i].key, key) != 0)
        i++;
    return values[i];
}

static const char *
cell(const char *const v[], const char *key)
{
    return show_cell(show_columns, v, key);
}

const char *
show_minute(const char *seconds, char *text)
{
    (void)when_print_instant(strtoll(seconds, NULL, 10), text);
    text[10] = ' ';
    memcpy(text + 16, " UTC", sizeof " UTC");
    return text;
}

void
show_arrival(struct prose *p, const struct column columns[], const char *const values[])
{
    enum transport door =
        (enum transport)strtol(show_cell(columns, values, "transport"), NULL, 10);
    const char *peer = show_cell(columns, values, "peer");
    const char *whose = show_cell(columns, values, "peer_name");
    bool host = door == TRANSPORT_HTTPS && *whose != '\0';
    char at[WHEN_INSTANT_SIZE];

    prose_fieldf(p, 0, "received", TONE_PLAIN, "%s by %s%s%s%s%s%s",
                 show_minute(show_cell(columns, values, "received"), at),
                 transport_text(door), *peer == '\0' ? "" : " from ", peer,
                 host ? " (" : "", host ? whose : "", host ? ")" : "");
    prose_field(p, 0, "signed by", TONE_PLAIN, host ? NULL : whose);
}

/* The texts of a JSON array, one field each under one label. */
static void
put_list(struct prose *p, int indent, const char *label, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        prose_field(p, indent, i == 0 ? label : "", TONE_PLAIN, json_string_value(item));
}

/* In plain words; by its name when this program does not know a quirk. */
static void
put_quirks(struct prose *p, const json_t *quirks)
{
    const json_t *item;
    size_t i;

    json_array_foreach(quirks, i, item)
    {
        const char *text = json_string_value(item);
        int q = 0;

        while (q < QUIRK_COUNT && strcmp(quirk_text((enum quirk)q), text) != 0)
            q++;
        prose_field(p, 0, i == 0 ? "odd about it" : "", TONE_PLAIN,
                    q < QUIRK_COUNT ? quirk_plain((enum quirk)q) : text);
    }
}

static void
put_conflicts(struct prose *p, const json_t *conflicts)
{
    const json_t *item;
    size_t i;

    json_array_foreach(conflicts, i, item) prose_fieldf(
        p, 0, i == 0 ? "conflicts" : "", TONE_WARN,
        "came with other bytes at %s%s%s (SHA-256 %.16s); not counted",
        json_string_value(json_object_get(item, "received")),
        *json_string_value(json_object_get(item, "peer")) == '\0' ? "" : " from ",
        json_string_value(json_object_get(item, "peer")),
        json_string_value(json_object_get(item, "body_sha256")));
}

/* The text of a member; NULL when it is null. */
static const char *
member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t
number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void
put_failure(struct prose *p, const json_t *failures, size_t i)
{
    const json_t *f = json_array_get(failures, i);
    const char *reason = member(f, "failure_reason_code");
    const char *type = member(f, "result_type");
    const struct explanation *known;
    size_t first = 0;

    prose_fieldf(p, 2, "failed", TONE_BAD, "%" PRId64 "  %s",
                 number(f, "failed_sessions"), type);
    while (strcmp(member(json_array_get(failures, first), "result_type"), type) != 0)
        first++;
    known = first < i ? NULL : explain_find(EXPLAIN_RESULT, type);
    if (known != NULL) {
        prose_field(p, 4, "that is", TONE_PLAIN, known->plain);
        prose_field(p, 4, "first of all", TONE_PLAIN, known->remedy);
    }
    prose_field(p, 4, "from", TONE_PLAIN, member(f, "sending_mta_ip"));
    prose_field(p, 4, "to MX", TONE_PLAIN, member(f, "receiving_mx_hostname"));
    prose_field(p, 4, "its greeting", TONE_PLAIN, member(f, "receiving_mx_helo"));
    prose_field(p, 4, "at", TONE_PLAIN, member(f, "receiving_ip"));
    prose_field(p, 4, "reason", TONE_PLAIN, reason);
    known = reason == NULL ? NULL : explain_find(EXPLAIN_REASON, reason);
    prose_field(p, 4, "which means", TONE_PLAIN, known == NULL ? NULL : known->plain);
    prose_field(p, 4, "more at", TONE_PLAIN, member(f, "additional_information"));
}

static void
put_policy(struct prose *p, const json_t *policy)
{
    const json_t *failures = json_object_get(policy, "failures"), *item;
    int64_t failed = number(policy, "failed_sessions");
    char heading[512];
    size_t i;

    (void)snprintf(heading, sizeof heading, "Policy %s of %s",
                   member(policy, "policy_type"), member(policy, "policy_domain"));
    prose_heading(p, heading);
    prose_fieldf(p, 2, "sessions", failed > 0 ? TONE_BAD : TONE_PLAIN,
                 "%" PRId64 " successful, %" PRId64 " failed%s",
                 number(policy, "successful_sessions"), failed,
                 json_is_true(json_object_get(policy, "leads"))
                     ? ""
                     : " (the same sessions as under another policy: not added up)");
    put_list(p, 2, "policy", json_object_get(policy, "policy_string"));
    put_list(p, 2, "mx patterns", json_object_get(policy, "mx_host"));
    if (failed > 0 && json_array_size(failures) == 0)
        prose_field(p, 2, "failed", TONE_PLAIN, "the sender does not say how");
    json_array_foreach(failures, i, item)
    {
        if (i == MOST_FAILURES) {
            prose_fieldf(p, 2, "and", TONE_DIM, "%zu more: see --format json",
                         json_array_size(failures) - i);
            return;
        }
        put_failure(p, failures, i);
    }
}

static void
put_head(struct prose *p, const char *const v[])
{
    char heading[64], from[WHEN_INSTANT_SIZE], to[WHEN_INSTANT_SIZE];

    (void)snprintf(heading, sizeof heading, "Report %.40s", cell(v, "id"));
    prose_heading(p, heading);
    prose_fieldf(p, 0, "trust", tone_of_word(cell(v, "trust")), "%s: %s",
                 cell(v, "trust"), cell(v, "reason"));
    if (*cell(v, "counted") == 'f')
        prose_field(p, 0, "counted", TONE_WARN,
                    "no: the same report came in a better way, and that one is");
    if (*cell(v, "contested") == 't')
        prose_field(p, 0, "contested", TONE_WARN,
                    "other networks claim something else under its identity");
    prose_linked(p, "sender", "%b/sender/%u%k", cell(v, "sender"));
    if (strcmp(cell(v, "sender"), cell(v, "submitter")) != 0)
        prose_field(p, 0, "submitter", TONE_PLAIN, cell(v, "submitter"));
    prose_field(p, 0, "organization", TONE_PLAIN, cell(v, "organization"));
    prose_field(p, 0, "contact", TONE_PLAIN, cell(v, "contact_info"));
    prose_field(p, 0, "its report-id", TONE_PLAIN, cell(v, "report_id"));
    prose_fieldf(p, 0, "about", TONE_PLAIN, "%s to %s",
                 show_minute(cell(v, "start"), from), show_minute(cell(v, "end"), to));
    if (*cell(v, "long_window") == 't')
        prose_fieldf(p, 0, "", TONE_PLAIN,
                     "longer than a day and a half: counted under %s, no part of any "
                     "reckoning by days",
                     cell(v, "day"));
    show_arrival(p, show_columns, v);
    prose_field(p, 0, "bytes", TONE_PLAIN,
                cell(v, "bytes") != NULL ? cell(v, "bytes") : "dropped");
    prose_field(p, 0, "SHA-256", TONE_PLAIN, cell(v, "body_sha256"));
}

bool
show_report(struct prose *p, const char *const values[], struct err *e)
{
    json_t *quirks = json_loads(cell(values, "quirks"), 0, NULL);
    json_t *conflicts = json_loads(cell(values, "conflicts"), 0, NULL);
    json_t *policies = cell(values, "policies") == NULL
                           ? json_array()
                           : json_loads(cell(values, "policies"), 0, NULL);
    const json_t *policy;
    bool ok = quirks != NULL && conflicts != NULL && policies != NULL;
    size_t i;

    if (ok) {
        put_head(p, values);
        put_quirks(p, quirks);
        put_conflicts(p, conflicts);
        json_array_foreach(policies, i, policy) put_policy(p, policy);
    }
    json_decref(quirks);
    json_decref(conflicts);
    json_decref(policies);
    return ok ? true : err_set(e, ERR_BUG, "cannot read the stored report");
}
