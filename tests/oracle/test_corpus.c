/* Every case of tests/corpus ends in its verdict, with its reason, quirks and figures. */
#include "base/when.h"
#include "schema/report/check.h"
#include "schema/report/sender.h"
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"
#include "tests/oracle/corpus.h"
#include "tests/oracle/report_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *
verdict_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE:
        return "accepted";
    case ERR_INPUT:
        return "quarantined";
    case ERR_REFUSED:
        return "refused";
    case ERR_TOO_BIG:
        return "too-big";
    case ERR_AGAIN:
    case ERR_CONFIG:
    case ERR_BUG:
        break;
    }
    return "something is broken here";
}

static int64_t
received_of(const struct corpus_case *c)
{
    const char *text = json_string_value(json_object_get(c->expect, "received"));
    int64_t received = 0;
    unsigned form = 0;

    assert_non_null(text);
    assert_true(when_parse_rfc3339(text, strlen(text), &received, &form));
    return received;
}

struct reading {
    const struct corpus_case *c;
    struct report *first;
    json_int_t count;
    struct err other; /* why something in it is no report */
};

static bool
read_text(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct reading *rd = ctx;
    struct decode_cursor cursor;
    struct report more;

    if (item->kind != INFLATE_JSON && item->len > 0) {
        const char *name = inflate_name(item->text, item->len);

        (void)err_set(&rd->other, ERR_REFUSED, "no TLS report: %s",
                      name != NULL ? name : "no JSON in it");
        return true;
    }
    decode_open(&cursor, item->text, item->len);
    while (cursor.more) {
        struct report *r = rd->count == 0 ? rd->first : &more;

        report_init(r);
        if (!decode_next(&cursor, r, e))
            return false;
        r->quirks |= item->quirks;
        if (!sender_find(r, NULL, e) || !check_report(r, received_of(rd->c), 0, e))
            return false;
        report_lead(r);
        if (rd->count++ > 0)
            report_clear(r);
    }
    return true;
}

static bool
read_input(struct reading *rd, struct err *e)
{
    size_t inflated = 0;

    if (!inflate_each(rd->c->input.bytes, rd->c->input.len, &inflate_defaults, read_text,
                      rd, &inflated, e))
        return false;
    return rd->count > 0 || err_set(e, rd->other.kind, "%s", rd->other.text);
}

/* Two values that should be equal; says what differs. */
static unsigned
compare(const char *name, const char *what, const json_t *want, const json_t *got)
{
    char *w, *g;

    if (want != NULL && got != NULL && json_equal(want, got))
        return 0;
    w = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
    g = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
    print_error("%s: %s: want %s, got %s\n", name, what, w == NULL ? "nothing" : w,
                g == NULL ? "nothing" : g);
    free(w);
    free(g);
    return 1;
}

static json_t *
figures(const struct report *r)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];

        json_array_append_new(rows,
                              json_pack("[s?,s,I,I,I,b]", p->domain, p->type_text,
                                        (json_int_t)p->successful_sessions,
                                        (json_int_t)p->failed_sessions,
                                        (json_int_t)p->detail_count, (int)p->leading));
    }
    return rows;
}

static unsigned
compare_report(const struct corpus_case *c, const struct report *r)
{
    json_t *json = report_json(r), *rows = figures(r), *sender = json_string(r->sender);
    json_t *want;
    const char *path;
    unsigned wrong =
        compare(c->name, "quirks", json_object_get(c->expect, "quirks"),
                json_object_get(json, "quirks")) +
        compare(c->name, "policies", json_object_get(c->expect, "policies"), rows) +
        compare(c->name, "sender", json_object_get(c->expect, "sender"), sender);

    json_object_foreach(json_object_get(c->expect, "fields"), path, want) wrong +=
        compare(c->name, path, want, json_at(json, path));
    json_decref(json);
    json_decref(rows);
    json_decref(sender);
    return wrong;
}

static unsigned
run_case(const struct corpus_case *c)
{
    const char *verdict = json_string_value(json_object_get(c->expect, "verdict"));
    const char *reason = json_string_value(json_object_get(c->expect, "reason"));
    json_t *reports = json_object_get(c->expect, "reports");
    struct err e = {0};
    struct report r;
    struct reading rd = {.c = c, .first = &r};
    unsigned wrong = 0;

    report_init(&r);
    (void)read_input(&rd, &e);
    if (strcmp(verdict, verdict_of(e.kind)) != 0 ||
        (reason != NULL && strstr(e.text, reason) == NULL)) {
        print_error("%s: want %s (%s), got %s (%s)\n", c->name, verdict,
                    reason == NULL ? "" : reason, verdict_of(e.kind), e.text);
        wrong = 1;
    } else if (e.kind == ERR_NONE) {
        wrong = compare_report(c, &r);
        if (rd.count != (reports == NULL ? 1 : json_integer_value(reports))) {
            print_error("%s: %d reports\n", c->name, (int)rd.count);
            wrong++;
        }
    }
    report_clear(&r);
    return wrong;
}

static void
every_case_ends_as_expected(void **state)
{
    struct corpus c = corpus_read(TESTS_DIR "/corpus");
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < c.count; i++)
        wrong += run_case(&c.cases[i]);
    corpus_free(&c);
    assert_int_equal(wrong, 0);
}

/* What only a mail, the owned domains or a media type can tell. */
static const quirk_set of_the_doors =
    QUIRK_BIT(QUIRK_NOT_COMPRESSED) | QUIRK_BIT(QUIRK_POLICIES_DROPPED) |
    QUIRK_BIT(QUIRK_HEADERS_DISAGREE) | QUIRK_BIT(QUIRK_SUBMITTER_MISMATCH);

static void
every_quirk_has_a_case(void **state)
{
    struct corpus c = corpus_read(TESTS_DIR "/corpus");
    json_t *seen = json_object(), *name;
    size_t i;

    (void)state;
    for (size_t k = 0; k < c.count; k++) {
        json_array_foreach(json_object_get(c.cases[k].expect, "quirks"), i, name)
            json_object_set_new(seen, json_string_value(name), json_true());
    }
    for (int q = 0; q < QUIRK_COUNT; q++) {
        bool has = json_object_get(seen, quirk_text((enum quirk)q)) != NULL;

        if (has == ((of_the_doors & QUIRK_BIT(q)) != 0))
            fail_msg("%s: %s", quirk_text((enum quirk)q), has ? "a case" : "no case");
    }
    json_decref(seen);
    corpus_free(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_ends_as_expected),
        cmocka_unit_test(every_quirk_has_a_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
