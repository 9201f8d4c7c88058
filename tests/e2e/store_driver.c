/* Drives the store's owner functions for the tests of schema/store_*.c against a real
 * PostgreSQL: store_driver migrate URI | maintain URI DAYS BYTES */
#include "schema/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
say(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

int
main(int argc, char **argv)
{
    struct err e = {0};
    bool ok = false;

    if (argc == 3 && strcmp(argv[1], "migrate") == 0) {
        ok = store_migrate(argv[2], say, NULL, &e);
    } else if (argc == 5 && strcmp(argv[1], "maintain") == 0) {
        struct store_limits limits = {strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10)};

        ok = store_maintain(argv[2], &limits, say, NULL, &e);
    } else {
        err_set(&e, ERR_INPUT, "usage: store_driver migrate URI | maintain URI DAYS BYTES");
    }
    if (!ok)
        fprintf(stderr, "%s\n", e.text);
    return ok ? 0 : err_exit_code(&e);
}
