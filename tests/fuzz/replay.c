/* Runs a fuzz target over every file below the folders named; a folder may be absent. */
#include "tests/fuzz/fuzz.h"

#include "base/buf.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    OPEN_FOLDERS = 16
};

static size_t replayed;

static int
replay(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    struct buf b;
    char chunk[65536];
    size_t n;
    FILE *f;

    (void)st;
    (void)ftw;
    if (type != FTW_F)
        return 0;
    if ((f = fopen(path, "rb")) == NULL)
        return -1;
    buf_init(&b, 0);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        (void)buf_append(&b, chunk, n);
    (void)fclose(f);
    /* A copy of the exact size, so that a sanitizer sees a read past the end. */
    b.bytes = realloc(b.bytes, b.len == 0 ? 1 : b.len);
    if (b.bytes == NULL)
        return -1;
    (void)LLVMFuzzerTestOneInput((uint8_t *)b.bytes, b.len);
    buf_clear(&b);
    replayed++;
    return 0;
}

int
main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        struct stat st;

        if (stat(argv[i], &st) == 0 &&
            nftw(argv[i], replay, OPEN_FOLDERS, FTW_PHYS) != 0) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
    }
    (void)printf("%zu files\n", replayed);
    return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
