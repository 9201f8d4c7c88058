#include "schema/settings/credentials.h"

#include "schema/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
put(const char *directory, const char *name, const char *text)
{
    char path[256];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_non_null(f = fopen(path, "w"));
    (void)fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void
test_take(void **state)
{
    char directory[] = "/tmp/tlsrpt-credentials-XXXXXX", path[256];
    static const char *const names[] = {"certificate", "key", "uri", "reader_uri"};
    struct settings s;
    struct err e = {0};

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_true(settings_parse("test", "https { key = \"/own/key\" }", &s, &e));
    assert_true(credentials_take(directory, &s, &e)); /* nothing is there */
    assert_null(s.https.certificate);
    assert_null(s.database.uri);
    put(directory, "certificate", "PEM");
    put(directory, "key", "PEM");
    put(directory, "uri", "postgresql://a@b/c\n");
    put(directory, "reader_uri", "\n"); /* SetCredential=reader_uri: without a value */
    assert_true(credentials_take(directory, &s, &e));
    (void)snprintf(path, sizeof path, "%s/certificate", directory);
    assert_string_equal(s.https.certificate, path);
    assert_string_equal(s.https.key, "/own/key");
    assert_string_equal(s.database.uri, "postgresql://a@b/c");
    assert_null(s.database.reader_uri);
    assert_null(s.database.owner_uri);
    settings_clear(&s);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/uri", directory); /* what cannot be read */
    assert_int_equal(symlink(path, path), 0);
    assert_true(settings_parse("test", "", &s, &e));
    assert_false(credentials_take(directory, &s, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_non_null(strstr(e.text, "/uri"));
    settings_clear(&s);
    (void)unlink(path);
    (void)rmdir(directory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
