/* Names of sockets, and who may listen there. */
#include "base/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *where;
    bool local, ok;
    const char *begins; /* what listener_print() begins with */
} names[] = {
    {"127.0.0.1:0", true, true, "127.0.0.1:"},
    {"[::1]:0", true, true, "[::1]:"},
    {"127.9.9.9:0", true, true, "127.9.9.9:"},
    {"0.0.0.0:0", true, false, ""},
    {"0.0.0.0:0", false, true, "0.0.0.0:"},
    {"192.0.2.1:0", true, false, ""},
    {"127.0.0.1", true, false, ""},
    {"localhost:0", true, false, ""},
    {":0", true, false, ""},
    {"127.0.0.1:http", true, false, ""},
    {"unix:relative", true, false, ""},
    {"unix:/nonexistent/socket", true, false, ""},
    {"", true, false, ""},
};

static void
opens_what_is_named(void **state)
{
    char shown[LISTENER_NAME_BYTES];
    struct err e;
    int fd = -1;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        err_clear(&e);
        if (strstr(names[i].where, "::1") != NULL &&
            access("/proc/net/if_inet6", F_OK) != 0)
            continue;
        if (listener_open(names[i].where, names[i].local, &fd, &e) != names[i].ok)
            fail_msg("%s: %s", names[i].where, e.text);
        if (!names[i].ok) {
            assert_int_equal(e.kind, ERR_CONFIG);
            continue;
        }
        (void)listener_print(fd, false, shown);
        assert_memory_equal(shown, names[i].begins, strlen(names[i].begins));
        assert_string_not_equal(shown + strlen(names[i].begins), "0");
        listener_close(fd);
    }
}

static void
a_unix_socket_has_one_listener(void **state)
{
    char directory[] = "/tmp/tlsrpt-listener-XXXXXX", path[64], where[80], shown[128];
    struct err e = {0};
    int fd, second, client;

    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/s", directory);
    (void)snprintf(where, sizeof where, "unix:%s", path);
    assert_true(listener_open(where, true, &fd, &e));
    assert_string_equal(listener_print(fd, false, shown), where);
    assert_false(listener_open(where, true, &second, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    err_clear(&e);
    assert_true(listener_connect(path, &client, &e));
    (void)close(client);
    (void)close(fd); /* as a crash would: the path stays */
    assert_false(listener_connect(path, &client, &e));
    assert_int_equal(e.kind, ERR_REFUSED);
    err_clear(&e);
    assert_true(listener_open(where, true, &fd, &e));
    listener_close(fd);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_is_named),
        cmocka_unit_test(a_unix_socket_has_one_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
