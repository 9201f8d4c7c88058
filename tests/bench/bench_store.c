/* usage: bench_store URI put|copy WRITERS BATCH PACK SALT [TIMES]
 *
 * How long the reports of a pack take through store_put(), or, as the limit, how long
 * PostgreSQL takes for the rows of the same batches in COPY BINARY, encoded beforehand
 * and looked up nowhere. Prints reports newly kept and seconds. SALT makes the reports
 * others than those of another run, TIMES repeats the pack with other salts. One report
 * of a hundred was put before the clock started. */
#include "schema/report/check.h"
#include "schema/report/sender.h"
#include "schema/store/store_rows.h"
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"

#include "pack.h"
#include "schema_sql.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    MAX_WRITERS = 64,
    KNOWN_OF = 100,  /* one of so many is there already */
    MAX_ROWS = 5000, /* as the batcher has it */
};

struct batch {
    size_t from, count;
    struct buf copies[STORE_TABLES];
};

static struct pack pack;
static struct report *reports;
static struct submission *submissions;
static struct submission **known; /* put before */
static size_t count, known_count, batch_count, writer_count;
static struct batch *batches;
static bool copying;
static atomic_size_t next_batch, kept;
static const char *uri;
static pthread_barrier_t line;

static void
check(bool ok, const struct err *e)
{
    if (!ok) {
        (void)fprintf(stderr, "bench_store: %s\n", e->text);
        exit(EXIT_FAILURE);
    }
}

static void
fill(size_t i, const char *bytes, size_t n, const char *salt, size_t time_no)
{
    struct report *r = &reports[i];
    struct submission *s = &submissions[i];
    quirk_set quirks = 0;
    struct err e = {0};
    struct buf json;

    buf_init(&json, 0);
    report_init(r);
    check(inflate_bytes(bytes, n, &inflate_defaults, &json, &quirks, &e) &&
              decode_report(json.bytes, json.len, r, &e),
          &e);
    buf_clear(&json);
    r->report_id =
        arena_printf(&r->arena, "%.16s%s-%zu-%zu", r->report_id, salt, time_no, i);
    check(sender_find(r, NULL, &e) && check_report(r, r->end + 86400, 0, &e), &e);
    report_lead(r);
    *s = (struct submission){.status = STATUS_ACCEPTED,
                             .report = r,
                             .key = key_of_report(r),
                             .content_hash = key_of_content(r),
                             .transport = TRANSPORT_HTTPS,
                             .tier = TIER_VERIFIED,
                             .trust_reason = "listed host mx.example.net",
                             .received = r->end + 86400,
                             .peer = "192.0.2.1",
                             .peer_name = "mx.example.net",
                             .source = "192.0.2.0/24",
                             .policy_domains_hint = "",
                             .raw = bytes,
                             .raw_bytes = n,
                             .reason = ""};
    s->raw_hash = key_of_bytes(r->report_id, strlen(r->report_id));
}

static void
read_reports(const char *path, const char *salt, size_t times)
{
    const char *bytes;
    size_t n, i = 0;

    pack_read(path, &pack);
    count = pack.reports * times;
    reports = calloc(count, sizeof *reports);
    submissions = calloc(count, sizeof *submissions);
    known = calloc(count, sizeof *known);
    for (size_t t = 0; t < times; t++)
        for (size_t at = 0; pack_next(&pack, &at, &bytes, &n); i++)
            fill(i, bytes, n, salt, t);
    for (i = KNOWN_OF / 2; i < count; i += KNOWN_OF)
        known[known_count++] = &submissions[i];
}

static void
put_known(void)
{
    struct err e = {0};
    struct store *s;

    check(store_open(uri, STORE_COLLECTOR, &s, &e), &e);
    for (size_t i = 0; i < known_count; i += 100)
        check(store_put(s, known + i, known_count - i < 100 ? known_count - i : 100, &e),
              &e);
    store_close(s);
}

static size_t
rows_of(const struct report *r)
{
    size_t rows = 2;

    for (size_t i = 0; i < r->policy_count; i++)
        rows += 2 + r->policies[i].detail_count;
    return rows;
}

/* What an item holds lives in the arena until the end. */
static void
encode(struct batch *b, struct arena *a)
{
    struct put_item *items = arena_array(a, b->count, sizeof *items);
    struct put_item **list = arena_array(a, b->count, sizeof *list);
    struct err e = {0};
    size_t n = 0;

    for (size_t i = b->from; i < b->from + b->count; i++) {
        if (i % KNOWN_OF == KNOWN_OF / 2)
            continue;
        check(rows_init(&items[n], &submissions[i], a, &e), &e);
        list[n] = &items[n];
        n++;
    }
    check(rows_encode(list, n, b->copies, a, &e), &e);
}

static void
make_batches(size_t batch_size, struct arena *a)
{
    batches = calloc(count, sizeof *batches);
    for (size_t i = 0; i < count; batch_count++) {
        struct batch *b = &batches[batch_count];
        size_t rows = 0;

        b->from = i;
        while (i < count && b->count < batch_size && (b->count == 0 || rows < MAX_ROWS)) {
            rows += rows_of(submissions[i++].report);
            b->count++;
        }
        if (copying)
            encode(b, a);
    }
}

static size_t
put_one(struct store *s, const struct batch *b)
{
    struct submission **list = calloc(b->count, sizeof *list);
    struct err e = {0};
    size_t stored = 0;

    for (size_t i = 0; i < b->count; i++)
        list[i] = &submissions[b->from + i];
    check(store_put(s, list, b->count, &e), &e);
    for (size_t i = 0; i < b->count; i++)
        stored += list[i]->outcome == OUTCOME_STORED;
    free(list);
    return stored;
}

static size_t
copy_one(struct store *s, const struct batch *b)
{
    const struct buf *copies[STORE_TABLES];
    struct err e = {0};
    size_t stored = b->count;

    for (int t = 0; t < STORE_TABLES; t++)
        copies[t] = &b->copies[t];
    for (size_t i = b->from; i < b->from + b->count; i++)
        stored -= i % KNOWN_OF == KNOWN_OF / 2;
    check(pg_script(s->pg, query_put_believed, copies, STORE_TABLES, &e), &e);
    return stored;
}

static void *
write_batches(void *unused)
{
    struct err e = {0};
    struct store *s;
    size_t i;

    (void)unused;
    check(store_open(uri, STORE_COLLECTOR, &s, &e), &e);
    (void)pthread_barrier_wait(&line);
    while ((i = next_batch++) < batch_count)
        kept += copying ? copy_one(s, &batches[i]) : put_one(s, &batches[i]);
    (void)pthread_barrier_wait(&line);
    store_close(s);
    return NULL;
}

static double
seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
    pthread_t threads[MAX_WRITERS];
    struct arena arena;
    double from;

    if (argc < 7 || argc > 8)
        return 64;
    uri = argv[1];
    copying = strcmp(argv[2], "copy") == 0;
    writer_count = strtoul(argv[3], NULL, 10) % MAX_WRITERS;
    arena_init(&arena, 0);
    read_reports(argv[5], argv[6], argc == 8 ? strtoul(argv[7], NULL, 10) : 1);
    make_batches(strtoul(argv[4], NULL, 10), &arena);
    put_known();
    (void)pthread_barrier_init(&line, NULL, (unsigned)writer_count + 1);
    for (size_t i = 0; i < writer_count; i++)
        (void)pthread_create(&threads[i], NULL, write_batches, NULL);
    (void)pthread_barrier_wait(&line);
    from = seconds();
    (void)pthread_barrier_wait(&line);
    from = seconds() - from;
    for (size_t i = 0; i < writer_count; i++)
        (void)pthread_join(threads[i], NULL);
    (void)printf("%zu %.6f\n", kept, from);
    return EXIT_SUCCESS;
}
