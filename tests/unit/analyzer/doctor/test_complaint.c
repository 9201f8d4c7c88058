#include "analyzer/doctor/complaint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
keeps_texts_and_sorts_the_worst_first(void **state)
{
    static const char *const want[] = {"c a 1 spool-full", "c a 1 user-missing",
                                       "c b 0 spool-full", "w a 0 too-many",
                                       "i a 0 no-door"};
    char subject[] = "1";
    struct complaints l, all;

    (void)state;
    complaints_init(&l, "a");
    complaints_init(&all, "");
    complain(&l, NO_DOOR, "0", "%d", 1);
    complain(&l, TOO_MANY_NAMES, "0", "%s", "");
    complain(&l, USER_MISSING, subject, "%s", "");
    complain(&l, SPOOL_FULL, subject, "%s", "");
    l.domain = "b";
    complain(&l, SPOOL_FULL, "0", "%s", "");
    subject[0] = '2';
    assert_true(complaints_add(&all, &l));
    assert_int_equal(all.count, sizeof want / sizeof *want);
    qsort(all.items, all.count, sizeof *all.items, complaint_compare);
    for (size_t i = 0; i < all.count; i++) {
        const struct complaint *c = &all.items[i];
        char text[40];

        (void)snprintf(text, sizeof text, "%c %s %s %s", severity_text(c->severity)[0],
                       c->domain, c->subject, c->check);
        assert_string_equal(text, want[i]);
    }
    complaints_clear(&all);
    complaints_clear(&l);
}

static void
takes_many(void **state)
{
    struct complaints l;

    (void)state;
    complaints_init(&l, "d");
    for (int i = 0; i < 1000; i++)
        complain(&l, NO_DOOR, "s", "number %d", i);
    assert_false(l.failed);
    assert_int_equal(l.count, 1000);
    assert_string_equal(l.items[0].what, "number 0");
    assert_string_equal(l.items[999].what, "number 999");
    complaints_clear(&l);
}

static void
knows_a_check_and_a_fix_of_each_kind(void **state)
{
    struct complaints l;

    (void)state;
    complaints_init(&l, "d");
    for (int kind = 0; kind < COMPLAINT_KINDS; kind++)
        complain(&l, (enum complaint_kind)kind, "s", "%s", "");
    assert_false(l.failed);
    assert_int_equal(l.count, COMPLAINT_KINDS);
    complaints_clear(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_texts_and_sorts_the_worst_first),
        cmocka_unit_test(takes_many),
        cmocka_unit_test(knows_a_check_and_a_fix_of_each_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
