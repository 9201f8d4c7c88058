#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {"summary",  "domains",  "senders",  "failures",
                                    "reports",  "show",     "findings", "readiness",
                                    "policies", "coverage", "db"};

static const struct {
    const char *typed, *meant; /* NULL: nothing */
} cases[] = {
    {"sumary", "summary"},
    {"summray", "summary"},
    {"sum", "summary"},
    {"domain", "domains"},
    {"sender", "senders"},
    {"failure", "failures"},
    {"report", "reports"},
    {"shwo", "show"},
    {"finding", "findings"},
    {"polices", "policies"},
    {"dp", "db"},
    {"s", NULL},
    {"", NULL},
    {"xyz", NULL},
    {"serve", NULL},
    {"prune", NULL},
    {"statistics", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
};

static void
test_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suggest s;

        suggest_init(&s, cases[i].typed);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            suggest_offer(&s, words[k]);
        if (cases[i].meant == NULL
                ? s.nearest != NULL
                : s.nearest == NULL || strcmp(s.nearest, cases[i].meant) != 0)
            fail_msg("\"%s\": %s", cases[i].typed,
                     s.nearest == NULL ? "nothing" : s.nearest);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
