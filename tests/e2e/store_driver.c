/* Drives the store for tests/e2e/test_store_*.py, against a real PostgreSQL:
 *
 *     store_driver migrate URI
 *     store_driver maintain URI DAYS BYTES SOURCE_BYTES
 *     store_driver put URI ROLE        a JSON array of submissions a line -> one of
 * outcomes store_driver read URI AS_OF SQL COLUMNS
 *
 * A string "hex:ff" stands for those bytes. */
#include "schema/embedded/store_embedded.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const outcome_names[] = {
    [OUTCOME_PENDING] = "pending",     [OUTCOME_STORED] = "stored",
    [OUTCOME_DUPLICATE] = "duplicate", [OUTCOME_CONFLICT] = "conflict",
    [OUTCOME_PRUNED] = "pruned",       [OUTCOME_QUARANTINED] = "quarantined",
    [OUTCOME_IGNORED] = "ignored",     [OUTCOME_AGAIN] = "again",
};

static void
say(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

static const char *
text(struct arena *a, const json_t *object, const char *name, const char *otherwise)
{
    const char *value = json_string_value(json_object_get(object, name));
    char *bytes;
    size_t n;

    if (value == NULL || strncmp(value, "hex:", 4) != 0)
        return value == NULL ? otherwise : arena_strdup(a, value);
    n = strlen(value + 4) / 2;
    bytes = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        if (sscanf(value + 4 + 2 * i, "%2x", &byte) == 1)
            bytes[i] = (char)byte;
    }
    return bytes;
}

static int64_t
number(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(object, name);

    return value == NULL ? otherwise : json_integer_value(value);
}

static void
read_details(struct arena *a, struct policy *p, const json_t *list)
{
    p->detail_count = json_array_size(list);
    p->details = arena_array(a, p->detail_count, sizeof *p->details);
    for (size_t i = 0; i < p->detail_count; i++) {
        const json_t *d = json_array_get(list, i);

        p->details[i] = (struct failure_detail){
            .result_type_text = text(a, d, "type", "validation-failure"),
            .sending_mta_ip = text(a, d, "mta", NULL),
            .receiving_mx_hostname = text(a, d, "mx", NULL),
            .failed_sessions = number(d, "failed", 1),
        };
    }
}

static void
read_report(struct report *r, const json_t *from)
{
    struct arena *a = &r->arena;
    const json_t *list = json_object_get(from, "policies");

    r->organization = text(a, from, "organization", "Example Inc.");
    r->report_id = text(a, from, "report_id", "1");
    r->sender = r->submitter = text(a, from, "sender", "example.net");
    r->start = number(from, "start", 0);
    r->end = number(from, "end", r->start + 86399);
    r->policy_count = json_array_size(list);
    r->policies = arena_array(a, r->policy_count, sizeof *r->policies);
    for (size_t i = 0; i < r->policy_count; i++) {
        const json_t *p = json_array_get(list, i);

        r->policies[i] = (struct policy){
            .type_text = text(a, p, "type", "sts"),
            .domain = text(a, p, "domain", "example.org"),
            .successful_sessions = number(p, "successful", 10),
            .failed_sessions = number(p, "failed", 0),
            .leading = true,
        };
        read_details(a, &r->policies[i], json_object_get(p, "details"));
    }
}

/* An hour after its window, or now: none comes from the future, in the first hour of a
 * day neither. */
static int64_t
usual_arrival(const struct report *r)
{
    int64_t now = time(NULL);

    return r->end + 3600 < now ? r->end + 3600 : now;
}

static void
read_submission(struct submission *s, struct report *r, const json_t *from)
{
    struct arena *a = &r->arena;

    report_init(r);
    read_report(r, from);
    *s = (struct submission){
        .status = (enum status)number(from, "status", STATUS_ACCEPTED),
        .report = r,
        .transport = TRANSPORT_HTTPS,
        .tier = (enum tier)number(from, "tier", TIER_VERIFIED),
        .trust_reason = "a test",
        .received = number(from, "received", usual_arrival(r)),
        .peer = text(a, from, "peer", "192.0.2.1"),
        .peer_name = "",
        .source = text(a, from, "source", "192.0.2.0/24"),
        .policy_domains_hint = text(a, from, "hint", ""),
        .raw = text(a, from, "raw", "{}"),
        .reason = text(a, from, "reason", ""),
    };
    s->raw_bytes = strlen(s->raw);
    s->raw_hash = key_of_bytes(s->raw, s->raw_bytes);
    if (s->status == STATUS_ACCEPTED) {
        s->key = key_of_report(r);
        s->content_hash = key_of_content(r);
    }
    /* As many of the last are named, but not ours. */
    r->policy_count -= (size_t)number(from, "foreign", 0);
}

static bool
put_line(struct store *s, const json_t *batch, struct err *e)
{
    size_t n = json_array_size(batch);
    struct submission *items = calloc(n + 1, sizeof *items);
    struct submission **list = calloc(n + 1, sizeof(struct submission *));
    struct report *reports = calloc(n + 1, sizeof *reports);
    bool ok;

    for (size_t i = 0; i < n; i++) {
        read_submission(&items[i], &reports[i], json_array_get(batch, i));
        list[i] = &items[i];
    }
    ok = store_put(s, list, n, e);
    putchar('[');
    for (size_t i = 0; i < n; i++) {
        printf("%s\"%s\"", i == 0 ? "" : ", ", outcome_names[items[i].outcome]);
        if (items[i].err.kind != ERR_NONE)
            fprintf(stderr, "%zu: %s\n", i, items[i].err.text);
        report_clear(&reports[i]);
    }
    puts("]");
    fflush(stdout);
    free(items);
    free(list);
    free(reports);
    return ok;
}

static bool
put(const char *uri, const char *role_name, struct err *e)
{
    enum store_role role = STORE_OWNER;
    struct store *s;
    char *line = NULL;
    size_t size = 0;
    bool ok = true;

    while (role < STORE_READER && strcmp(store_role_name(role), role_name) != 0)
        role++;
    if (!store_open(uri, role, &s, e))
        return false;
    while (getline(&line, &size, stdin) > 0) {
        json_t *batch = json_loads(line, 0, NULL);

        err_clear(e);
        ok = put_line(s, batch, e);
        json_decref(batch);
    }
    free(line);
    store_close(s);
    return ok;
}

static bool
print_row(void *ctx, const char *const values[], size_t n, struct err *e)
{
    (void)ctx;
    (void)e;
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i == 0 ? "" : "\t", values[i] == NULL ? "NULL" : values[i]);
    putchar('\n');
    return true;
}

static bool
read_rows(const char *uri, const char *as_of, const char *sql, const char *columns,
          struct err *e)
{
    struct store *s;
    bool ok;

    if (!store_open(uri, STORE_READER, &s, e))
        return false;
    ok = store_snapshot(s, as_of[0] == '\0' ? INT64_MAX : strtoll(as_of, NULL, 10), e) &&
         store_query(s, sql, NULL, 0, strtoul(columns, NULL, 10), print_row, NULL, e);
    store_close(s);
    return ok;
}

static bool
embedded(const char *state_dir, struct err *e)
{
    struct embedded *em;
    struct buf uri = {0};
    char line[16];
    bool ok;

    if (!embedded_start(state_dir, &em, e))
        return false;
    ok = embedded_uri(state_dir, STORE_OWNER, &uri) &&
         store_migrate(uri.bytes, NULL, NULL, e);
    while (ok) {
        puts("ready");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            break;
        ok = embedded_keep(em, e);
    }
    buf_clear(&uri);
    embedded_close(em);
    return ok;
}

static bool
one_shot(const char *verb, const char *state_dir, struct err *e)
{
    struct embedded_status status;

    if (strcmp(verb, "launch") == 0)
        return embedded_launch(state_dir, e);
    if (strcmp(verb, "stop") == 0)
        return embedded_stop(state_dir, e);
    if (strcmp(verb, "status") != 0)
        return err_set(e, ERR_INPUT, "usage: see the top of store_driver.c");
    embedded_status(state_dir, &status);
    printf("%s%s%s%s %ld\n", status.exists ? status.version : "none",
           status.ready ? " ready" : "", status.owned ? " owned" : "",
           status.pid == 0 ? " stopped" : "", (long)status.pid);
    return true;
}

int
main(int argc, char **argv)
{
    struct err e = {0};
    bool ok = false;

    if (argc == 3 && strcmp(argv[1], "migrate") == 0) {
        ok = store_migrate(argv[2], say, NULL, &e);
    } else if (argc == 6 && strcmp(argv[1], "maintain") == 0) {
        const struct store_limits limits = {
            .quarantine_days = strtoll(argv[3], NULL, 10),
            .quarantine_bytes = strtoll(argv[4], NULL, 10),
            .quarantine_source_bytes = strtoll(argv[5], NULL, 10),
            .metric_domains = 200,
            .metric_senders = 200,
        };

        ok = store_maintain(argv[2], &limits, say, NULL, &e);
    } else if (argc == 4 && strcmp(argv[1], "put") == 0) {
        ok = put(argv[2], argv[3], &e);
    } else if (argc == 6 && strcmp(argv[1], "read") == 0) {
        ok = read_rows(argv[2], argv[3], argv[4], argv[5], &e);
    } else if (argc == 3 && strcmp(argv[1], "embedded") == 0) {
        ok = embedded(argv[2], &e);
    } else if (argc == 3) {
        ok = one_shot(argv[1], argv[2], &e);
    } else {
        err_set(&e, ERR_INPUT, "usage: see the top of store_driver.c");
    }
    if (!ok)
        fprintf(stderr, "%s\n", e.text);
    return ok ? 0 : err_exit_code(&e);
}
