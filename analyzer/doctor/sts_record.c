#include "analyzer/doctor/sts_record.h"

#include "analyzer/analysis/policy_text.h"
#include "base/text.h"
#include "schema/report/domain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ID = 32,
    SHOWN = 80,
};

/* v=STSv1; id=20261101; whatever follows is an extension. */
static bool
is_record(const char *text)
{
    const char *id;
    size_t n;

    text += strlen("v=STSv1");
    text += strspn(text, " \t");
    if (*text++ != ';')
        return false;
    for (id = text + strspn(text, " \t"); strncmp(id, "id=", 3) != 0;
         id += strspn(id, "; \t")) {
        id += strcspn(id, ";");
        if (*id == '\0')
            return false;
    }
    for (id += 3, n = 0; isalnum((unsigned char)id[n]);)
        n++;
    id += n + strspn(id + n, " \t");
    return n > 0 && n <= MAX_ID && (*id == ';' || *id == '\0');
}

bool
sts_record_read(const struct dns_answer *a, const char *subject, struct complaints *said)
{
    const char *record = NULL;
    unsigned records = 0;

    for (size_t i = 0; i < a->count; i++) {
        if (strncmp(a->values[i].bytes, "v=STSv1", strlen("v=STSv1")) == 0) {
            record = a->values[i].bytes;
            records++;
        } else if (record == NULL && strcasestr(a->values[i].bytes, "stsv1") != NULL) {
            record = a->values[i].bytes;
        }
    }
    if (records > 1)
        complain(said, STS_RECORD_TWICE, subject,
                 "there are %u MTA-STS records, and then senders must act as if there "
                 "were none",
                 records);
    else if (record != NULL && (records == 0 || !is_record(record)))
        complain(said, STS_RECORD, subject,
                 "\"%.*s\" is no MTA-STS record, so the policy is not looked for", SHOWN,
                 record);
    return record != NULL;
}

/* ---- the policy ---- */

enum {
    VERSION,
    MODE,
    MAX_AGE,
    MX,
    KEYS
};

struct policy {
    const char *subject;
    struct complaints *said;
    const char *value[KEYS];
    size_t bytes[KEYS];
    bool broken; /* a line was complained of: the first will do */
};

static const char *const keys[] = {
    [VERSION] = "version", [MODE] = "mode", [MAX_AGE] = "max_age", [MX] = "mx"};

static void
bad_line(struct policy *p, const char *why, const char *line, size_t n)
{
    if (p->broken)
        return;
    p->broken = true;
    complain(p->said, STS_LINE, p->subject, "the policy has %s: \"%.*s\"", why,
             n < SHOWN ? (int)n : SHOWN, line);
}

static bool
is_mx_pattern(const char *value, size_t n)
{
    char host[256];

    if (n >= sizeof host)
        return false;
    memcpy(host, value, n);
    host[n] = '\0';
    return domain_is_plausible(strncmp(host, "*.", 2) == 0 ? host + 2 : host);
}

/* A line without its end. */
static void
read_line(struct policy *p, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n), *value;
    size_t key_bytes = colon == NULL ? 0 : (size_t)(colon - line), bytes;

    if (key_bytes == 0) {
        bad_line(p, "a line that is no \"key: value\"", line, n);
        return;
    }
    value = colon + 1;
    bytes = text_trim(&value, n - (size_t)(value - line), " \t");
    for (int key = VERSION; key <= MX; key++) {
        if (strlen(keys[key]) != key_bytes || memcmp(keys[key], line, key_bytes) != 0)
            continue;
        if (key == MX && !is_mx_pattern(value, bytes))
            bad_line(p, "an mx that is neither a host name nor *.domain", line, n);
        if (p->value[key] == NULL) { /* of those given twice the first counts */
            p->value[key] = value;
            p->bytes[key] = bytes;
        }
    }
}

static bool
value_is(const struct policy *p, int key, const char *word)
{
    return p->value[key] != NULL && p->bytes[key] == strlen(word) &&
           memcmp(p->value[key], word, p->bytes[key]) == 0;
}

static void
judge_values(struct policy *p)
{
    bool none = value_is(p, MODE, "none");
    long age = p->value[MAX_AGE] == NULL ? -1 : strtol(p->value[MAX_AGE], NULL, 10);

    for (int key = VERSION; key <= MX; key++) {
        if (p->value[key] == NULL && !(none && key == MX))
            complain(p->said, STS_LINE_MISSING, p->subject, "the policy has no %s",
                     keys[key]);
    }
    if (p->value[MODE] != NULL && !none && !value_is(p, MODE, "enforce") &&
        !value_is(p, MODE, "testing"))
        bad_line(p, "a mode that is none of enforce, testing and none", p->value[MODE],
                 p->bytes[MODE]);
    if (p->value[MAX_AGE] == NULL)
        return;
    if (strspn(p->value[MAX_AGE], "0123456789") != p->bytes[MAX_AGE] || age < 0 ||
        age > STS_MAX_AGE_S)
        bad_line(p, "a max_age that is no number up to 31557600", p->value[MAX_AGE],
                 p->bytes[MAX_AGE]);
    else if (age < STS_MIN_AGE_S && !none)
        complain(p->said, STS_MAX_AGE, p->subject,
                 "the policy holds for %ld s only: who can suppress a fresh fetch after "
                 "that suppresses the policy",
                 age);
}

static void
judge_hosts(const struct policy *p, const char *policy, const char *const hosts[],
            size_t count)
{
    bool enforced = policy_text_enforces(policy);

    if (!policy_text_has_mx(policy))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!policy_text_covers(policy, hosts[i]))
            complain(p->said, enforced ? STS_NOT_COVERED_ENFORCED : STS_NOT_COVERED,
                     p->subject, "no mx: of the policy covers the MX host %s: senders %s",
                     hosts[i],
                     enforced ? "must not deliver there" : "report it as a failure");
    }
}

bool
sts_policy_read(const char *text, size_t n, const char *subject,
                const char *const hosts[], size_t host_count, struct buf *out,
                struct complaints *said)
{
    struct policy p = {.subject = subject, .said = said};
    size_t before = said->count;
    char *copy = strndup(text, n); /* ends at a NUL, which is no line of a policy */
    bool ok = copy != NULL;

    for (char *line = copy; ok && *line != '\0';) {
        size_t len = strcspn(line, "\n"), whole = len + (line[len] == '\n');

        len -= len > 0 && line[len - 1] == '\r';
        if (len > 0)
            read_line(&p, line, len);
        line += whole;
    }
    if (ok && value_is(&p, VERSION, "STSv1")) {
        judge_values(&p);
        ok = policy_text_sts(copy, out);
        if (ok && out->len > 0 && !value_is(&p, MODE, "none"))
            judge_hosts(&p, out->bytes, hosts, host_count);
    } else if (ok) {
        said->count = before; /* line by line it is of no interest */
        complain(said, STS_NO_POLICY, subject,
                 "what is served is no policy: it has no line \"version: STSv1\"");
    }
    free(copy);
    return ok;
}
