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
    static const char *const want[] = {"c a 1 x", "c a 1 y", "c b 0 x", "w a 0 x",
                                       "i a 0 x"};
    char subject[] = "1";
    struct complaints l, all;

    (void)state;
    complaints_init(&l, "a", "0");
    complaints_init(&all, "", "");
    complain(&l, SEVERITY_INFO, "x", "fix", "%d", 1);
    complain(&l, SEVERITY_WARNING, "x", "fix", "%s", "");
    l.subject = subject;
    complain(&l, SEVERITY_CRITICAL, "y", "fix", "%s", "");
    complain(&l, SEVERITY_CRITICAL, "x", "fix", "%s", "");
    l.subject = "0";
    l.domain = "b";
    complain(&l, SEVERITY_CRITICAL, "x", "fix", "%s", "");
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
    complaints_init(&l, "d", "s");
    for (int i = 0; i < 1000; i++)
        complain(&l, SEVERITY_INFO, "x", "fix", "number %d", i);
    assert_false(l.failed);
    assert_int_equal(l.count, 1000);
    assert_string_equal(l.items[0].what, "number 0");
    assert_string_equal(l.items[999].what, "number 999");
    complaints_clear(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_texts_and_sorts_the_worst_first),
        cmocka_unit_test(takes_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
