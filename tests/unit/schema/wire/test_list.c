/* Lists of strings, and what stands in their place. */
#include "schema/wire/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOTED(q) QUIRK_BIT(QUIRK_##q)

static bool
read_one(const char *json, list_add_fn *add, struct report *r, struct list *list,
         struct err *e)
{
    struct decoder d = {.report = r, .e = e};
    enum json_token token = TOKEN_NULL;

    json_read_init(&d.json, json, strlen(json));
    assert_true(json_read_next(&d.json, &token, e));
    return list_read(&d, token, QUIRK_MX_HOST_STRING, add, list);
}

static void
reads_lists(void **state)
{
    static const struct {
        list_add_fn *add;
        const char *json;
        const char *items[3];
        quirk_set quirks;
    } cases[] = {
        {list_add_mx_host, "[\"a\",\"B.\"]", {"a", "b"}, 0},
        {list_add_mx_host, "[]", {NULL}, 0},
        {list_add_mx_host, "null", {NULL}, NOTED(DETAILS_NULL)},
        {list_add_mx_host, "\"a\"", {"a"}, NOTED(MX_HOST_STRING)},
        {list_add_mx_host, "\"\"", {NULL}, NOTED(MX_HOST_STRING)},
        {list_add_mx_host, "{\"a\":[]}", {NULL}, NOTED(MEMBER_TYPE)},
        {list_add_mx_host,
         "[\"a\",null,\"\",5,[\"x\"],\"b\"]",
         {"a", "5", "b"},
         NOTED(MEMBER_TYPE)},
        {list_add_mx_host,
         "[\"mx: a.\",\"MX:b\",\"mx:\"]",
         {"a", "b"},
         NOTED(MX_HOST_PREFIX)},
        {list_add_policy_string, "[\"mx: a\",\"B.\"]", {"mx: a", "B."}, 0},
        {list_add_policy_string,
         "[\"[\\\"3 1 1 aa\\\", \\\"3 1 1 b\\\\u0062\\\"] \",\"c\"]",
         {"3 1 1 aa", "3 1 1 bb", "c"},
         NOTED(POLICY_STRING_JSON)},
        {list_add_policy_string, "[\"[]\"]", {NULL}, NOTED(POLICY_STRING_JSON)},
        {list_add_policy_string, "[\"[1]\"]", {"[1]"}, 0},
        {list_add_policy_string, "[\"[[]]\"]", {"[[]]"}, 0},
        {list_add_policy_string, "[\"[\"]", {"["}, 0},
        {list_add_policy_string, "[\"[\\\"a\\\"]x\"]", {"[\"a\"]x"}, 0},
        {list_add_policy_string, "[\"[\\\"a\\\",]\"]", {"[\"a\",]"}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list list = {0};
        struct report r;
        struct err e = {0};
        size_t n = 0;

        report_init(&r);
        if (!read_one(cases[i].json, cases[i].add, &r, &list, &e))
            fail_msg("%s: %s", cases[i].json, e.text);
        while (n < 3 && cases[i].items[n] != NULL)
            n++;
        if (list.count != n || r.quirks != cases[i].quirks)
            fail_msg("%s: %zu items", cases[i].json, list.count);
        for (size_t k = 0; k < n; k++)
            assert_string_equal(list.items[k], cases[i].items[k]);
        report_clear(&r);
    }
}

static void
bounds_the_elements(void **state)
{
    char json[REPORT_MAX_LIST * 4 + 16];

    (void)state;
    for (int n = REPORT_MAX_LIST; n <= REPORT_MAX_LIST + 1; n++) {
        struct list list = {0};
        struct report r;
        struct err e = {0};
        size_t used = 0;

        json[used++] = '[';
        for (int i = 0; i < n; i++) {
            memcpy(json + used, "\"x\",", 4);
            used += 4;
        }
        memcpy(json + used - 1, "]", 2);
        report_init(&r);
        assert_int_equal(read_one(json, list_add_policy_string, &r, &list, &e),
                         n == REPORT_MAX_LIST);
        assert_int_equal(list.count, REPORT_MAX_LIST);
        report_clear(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(bounds_the_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
