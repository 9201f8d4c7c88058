/* Every question is answered once, by its deadline at the latest, also when nobody
 * answers and when the resolver is closed; answers themselves are tests/e2e's, with a
 * real server. */
#include "base/resolver.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SOON_MS = 300,
    NEVER_MS = 3600 * 1000
};

/* A server that never answers. */
struct silence {
    int fd;
    char address[64];
};

static void
bind_silence(struct silence *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
    (void)snprintf(s->address, sizeof s->address, "127.0.0.1@%u", ntohs(a.sin_port));
}

static struct resolver *
open_at(const struct silence *s)
{
    const char *const forwarders[] = {s->address};
    struct resolver *r;
    struct err e = {0};

    if (!resolver_open(forwarders, 1, &r, &e))
        fail_msg("%s", e.text);
    return r;
}

static void
count(void *ctx, const struct dns_answer *answer)
{
    atomic_int *counts = ctx;

    (void)atomic_fetch_add(&counts[answer->status], 1);
}

static void
a_silent_server_is_given_up(void **state)
{
    static const char *const names[] = {"a.example.net", "b.example.net", ""};
    struct dns_answer *answers[3];
    struct silence s;
    struct resolver *r;

    (void)state;
    bind_silence(&s);
    r = open_at(&s);
    resolver_wait(r, names, 2, DNS_TXT, SOON_MS, answers);
    for (int i = 0; i < 2; i++) {
        assert_non_null(answers[i]);
        assert_int_equal(answers[i]->status, DNS_FAILED);
        free(answers[i]);
    }
    resolver_close(r);
    (void)close(s.fd);
}

static void
what_is_no_name_is_told_apart(void **state)
{
    static char label[64 + 13], name[300];
    const char *const names[] = {label, name, "a..example.net"};
    struct dns_answer *answers[3];
    struct silence s;
    struct resolver *r;

    (void)state;
    memset(label, 'a', 64);
    (void)stpcpy(label + 64, ".example.net");
    memset(name, 'a', sizeof name - 1);
    bind_silence(&s);
    r = open_at(&s);
    resolver_wait(r, names, 3, DNS_TXT, NEVER_MS, answers);
    for (int i = 0; i < 3; i++) {
        assert_non_null(answers[i]);
        assert_int_equal(answers[i]->status, DNS_INVALID);
        free(answers[i]);
    }
    resolver_close(r);
    (void)close(s.fd);
}

static void
pending_questions_hold_at_n_and_break_at_n_plus_1(void **state)
{
    atomic_int counts[DNS_FAILED + 1] = {0};
    struct silence s;
    struct resolver *r;
    char name[64];

    (void)state;
    bind_silence(&s);
    r = open_at(&s);
    for (int i = 0; i < DNS_MAX_PENDING; i++) {
        (void)snprintf(name, sizeof name, "n%d.example.net", i);
        resolver_ask(r, name, DNS_A, NEVER_MS, count, counts);
        assert_int_equal(atomic_load(&counts[DNS_FAILED]), 0);
    }
    resolver_ask(r, "one.more.example.net", DNS_A, NEVER_MS, count, counts);
    assert_int_equal(atomic_load(&counts[DNS_FAILED]), 1);
    resolver_close(r); /* answers them all, and only then returns */
    assert_int_equal(atomic_load(&counts[DNS_FAILED]), DNS_MAX_PENDING + 1);
    (void)close(s.fd);
}

static void
a_forwarder_that_is_none_is_the_operators_to_mend(void **state)
{
    static const char *const forwarders[] = {"not an address"};
    struct resolver *r;
    struct err e = {0};

    (void)state;
    assert_false(resolver_open(forwarders, 1, &r, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_null(r);
    resolver_close(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(what_is_no_name_is_told_apart),
        cmocka_unit_test(pending_questions_hold_at_n_and_break_at_n_plus_1),
        cmocka_unit_test(a_forwarder_that_is_none_is_the_operators_to_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
