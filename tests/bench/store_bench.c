/* How many small reports a second store_put() keeps: store_bench URI WRITERS BATCH
 * SECONDS prints one number. ingest.py sets it beside what PostgreSQL does alone. */
#include "schema/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_BATCH = 1000,
    MAX_WRITERS = 64,
    DOMAINS = 200,
    DAYS = 30,
};

static const char raw[600]; /* gzip of a small report is about as large */

static const char *uri;
static size_t batch_size;
static atomic_bool stop;
static _Atomic long kept;

struct slot {
    struct report report;
    struct policy policy;
    struct submission submission;
    char id[40], domain[40];
};

static void
fill(struct slot *slot, unsigned writer, unsigned long number)
{
    const int64_t today = (int64_t)time(NULL) / 86400;

    snprintf(slot->id, sizeof slot->id, "%ld-%u-%lu", (long)getpid(), writer, number);
    snprintf(slot->domain, sizeof slot->domain, "d%lu.example", number % DOMAINS);
    slot->policy = (struct policy){.type_text = "sts",
                                   .domain = slot->domain,
                                   .successful_sessions = 7,
                                   .leading = true};
    slot->report = (struct report){.organization = "Example Inc.",
                                   .report_id = slot->id,
                                   .sender = "example.net",
                                   .submitter = "example.net",
                                   .start = (today - (int64_t)(number % DAYS)) * 86400,
                                   .policies = &slot->policy,
                                   .policy_count = 1};
    slot->report.end = slot->report.start + 86399;
    slot->submission = (struct submission){.status = STATUS_ACCEPTED,
                                           .report = &slot->report,
                                           .transport = TRANSPORT_HTTPS,
                                           .tier = TIER_VERIFIED,
                                           .trust_reason = "a measurement",
                                           .received = today * 86400,
                                           .peer = "192.0.2.1",
                                           .peer_name = "",
                                           .source = "192.0.2.0/24",
                                           .policy_domains_hint = "",
                                           .reason = "",
                                           .raw = raw,
                                           .raw_bytes = sizeof raw};
    slot->submission.key = key_of_report(&slot->report);
    slot->submission.raw_hash = key_of_bytes(slot->id, strlen(slot->id));
}

static void *
write_batches(void *writer)
{
    struct slot *slots = calloc(batch_size, sizeof *slots);
    struct submission *list[MAX_BATCH];
    struct err e = {0};
    struct store *s;
    unsigned long number = 0;

    if (slots == NULL || !store_open(uri, STORE_COLLECTOR, &s, &e)) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    while (!stop) {
        for (size_t i = 0; i < batch_size; i++) {
            fill(&slots[i], *(unsigned *)writer, number++);
            list[i] = &slots[i].submission;
        }
        if (!store_put(s, list, batch_size, &e)) {
            fprintf(stderr, "%s\n", e.text);
            exit(1);
        }
        for (size_t i = 0; i < batch_size; i++)
            kept += list[i]->outcome == OUTCOME_STORED;
    }
    store_close(s);
    free(slots);
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t threads[MAX_WRITERS];
    unsigned numbers[MAX_WRITERS], writers;
    struct timespec from, to;

    if (argc != 5)
        return 64;
    uri = argv[1];
    writers = (unsigned)strtoul(argv[2], NULL, 10) % MAX_WRITERS;
    batch_size = strtoul(argv[3], NULL, 10) % (MAX_BATCH + 1);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned i = 0; i < writers; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, write_batches, &numbers[i]);
    }
    sleep((unsigned)strtoul(argv[4], NULL, 10));
    stop = true;
    for (unsigned i = 0; i < writers; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.0f\n", (double)kept / ((double)(to.tv_sec - from.tv_sec) +
                                     (double)(to.tv_nsec - from.tv_nsec) / 1e9));
    return 0;
}
