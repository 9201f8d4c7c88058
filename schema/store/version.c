#include "schema/store/version.h"

#include <stdlib.h>

enum {
    PARTS = 3
};

static int
compare_parts(const char *a, const char *b, int parts)
{
    for (int i = 0; i < parts; i++) {
        char *a_end, *b_end;
        long x = strtol(a, &a_end, 10), y = strtol(b, &b_end, 10);

        if (x != y)
            return x < y ? -1 : 1;
        a = *a_end == '.' ? a_end + 1 : a_end;
        b = *b_end == '.' ? b_end + 1 : b_end;
    }
    return 0;
}

int
version_compare(const char *a, const char *b)
{
    return compare_parts(a, b, PARTS);
}

bool
version_fits(const char *program, const char *oldest, const char *newest, struct err *e)
{
    if (oldest == NULL || newest == NULL)
        return err_set(e, ERR_CONFIG,
                       "the database was never migrated: run `tlsrptd migrate`");
    if (version_compare(program, oldest) < 0)
        return err_set(
            e, ERR_CONFIG,
            "the database needs version %s or later, and this is %s: upgrade the "
            "program",
            oldest, program);
    if (compare_parts(program, newest, PARTS - 1) > 0)
        return err_set(
            e, ERR_CONFIG,
            "the database was migrated by version %s, and this is %s: run `tlsrptd "
            "migrate`",
            newest, program);
    return true;
}
