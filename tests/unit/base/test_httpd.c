/* The server over real sockets: who waits too long is cut, too many wait, stop answers
 * what is under way. */
#include "base/httpd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST "GET /x?y=%20 HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* Handlers that are inside, the most there were, and whether they may leave. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned inside, most, numbers;
    bool open;
};

static void
handle(void *ctx, unsigned thread, const struct httpd_request *q, struct httpd_answer *a)
{
    struct gate *g = ctx;

    pthread_mutex_lock(&g->lock);
    g->numbers |= 1U << thread;
    if (++g->inside > g->most)
        g->most = g->inside;
    pthread_cond_broadcast(&g->changed);
    while (!g->open)
        pthread_cond_wait(&g->changed, &g->lock);
    g->inside--;
    pthread_mutex_unlock(&g->lock);
    (void)buf_printf(&a->body, "%s|%s|%s", q->path, q->query, httpd_header(q, "Host"));
}

static struct httpd *
start(struct gate *g, bool open)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    const struct httpd_config config = {.listen = listen,
                                        .listen_count = 1,
                                        .loopback_only = true,
                                        .threads = 2,
                                        .idle_s = 1,
                                        .max_connections = 4,
                                        .handler = handle,
                                        .ctx = g};
    struct httpd *h;
    struct err e = {0};

    *g = (struct gate){.open = open};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    assert_true(httpd_start(&config, &h, &e));
    assert_null(httpd_address(h, 1));
    return h;
}

static int
dial(const struct httpd *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(strrchr(httpd_address(h, 0), ':') + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* All that comes until the server closes, or `until` has come. */
static void
read_all(int fd, const char *until, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, out + len, size - 1 - len)) > 0) {
        len += (size_t)n;
        out[len] = '\0';
        if (until != NULL && strstr(out, until) != NULL)
            return;
    }
    out[len] = '\0';
}

static void
say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
test_answers_again_and_again(void **state)
{
    struct gate g;
    struct httpd *h = start(&g, true);
    int fd = dial(h);
    char text[2000];

    (void)state;
    for (int i = 0; i < 3; i++) {
        say(fd, REQUEST);
        read_all(fd, "localhost", text, sizeof text);
        assert_non_null(strstr(text, "/x|y=%20|localhost"));
    }
    close(fd);
    httpd_stop(h);
}

static void
test_who_waits_too_long_is_cut(void **state)
{
    static const char *const begun[] = {"", "GET", REQUEST};
    struct gate g;
    struct httpd *h = start(&g, true);
    char text[2000];

    (void)state;
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        int fd = dial(h);

        say(fd, begun[i]);
        read_all(fd, NULL, text, sizeof text); /* returns, since it is closed */
        close(fd);
    }
    httpd_stop(h);
}

static void
test_a_byte_now_and_then_is_not_enough(void **state)
{
    const struct timespec pause = {.tv_nsec = 300000000};
    struct gate g;
    struct httpd *h = start(&g, true);
    int fd = dial(h);
    const char *slow =
        "GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    (void)state;
    while (send(fd, slow++, 1, MSG_NOSIGNAL) == 1 && *slow != '\0')
        nanosleep(&pause, NULL);
    assert_true(*slow != '\0');
    close(fd);
    httpd_stop(h);
}

static void *
ask(void *arg)
{
    const int *fd = arg;
    char *text = calloc(1, 2000);

    read_all(*fd, "localhost", text, 2000);
    close(*fd);
    return text;
}

static void *
stop(void *h)
{
    httpd_stop(h);
    return NULL;
}

static void
test_two_at_a_time_and_stop_answers_all(void **state)
{
    struct gate g;
    struct httpd *h = start(&g, false);
    pthread_t clients[4], stopper;
    int answered = 0, fds[4];
    void *text;

    (void)state;
    for (size_t i = 0; i < 4; i++) { /* before anything stops: then nobody listens */
        fds[i] = dial(h);
        say(fds[i], REQUEST);
        assert_int_equal(pthread_create(&clients[i], NULL, ask, &fds[i]), 0);
    }
    pthread_mutex_lock(&g.lock);
    while (g.inside < 2)
        pthread_cond_wait(&g.changed, &g.lock);
    pthread_mutex_unlock(&g.lock);
    assert_int_equal(pthread_create(&stopper, NULL, stop, h), 0);
    pthread_mutex_lock(&g.lock);
    g.open = true;
    pthread_cond_broadcast(&g.changed);
    pthread_mutex_unlock(&g.lock);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(clients[i], &text), 0);
        answered += strstr(text, "/x|y=%20|localhost") != NULL;
        free(text);
    }
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_true(answered >= 2); /* the others may have come too late */
    assert_int_equal(g.inside, 0);
    assert_int_equal(g.numbers & ~3U, 0);
    assert_int_equal(g.most, 2);
}

static void
test_headers(void **state)
{
    struct httpd_answer a = {0};
    char longer[300];

    (void)state;
    assert_true(httpd_set_header(&a, "A", "b"));
    assert_false(httpd_set_header(&a, "A", "b\r\nC: d"));
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(httpd_set_header(&a, "A", longer));
    while (a.header_count < HTTPD_HEADERS)
        assert_true(httpd_set_header(&a, "A", "b"));
    assert_false(httpd_set_header(&a, "A", "b"));
}

static void
test_only_loopback(void **state)
{
    static const char *const listen[] = {"0.0.0.0:0"};
    const struct httpd_config config = {.listen = listen,
                                        .listen_count = 1,
                                        .loopback_only = true,
                                        .threads = 1,
                                        .idle_s = 1,
                                        .max_connections = 1};
    struct httpd *h;
    struct err e = {0};

    (void)state;
    assert_false(httpd_start(&config, &h, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_null(h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_again_and_again),
        cmocka_unit_test(test_who_waits_too_long_is_cut),
        cmocka_unit_test(test_a_byte_now_and_then_is_not_enough),
        cmocka_unit_test(test_two_at_a_time_and_stop_answers_all),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_only_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
