#include "tests/oracle/oracle.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <idn2.h>
#include <math.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LARGEST 9007199254740992LL

static const char *const policy_types[] = {"sts", "tlsa", "no-policy-found", NULL};
static const char *const result_types[] = {
    "starttls-not-supported", "certificate-host-mismatch",
    "certificate-expired",    "certificate-not-trusted",
    "validation-failure",     "tlsa-invalid",
    "dnssec-invalid",         "dane-required",
    "sts-policy-fetch-error", "sts-policy-invalid",
    "sts-webpki-invalid",     NULL};

struct walk {
    json_t *quirks; /* an object used as a set */
    size_t details;
    bool rejected;
};

static void
note(struct walk *w, const char *quirk)
{
    json_object_set_new(w->quirks, quirk, json_true());
}

static bool
is_one_of(const char *text, const char *const words[])
{
    while (*words != NULL && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

static json_t *
lowered(json_t *text)
{
    char *copy;

    if (!json_is_string(text))
        return text;
    copy = strdup(json_string_value(text));
    for (char *p = copy; *p != '\0'; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
    json_decref(text);
    text = json_string(copy);
    free(copy);
    return text;
}

/* A new reference to a string, or to null when there is no text. */
static json_t *
text_of(struct walk *w, json_t *v)
{
    char digits[32];

    if (v == NULL || json_is_null(v))
        return json_null();
    if (json_is_string(v)) {
        if (json_string_length(v) > 4096)
            w->rejected = true;
        return json_string_length(v) == 0 ? json_null()
                                          : json_string(json_string_value(v));
    }
    note(w, "member-type");
    if (!json_is_integer(v) || llabs(json_integer_value(v)) > LARGEST)
        return json_null();
    (void)snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    return json_string(digits);
}

static const char white[] = " \t\n\v\f\r";

/* A string without the blanks around it; null when nothing is left. Steals text. */
static json_t *
trimmed(struct walk *w, json_t *text)
{
    const char *s = json_string_value(text);
    json_t *out = text;
    size_t before, n;

    if (s == NULL)
        return text;
    before = strspn(s, white);
    n = strlen(s + before);
    while (n > 0 && strchr(white, s[before + n - 1]) != NULL)
        n--;
    if (n == strlen(s))
        return text;
    note(w, "blanks");
    out = n == 0 ? json_null() : json_stringn(s + before, n);
    json_decref(text);
    return out;
}

/* The host's name without the root's dot. */
static json_t *
host_of(struct walk *w, json_t *v)
{
    json_t *text = lowered(trimmed(w, text_of(w, v))), *cut;
    size_t n = json_string_length(text);

    if (n < 2 || json_string_value(text)[n - 1] != '.')
        return text;
    cut = json_stringn(json_string_value(text), n - 1);
    json_decref(text);
    return cut;
}

static json_t *
a_labels(const char *text, size_t n)
{
    uint8_t *mapped = NULL;
    json_t *out;
    char *name = strndup(text, n);
    bool ascii = true;

    for (size_t i = 0; i < n; i++)
        ascii = ascii && isascii((unsigned char)name[i]);
    if (!ascii && idn2_lookup_u8((const uint8_t *)name, &mapped,
                                 IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
        out = json_string((const char *)mapped);
    else
        out = json_stringn(name, n);
    idn2_free(mapped);
    free(name);
    return lowered(out);
}

static json_t *
domain_of(struct walk *w, json_t *v)
{
    json_t *text = text_of(w, v), *out;
    const char *s;
    size_t n;

    if (json_is_null(text))
        return text;
    s = json_string_value(text);
    s += strspn(s, white);
    n = strlen(s);
    while (n > 0 && strchr(white, s[n - 1]) != NULL)
        n--;
    if (n > 1 && s[n - 1] == '.')
        n--;
    out = a_labels(s, n);
    if (!json_equal(out, text))
        note(w, "policy-domain-form");
    json_decref(text);
    if (json_string_length(out) > 0)
        return out;
    json_decref(out);
    return json_null();
}

static json_t *
address_of(struct walk *w, json_t *v)
{
    json_t *text = trimmed(w, text_of(w, v)), *out = NULL;
    unsigned char bytes[16];
    char bare[64] = "", printed[64];
    const char *s;
    size_t n;

    if (json_is_null(text))
        return text;
    s = json_string_value(text);
    n = strlen(s);
    if (s[0] == '[' && s[n - 1] == ']') {
        s++;
        n -= 2;
    }
    if (n >= 5 && strncasecmp(s, "ipv6:", 5) == 0) {
        s += 5;
        n -= 5;
    }
    if (memchr(s, '%', n) != NULL)
        n = (size_t)((const char *)memchr(s, '%', n) - s);
    if (n < 46)
        memcpy(bare, s, n);
    if (inet_pton(AF_INET, bare, bytes) == 1)
        out = json_string(inet_ntop(AF_INET, bytes, printed, sizeof printed));
    else if (inet_pton(AF_INET6, bare, bytes) == 1)
        out = json_string(inet_ntop(AF_INET6, bytes, printed, sizeof printed));
    if (out == NULL) {
        note(w, "ip-invalid");
        return text;
    }
    if (!json_equal(out, text))
        note(w, "ip-form");
    json_decref(text);
    return out;
}

static json_t *
uri_of(struct walk *w, json_t *v)
{
    json_t *text = text_of(w, v);
    const char *s = json_string_value(text), *colon;
    bool good = true;

    if (s == NULL)
        return text;
    for (const char *p = s; *p != '\0'; p++)
        good = good && isgraph((unsigned char)*p) && isascii((unsigned char)*p);
    colon = strchr(s, ':');
    if (!good || colon == NULL || colon == s || colon[1] == '\0')
        note(w, "uri-form");
    return text;
}

/* Is v a whole number of at most 2^53? */
static bool
whole(json_t *v, json_int_t *n)
{
    if (json_is_integer(v))
        *n = json_integer_value(v);
    else if (json_is_real(v) && fabs(json_real_value(v)) <= (double)LARGEST &&
             floor(json_real_value(v)) == json_real_value(v))
        *n = (json_int_t)json_real_value(v);
    else
        return false;
    return *n <= LARGEST && *n >= -LARGEST;
}

static json_t *
count_of(struct walk *w, json_t *v)
{
    json_int_t n = 0;

    if (v == NULL || json_is_null(v)) {
        note(w, "no-summary");
        return json_integer(-1); /* finished by finish_counts */
    }
    if (json_is_string(v)) {
        json_t *inner = json_string_length(v) > 64
                            ? NULL
                            : json_loads(json_string_value(v), JSON_DECODE_ANY, NULL);

        note(w, "number-form");
        if (!whole(inner, &n))
            w->rejected = true;
        json_decref(inner);
    } else if (!whole(v, &n)) {
        w->rejected = true;
    } else if (json_is_real(v)) {
        note(w, "number-form");
    }
    if (n < 0)
        note(w, "negative-count");
    return json_integer(n < 0 ? 0 : n);
}

#define WHITE "[ \t\n\v\f\r]"

enum {
    G_YEAR = 2,
    G_TIME = 5,
    G_SEPARATOR = 6,
    G_HOUR = 7,
    G_SECONDS = 9,
    G_SECOND = 10,
    G_GAP = 12,
    G_ZONE = 13,
    G_COLON = 15,
    G_OFFSET_MINUTE = 16,
    G_TAIL = 17,
    GROUPS = 18
};

static regex_t *
date_pattern(void)
{
    static regex_t pattern;
    static bool ready;

    if (!ready &&
        regcomp(&pattern,
                "^(" WHITE "*)([0-9]{4})-([0-9]{2})-([0-9]{2})"
                "(([Tt]|" WHITE "+)([0-9]{2}):([0-9]{2})(:([0-9]{2}))?(\\.[0-9]+)?"
                "(" WHITE "*)([Zz]|([+-][0-9]{2})((:)?[0-9]{2})?)?)?(" WHITE "*)$",
                REG_EXTENDED) != 0)
        abort();
    ready = true;
    return &pattern;
}

static int
number_at(const char *s, const regmatch_t *m)
{
    char digits[16] = "";

    if (m->rm_so >= 0)
        memcpy(digits, s + m->rm_so, (size_t)(m->rm_eo - m->rm_so) % sizeof digits);
    return (int)strtol(digits, NULL, 10);
}

static bool
is_empty(const regmatch_t *m)
{
    return m->rm_so == m->rm_eo;
}

static bool
day_of(const char *s, const regmatch_t m[], time_t *day)
{
    struct tm tm = {.tm_year = number_at(s, &m[G_YEAR]) - 1900,
                    .tm_mon = number_at(s, &m[G_YEAR + 1]) - 1,
                    .tm_mday = number_at(s, &m[G_YEAR + 2])};
    struct tm given = tm;

    *day = timegm(&tm);
    return tm.tm_year == given.tm_year && tm.tm_mon == given.tm_mon &&
           tm.tm_mday == given.tm_mday;
}

static json_t *
instant_of(struct walk *w, json_t *v)
{
    const char *s = json_string_value(v);
    regmatch_t m[GROUPS];
    time_t day = 0;
    int hour, minute, second, offset = 0;
    bool zone;

    if (s == NULL || json_string_length(v) > 4096 ||
        regexec(date_pattern(), s, GROUPS, m, 0) != 0 || !day_of(s, m, &day)) {
        w->rejected = true;
        return json_null();
    }
    hour = number_at(s, &m[G_HOUR]);
    minute = number_at(s, &m[G_HOUR + 1]);
    second = number_at(s, &m[G_SECOND]);
    zone = m[G_ZONE].rm_so >= 0;
    if (!zone)
        note(w, "date-without-zone");
    if (zone && strchr("Zz", s[m[G_ZONE].rm_so]) == NULL) {
        const char *minutes = m[15].rm_so < 0 ? "0" : s + m[15].rm_so;
        int h = number_at(s, &m[14]), mm = atoi(*minutes == ':' ? minutes + 1 : minutes);

        if (abs(h) > 23 || mm > 59)
            w->rejected = true;
        offset = abs(h) * 3600 + mm * 60;
        if (s[m[G_ZONE].rm_so] == '-')
            offset = -offset;
        if (*minutes != ':')
            note(w, "date-format");
    }
    if (m[G_TIME].rm_so < 0 || m[G_SECONDS].rm_so < 0 || hour == 24 || !is_empty(&m[1]) ||
        !is_empty(&m[G_TAIL]) || !is_empty(&m[G_GAP]) ||
        strchr("Tt", s[m[G_SEPARATOR].rm_so]) == NULL)
        note(w, "date-format");
    if (!(hour < 24 && minute < 60 && second <= 60) &&
        !(hour == 24 && minute == 0 && second == 0))
        w->rejected = true;
    return json_integer(day + hour * 3600 + minute * 60 + second - offset);
}

static void
add_text(struct walk *w, json_t *list, json_t *text)
{
    if (json_is_null(text))
        json_decref(text);
    else
        json_array_append_new(list, text);
    if (json_array_size(list) > 1000)
        w->rejected = true;
}

/* Microsoft's JSON in a string; a new reference, or NULL when it is none. */
static json_t *
folded(json_t *text)
{
    json_t *inner, *one;
    size_t i;

    if (!json_is_string(text) || json_string_value(text)[0] != '[')
        return NULL;
    inner = json_loads(json_string_value(text), 0, NULL);
    json_array_foreach(inner, i, one)
    {
        if (!json_is_string(one)) {
            json_decref(inner);
            return NULL;
        }
    }
    return inner;
}

static void
add_policy_string(struct walk *w, json_t *list, json_t *text)
{
    json_t *inner = folded(text), *one;
    size_t i;

    if (inner == NULL) {
        add_text(w, list, text);
        return;
    }
    note(w, "policy-string-json");
    json_array_foreach(inner, i, one) add_text(w, list, text_of(w, one));
    json_decref(inner);
    json_decref(text);
}

static void
add_mx_host(struct walk *w, json_t *list, json_t *text)
{
    const char *s;
    size_t n;

    text = lowered(trimmed(w, text));
    s = json_string_value(text);
    if (s != NULL && strncmp(s, "mx:", 3) == 0) {
        note(w, "mx-host-prefix");
        s += 3;
        s += strspn(s, " \t");
    }
    n = s == NULL ? 0 : strlen(s);
    if (n > 1 && s[n - 1] == '.')
        n--;
    add_text(w, list, n == 0 ? json_null() : json_stringn(s, n));
    json_decref(text);
}

static json_t *
list_of(struct walk *w, json_t *v, const char *lone,
        void (*add)(struct walk *, json_t *, json_t *))
{
    json_t *out = json_array(), *one;
    size_t i;

    if (v == NULL)
        return out;
    if (json_is_array(v)) {
        json_array_foreach(v, i, one) add(w, out, text_of(w, one));
        return out;
    }
    if (json_is_null(v))
        note(w, "details-null");
    if (json_is_string(v))
        note(w, lone);
    add(w, out, text_of(w, v));
    return out;
}

/* The member by its proper name or by a mistaken one, of which only one may be there. */
static json_t *
either(struct walk *w, json_t *object, const char *proper, const char *mistaken)
{
    json_t *a = json_object_get(object, proper), *b = json_object_get(object, mistaken);

    if (b == NULL)
        return a;
    note(w, "grammar-name");
    if (a != NULL)
        w->rejected = true;
    return b;
}

static void
note_unknown(struct walk *w, json_t *object, const char *const names[])
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (!is_one_of(name, names))
            note(w, "unknown-member");
    }
}

/* An object, or nothing; anything else is rejected. */
static json_t *
object_of(struct walk *w, json_t *v)
{
    if (v == NULL || json_is_null(v))
        return NULL;
    if (!json_is_object(v))
        w->rejected = true;
    return v;
}

static json_t *
detail_of(struct walk *w, json_t *v)
{
    static const char *const names[] = {"result-type",
                                        "sending-mta-ip",
                                        "receiving-mx-hostname",
                                        "receiving-mx-helo",
                                        "receiving-ip",
                                        "failed-session-count",
                                        "additional-information",
                                        "additional-info-uri",
                                        "failure-reason-code",
                                        "failure-error-code",
                                        NULL};
    json_t *type, *known;

    if (!json_is_object(v))
        w->rejected = true;
    if (++w->details > 20000)
        w->rejected = true;
    note_unknown(w, v, names);
    type = lowered(trimmed(w, text_of(w, json_object_get(v, "result-type"))));
    if (json_is_null(type)) {
        note(w, "no-result-type");
        type = json_string("unknown");
        known = json_string("other");
    } else if (is_one_of(json_string_value(type), result_types)) {
        known = json_incref(type);
    } else {
        note(w, "result-type");
        known = json_string("other");
    }
    return json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "result_type", type, "result_known",
        known, "sending_mta_ip", address_of(w, json_object_get(v, "sending-mta-ip")),
        "receiving_mx_hostname", host_of(w, json_object_get(v, "receiving-mx-hostname")),
        "receiving_mx_helo",
        trimmed(w, text_of(w, json_object_get(v, "receiving-mx-helo"))), "receiving_ip",
        address_of(w, json_object_get(v, "receiving-ip")), "failed_sessions",
        count_of(w, json_object_get(v, "failed-session-count")), "additional_information",
        uri_of(w, either(w, v, "additional-information", "additional-info-uri")),
        "failure_reason_code",
        text_of(w, either(w, v, "failure-reason-code", "failure-error-code")));
}

/* An array of objects, a lone object, null or nothing. */
static json_t *
array_of(struct walk *w, json_t *v, size_t most, json_t *(*read)(struct walk *, json_t *))
{
    json_t *out = json_array(), *one;
    size_t i;

    if (json_is_null(v))
        note(w, "details-null");
    else if (json_is_object(v)) {
        note(w, "not-array");
        json_array_append_new(out, read(w, v));
    } else if (v != NULL && !json_is_array(v))
        w->rejected = true;
    json_array_foreach(v, i, one)
    {
        if (i == most)
            w->rejected = true;
        if (w->rejected)
            break;
        json_array_append_new(out, read(w, one));
    }
    return out;
}

static double
sum_of(json_t *details)
{
    double sum = 0;
    json_t *one;
    size_t i;

    json_array_foreach(details, i, one) sum +=
        (double)json_integer_value(json_object_get(one, "failed_sessions"));
    return sum;
}

/* Puts figures where there are none, which are -1 until now. */
static json_t *
finish_counts(json_t *policy)
{
    json_t *details = json_object_get(policy, "details"), *one, *bare = NULL;
    json_int_t total = json_integer_value(json_object_get(policy, "failed_sessions"));
    size_t i, unknown = 0;

    json_array_foreach(details, i, one)
    {
        json_t *count = json_object_get(one, "failed_sessions");

        if (json_integer_value(count) >= 0)
            continue;
        json_integer_set(count, total < 0 ? 1 : 0);
        unknown++;
        bare = count;
    }
    if (total < 0)
        json_integer_set(json_object_get(policy, "failed_sessions"),
                         sum_of(details) > (double)LARGEST ? LARGEST
                                                           : (json_int_t)sum_of(details));
    else if (unknown == 1 && sum_of(details) < (double)total)
        json_integer_set(bare, total - (json_int_t)sum_of(details));
    if (json_integer_value(json_object_get(policy, "successful_sessions")) < 0)
        json_integer_set(json_object_get(policy, "successful_sessions"), 0);
    return policy;
}

static json_t *
policy_of(struct walk *w, json_t *v)
{
    static const char *const outer_names[] = {"policy", "summary", "failure-details",
                                              "failure_details", NULL};
    static const char *const names[] = {"policy-type", "policy-string",   "policy-domain",
                                        "mx-host",     "mx-host-pattern", NULL};
    static const char *const summary_names[] = {"total-successful-session-count",
                                                "total-failure-session-count", NULL};
    static const char *const aliases[][2] = {
        {"dane", "tlsa"}, {"mta-sts", "sts"}, {"no-policy", "no-policy-found"}};
    json_t *p, *summary;
    json_t *type, *domain, *known;

    if (!json_is_object(v))
        w->rejected = true;
    note_unknown(w, v, outer_names);
    p = object_of(w, json_object_get(v, "policy"));
    note_unknown(w, p, names);
    summary = object_of(w, json_object_get(v, "summary"));
    note_unknown(w, summary, summary_names);
    type = lowered(trimmed(w, text_of(w, json_object_get(p, "policy-type"))));
    if (json_is_null(type))
        type = json_string("unknown");
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (strcmp(json_string_value(type), aliases[i][0]) == 0) {
            note(w, "policy-type");
            json_string_set(type, aliases[i][1]);
        }
    }
    if (is_one_of(json_string_value(type), policy_types)) {
        known = json_incref(type);
    } else {
        note(w, "policy-type");
        known = json_string("other");
    }
    domain = domain_of(w, json_object_get(p, "policy-domain"));
    if (json_is_null(domain))
        note(w, "no-policy-domain");
    return finish_counts(json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "type", type, "type_known", known, "domain",
        domain, "policy_string",
        list_of(w, json_object_get(p, "policy-string"), "policy-string-string",
                add_policy_string),
        "mx_host",
        list_of(w, either(w, p, "mx-host", "mx-host-pattern"), "mx-host-string",
                add_mx_host),
        "successful_sessions",
        count_of(w, json_object_get(summary, "total-successful-session-count")),
        "failed_sessions",
        count_of(w, json_object_get(summary, "total-failure-session-count")), "details",
        array_of(w, either(w, v, "failure-details", "failure_details"), SIZE_MAX,
                 detail_of)));
}

static void
note_head(struct walk *w, json_t *report)
{
    const char *contact = json_string_value(json_object_get(report, "contact_info"));
    const char *at = contact == NULL ? NULL : strrchr(contact, '@');

    if (json_string_length(json_object_get(report, "organization")) == 0)
        note(w, "no-organization");
    if (json_string_length(json_object_get(report, "report_id")) == 0)
        note(w, "no-report-id");
    if (contact == NULL)
        note(w, "no-contact");
    else if (at == NULL || at == contact || at[1] == '\0' ||
             contact[strcspn(contact, " \t<>")] != '\0')
        note(w, "contact-format");
}

static json_t *
or_empty(json_t *text)
{
    if (!json_is_null(text))
        return text;
    json_decref(text);
    return json_string("");
}

static json_t *
report_of(struct walk *w, json_t *v)
{
    static const char *const names[] = {"organization-name", "date-range", "contact-info",
                                        "report-id",         "policies",   NULL};
    static const char *const window_names[] = {"start-datetime", "end-datetime", NULL};
    json_t *window = object_of(w, json_object_get(v, "date-range"));
    json_t *out;

    note_unknown(w, v, names);
    note_unknown(w, window, window_names);
    out = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "organization",
                    or_empty(text_of(w, json_object_get(v, "organization-name"))),
                    "contact_info", text_of(w, json_object_get(v, "contact-info")),
                    "report_id", or_empty(text_of(w, json_object_get(v, "report-id"))),
                    "start", instant_of(w, json_object_get(window, "start-datetime")),
                    "end", instant_of(w, json_object_get(window, "end-datetime")),
                    "policies",
                    array_of(w, json_object_get(v, "policies"), 1000, policy_of));
    note_head(w, out);
    return out;
}

static size_t
depth_of(json_t *v)
{
    size_t deepest = 0, i;
    const char *name;
    json_t *one;

    if (!json_is_object(v) && !json_is_array(v))
        return 0;
    json_object_foreach(v, name, one)
    {
        size_t depth = depth_of(one);

        deepest = depth > deepest ? depth : deepest;
    }
    json_array_foreach(v, i, one)
    {
        size_t depth = depth_of(one);

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* Is there a number of more than 64 bytes? In JSON these characters stand in a row, out
 * of strings, only within numbers. */
static bool
has_long_number(const char *text, size_t n)
{
    bool in_string = false;
    size_t run = 0;

    for (size_t i = 0; i < n; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        run = !in_string && strchr("0123456789+-.eE", text[i]) != NULL ? run + 1 : 0;
        if (run > 64)
            return true;
    }
    return false;
}

static json_t *
sorted_keys(json_t *set)
{
    char *text = json_dumps(set, JSON_SORT_KEYS);
    json_t *sorted = json_loads(text, 0, NULL), *out = json_array(), *value;
    const char *name;

    json_object_foreach(sorted, name, value)
        json_array_append_new(out, json_string(name));
    json_decref(sorted);
    free(text);
    return out;
}

static json_t *
walk_tree(struct walk *w, json_t *tree)
{
    json_t *report;

    if (!json_is_object(tree) || depth_of(tree) > 64)
        return NULL;
    report = report_of(w, tree);
    if (!w->rejected) {
        json_object_set_new(report, "quirks", sorted_keys(w->quirks));
        return report;
    }
    json_decref(report);
    return NULL;
}

static bool
skip_bom(const char **text, size_t *n)
{
    if (*n < 3 || memcmp(*text, "\xEF\xBB\xBF", 3) != 0)
        return false;
    *text += 3;
    *n -= 3;
    return true;
}

bool
oracle_has_duplicates(const char *text, size_t n)
{
    json_error_t error;
    json_t *tree;

    (void)skip_bom(&text, &n);
    tree = json_loadb(text, n, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
    json_decref(tree);
    return tree == NULL && json_error_code(&error) == json_error_duplicate_key;
}

json_t *
oracle_decode(const char *text, size_t n)
{
    struct walk w = {.quirks = json_object()};
    json_t *tree, *report = NULL;
    json_error_t error;
    size_t used;

    if (skip_bom(&text, &n))
        note(&w, "bom");
    tree = json_loadb(text, n, JSON_DISABLE_EOF_CHECK, &error);
    used = tree == NULL ? 0 : (size_t)error.position;
    /* jansson 2.14 overlooks a NUL right behind a number. */
    if (tree != NULL && !has_long_number(text, used) &&
        memchr(text, '\0', used) == NULL) {
        while (used < n && strchr(" \t\r\n", text[used]) != NULL && text[used] != '\0')
            used++;
        if (used < n)
            note(&w, "trailing-garbage");
        if (used == n || (text[used] != '{' && text[used] != '['))
            report = walk_tree(&w, tree);
    }
    json_decref(tree);
    json_decref(w.quirks);
    return report;
}
