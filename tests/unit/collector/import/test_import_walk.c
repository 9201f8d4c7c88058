/* A tree with everything an archive can hold, and what a walk over it finds. */
#include "collector/import/import_walk.h"

#include "base/buf.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MBOX                                                                             \
    "From a Sun Mar  1 00:00:00 2026\nS: 1\n\n"                                          \
    "From a Sun Mar  1 00:00:00 2026\nS: 2\n"

static const struct {
    const char *path, *content, *link; /* content NULL: a directory, or a link */
} tree[] = {
    {"b.eml", "S: b\n", NULL},
    {"a.json", "{}", NULL},
    {"c.mbox", MBOX, NULL},
    {"empty", "", NULL},
    {"exact", "12345678901234567890123456789012", NULL},
    {"more", "123456789012345678901234567890123", NULL},
    {".hidden", "h", NULL},
    {"loop", NULL, "."},
    {"gone", NULL, "nowhere"},
    {"zlink", NULL, "a.json"},
    {"d", NULL, NULL},
    {"d/x", "x", NULL},
    {"md", NULL, NULL},
    {"md/new", NULL, NULL},
    {"md/cur", NULL, NULL},
    {"md/tmp", NULL, NULL},
    {"md/.Sub", NULL, NULL},
    {"md/.Sub/cur", NULL, NULL},
    {"md/.Sub/new", NULL, NULL},
    {"md/new/1", "n", NULL},
    {"md/cur/2:2,S", "c", NULL},
    {"md/tmp/3", "t", NULL},
    {"md/dovecot.index", "i", NULL},
    {"md/.Sub/cur/4", "s", NULL},
};

static char root[] = "/tmp/tlsrpt-walk-XXXXXX";

static int
plant(void **state)
{
    char path[256];

    (void)state;
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof tree / sizeof *tree; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, tree[i].path);
        if (tree[i].link != NULL) {
            assert_int_equal(symlink(tree[i].link, path), 0);
        } else if (tree[i].content == NULL) {
            assert_int_equal(mkdir(path, 0700), 0);
        } else {
            FILE *f = fopen(path, "w");

            assert_non_null(f);
            assert_true(fputs(tree[i].content, f) >= 0);
            assert_int_equal(fclose(f), 0);
        }
    }
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int
fell(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct seen {
    struct buf text;
    size_t stop_after;
};

static bool
see(void *ctx, const struct import_item *item)
{
    struct seen *seen = ctx;

    assert_true(buf_printf(&seen->text, "%s=", item->path + strlen(root)) &&
                (item->bytes == NULL ? buf_puts(&seen->text, "(too big)")
                                     : buf_append(&seen->text, item->bytes, item->n)) &&
                buf_putc(&seen->text, '\n'));
    return seen->stop_after == 0 || --seen->stop_after > 0;
}

static void
hear(void *ctx, const char *path, const char *why)
{
    struct seen *seen = ctx;

    assert_true(buf_printf(&seen->text, "%s: %s\n", path + strlen(root), why));
}

static bool
go_on(void *ctx)
{
    (void)ctx;
    return true;
}

static bool
walk(const char *below, struct seen *seen)
{
    const struct import_sink sink = {see, hear, NULL, go_on, seen, 32};
    char path[256];

    (void)snprintf(path, sizeof path, "%s%s", root, below);
    buf_init(&seen->text, 0);
    return import_walk(path, &sink);
}

static const struct {
    const char *below, *want;
} walks[] = {
    {"", "/a.json={}\n"
         "/b.eml=S: b\n\n"
         "/c.mbox=S: 1\n\n"
         "/c.mbox=S: 2\n\n"
         "/d/x=x\n"
         "/exact=12345678901234567890123456789012\n"
         "/gone: No such file or directory\n"
         "/md/new/1=n\n" /* before cur, where it might go meanwhile */
         "/md/cur/2:2,S=c\n"
         "/md/.Sub/cur/4=s\n"
         "/more=(too big)\n"
         "/zlink={}\n"},
    {"/loop", NULL}, /* named itself, a link to a directory is followed */
    {"/a.json", "/a.json={}\n"},
    {"/.hidden", "/.hidden=h\n"},
    {"/nothing", "/nothing: No such file or directory\n"},
};

static void
finds_what_is_there_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        struct seen seen = {0};

        assert_true(walk(walks[i].below, &seen));
        if (walks[i].want == NULL)
            assert_non_null(strstr(seen.text.bytes, "/loop/md/new/1=n\n"));
        else
            assert_string_equal(seen.text.bytes, walks[i].want);
        buf_clear(&seen.text);
    }
}

static void
stops_when_told(void **state)
{
    (void)state;
    for (size_t n = 1; n < 9; n++) {
        struct seen seen = {.stop_after = n};
        size_t lines = 0;

        assert_false(walk("/md/..", &seen));
        for (const char *s = seen.text.bytes; (s = strchr(s, '=')) != NULL; s++)
            lines++;
        assert_int_equal(lines, n);
        buf_clear(&seen.text);
    }
}

static void
measures_what_a_walk_reads(void **state)
{
    char path[256];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/md", root);
    assert_int_equal(import_measure(path), 3);
    assert_int_equal(import_measure("/nonexistent"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_there_in_order),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(measures_what_a_walk_reads),
    };

    return cmocka_run_group_tests(tests, plant, fell);
}
