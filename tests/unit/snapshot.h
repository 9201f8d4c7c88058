/* Compares a text with the file tests/snapshots/NAME; with TLSRPT_UPDATE=1 writes the
 * file instead, for a person to look at before it is committed. Include after cmocka.h.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void
snapshot_check(const char *name, const char *text, size_t n)
{
    char path[4096], kept[65536];
    const char *update = getenv("TLSRPT_UPDATE");
    size_t len;
    FILE *f;

    (void)snprintf(path, sizeof path, TESTS_DIR "/snapshots/%s", name);
    f = fopen(path, update != NULL ? "w" : "r");
    if (f == NULL)
        fail_msg("cannot open %s", path);
    if (update != NULL) {
        len = fwrite(text, 1, n, f);
        (void)fclose(f);
        assert_int_equal(len, n);
        return;
    }
    len = fread(kept, 1, sizeof kept, f);
    (void)fclose(f);
    if (len != n || memcmp(kept, text, n) != 0)
        fail_msg("%s differs; this is what came:\n%.*s", name, (int)n, text);
}
