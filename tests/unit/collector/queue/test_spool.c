/* The spool on a real directory: order, quotas, what a crash leaves, what is damaged. */
#include "collector/queue/spool.h"

#include "collector/queue/spool_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[64], path[128];
    struct settings s;
    struct spool *spool;
};

static void
open_spool(struct place *p)
{
    struct err e = {0};

    if (!spool_open(&p->s, &p->spool, &e))
        fail_msg("%s", e.text);
}

static int
setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    (void)strcpy(p->dir, "/tmp/tlsrpt-spool-XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        return -1;
    p->s.state_dir = p->dir;
    p->s.https.spool_max_bytes = 1 << 20;
    p->s.https.spool_max_files = 5;
    (void)snprintf(p->path, sizeof p->path, "%s/spool", p->dir);
    open_spool(p);
    *state = p;
    return 0;
}

static int
teardown(void **state)
{
    struct place *p = *state;
    char command[256];

    spool_close(p->spool);
    (void)snprintf(command, sizeof command, "rm -r %s", p->dir);
    if (system(command) != 0)
        return -1;
    free(p);
    return 0;
}

static enum verdict
put_from(struct place *p, const char *peer, const char *body)
{
    struct delivery d = {.bytes = body,
                         .byte_count = strlen(body),
                         .received = 1772323200,
                         .peer = peer,
                         .peer_name = "out.example.net",
                         .understood = true};
    struct delivery *items[] = {&d};

    spool_put(p->spool, items, 1);
    return d.verdict;
}

static enum verdict
put(struct place *p, const char *body)
{
    return put_from(p, "192.0.2.1", body);
}

/* Writes a file into the spool's directory. */
static void
plant(struct place *p, const char *name, const char *bytes)
{
    char path[256];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", p->path, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), f), strlen(bytes));
    assert_int_equal(fclose(f), 0);
}

static bool
is_there(struct place *p, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", p->path, name);
    return access(path, F_OK) == 0;
}

/* Takes the next one, which must be this; NULL: there must be none. */
static void
expect_next(struct place *p, const char *body, bool removes)
{
    struct spooled item;
    bool found = spool_next(p->spool, &item);

    assert_int_equal(found, body != NULL);
    if (!found)
        return;
    assert_int_equal(item.delivery.byte_count, strlen(body));
    assert_memory_equal(item.delivery.bytes, body, strlen(body));
    assert_int_equal(item.delivery.kind, DELIVERY_REPORT);
    assert_int_equal(item.delivery.transport, TRANSPORT_HTTPS);
    assert_int_equal(item.delivery.received, 1772323200);
    assert_string_equal(item.delivery.peer, "192.0.2.1");
    assert_string_equal(item.delivery.peer_name, "out.example.net");
    assert_null(item.delivery.policy_domain);
    if (removes)
        spool_remove(p->spool, &item);
    buf_clear(&item.file);
}

static void
expect_usage(struct place *p, int64_t files, int64_t aside)
{
    struct spool_usage usage;

    spool_usage(p->spool, &usage);
    assert_int_equal(usage.files, files);
    assert_int_equal(usage.aside, aside);
    assert_int_equal(usage.bytes > 0, files > 0);
}

static void
test_first_in_first_out(void **state)
{
    struct place *p = *state;
    struct stat st;

    assert_int_equal(put(p, "one"), VERDICT_SPOOLED);
    assert_int_equal(put(p, "two"), VERDICT_SPOOLED);
    expect_usage(p, 2, 0);
    expect_next(p, "one", false);
    expect_next(p, "two", false);
    expect_next(p, NULL, false);
    expect_next(p, "one", false);
    spool_rewind(p->spool);
    expect_next(p, "one", true);
    assert_int_equal(put(p, "three"), VERDICT_SPOOLED);
    expect_next(p, "two", true);
    expect_next(p, NULL, false);
    expect_next(p, "three", true);
    expect_next(p, NULL, false);
    expect_usage(p, 0, 0);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void
test_it_is_there_after_a_restart(void **state)
{
    struct place *p = *state;
    struct spool *second;
    struct err e = {0};

    assert_int_equal(put(p, "one"), VERDICT_SPOOLED);
    assert_false(spool_open(&p->s, &second, &e)); /* one process at a time */
    assert_int_equal(e.kind, ERR_CONFIG);
    plant(p, "00000000000000000007.half", "tlsrpt-sp");
    spool_close(p->spool);
    open_spool(p);
    assert_false(is_there(p, "00000000000000000007.half"));
    expect_usage(p, 1, 0);
    assert_int_equal(put(p, "two"), VERDICT_SPOOLED);
    expect_next(p, "one", true);
    expect_next(p, "two", true);
}

/* A network has three times what is still free, and no more. */
static void
test_quota(void **state)
{
    struct place *p = *state;
    struct peer here = peer_network_of("192.0.2.1"),
                other = peer_network_of("203.0.113.1");
    char *big = calloc(1, 1 << 20);
    struct spooled item;
    enum {
        MOST = (3 << 20) / 4 - 300
    };

    assert_non_null(big);
    for (int i = 0; i < 3; i++)
        assert_int_equal(put(p, "x"), VERDICT_SPOOLED);
    assert_true(spool_has_room(p->spool, &here));
    assert_int_equal(put(p, "x"), VERDICT_SPOOLED);
    assert_false(spool_has_room(p->spool, &here));
    assert_true(spool_has_room(p->spool, &other));
    assert_int_equal(put(p, "x"), VERDICT_AGAIN);
    assert_int_equal(put_from(p, "203.0.113.7", "x"), VERDICT_SPOOLED);
    assert_int_equal(put_from(p, "198.51.100.1", "x"), VERDICT_AGAIN);
    expect_usage(p, 5, 0);
    for (int i = 0; i < 5; i++) {
        assert_true(spool_next(p->spool, &item));
        spool_remove(p->spool, &item);
        buf_clear(&item.file);
    }
    expect_usage(p, 0, 0);
    memset(big, 'x', MOST + 600);
    assert_int_equal(put(p, big), VERDICT_AGAIN);
    big[MOST] = '\0';
    assert_int_equal(put(p, big), VERDICT_SPOOLED);
    free(big);
}

/* The one post of another network does not wait behind all of the first. */
static void
test_networks_in_turn(void **state)
{
    static const char *const from[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3",
                                       "203.0.113.1"};
    static const char *const want[] = {"192.0.2.1", "203.0.113.1", "192.0.2.2",
                                       "192.0.2.3"};
    struct place *p = *state;
    struct spooled item;

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(put_from(p, from[i], "x"), VERDICT_SPOOLED);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < 4; i++) {
            assert_true(spool_next(p->spool, &item));
            assert_string_equal(item.delivery.peer, want[i]);
            buf_clear(&item.file);
        }
        spool_close(p->spool);
        open_spool(p);
    }
}

static void
test_damaged_files_are_kept_apart(void **state)
{
    static const char *const damaged[] = {
        "", "tlsrpt-spool 1 ", "tlsrpt-spool 2 newer\n",
        ("tlsrpt-spool 1 "
         "0000000000000000000000000000000000000000000000000000000000000000\n\nx")};
    struct place *p = *state;

    for (size_t i = 0; i < 4; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "0000000000000000000%zu.report", i);
        plant(p, name, damaged[i]);
    }
    plant(p, "README", "no file of ours");
    spool_close(p->spool);
    open_spool(p);
    assert_int_equal(put(p, "good"), VERDICT_SPOOLED);
    expect_next(p, "good", true);
    expect_next(p, NULL, false);
    expect_usage(p, 4, 4);
    assert_true(is_there(p, "00000000000000000002.aside"));
    expect_next(p, NULL, false);
    spool_close(p->spool);
    open_spool(p);
    expect_usage(p, 4, 4);
}

/* What version 0.2.0 wrote. */
static void
test_old_files_stay_readable(void **state)
{
    static const char old[] =
        "tlsrpt-spool 1 "
        "238bc79adb6c73f003122fb1a49703f172f38a59a631f617a66b8f194fc2367e\n"
        "received 1772323200\npeer 192.0.2.1\nname out.example.net\ndomain "
        "example.com\n\n{}\n";
    struct delivery d = {.bytes = "{}\n",
                         .byte_count = 3,
                         .received = 1772323200,
                         .peer = "192.0.2.1",
                         .peer_name = "out.example.net",
                         .policy_domain = "example.com",
                         .understood = true};
    struct err e = {0};
    struct buf file;

    (void)state;
    buf_init(&file, 0);
    assert_true(spool_file_encode(&d, &file));
    assert_string_equal(file.bytes, old);
    assert_true(spool_file_decode(&file, &d, &e));
    assert_string_equal(d.policy_domain, "example.com");
    assert_int_equal(d.byte_count, 3);
    assert_true(d.understood);
    buf_clear(&file);
    d = (struct delivery){.bytes = "{}\n", .byte_count = 3, .peer = "", .peer_name = ""};
    assert_true(spool_file_encode(&d, &file));
    assert_non_null(strstr(file.bytes, "\nunread\n\n{}\n"));
    d.understood = true;
    assert_true(spool_file_decode(&file, &d, &e));
    assert_false(d.understood);
    buf_clear(&file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_in_first_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_is_there_after_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
        cmocka_unit_test_setup_teardown(test_networks_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files_are_kept_apart, setup,
                                        teardown),
        cmocka_unit_test(test_old_files_stay_readable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
