/* Sites at which no single day is certain, and what the first families did not teach. */
#include "story.h"

#include <stdlib.h>

enum {
    SENDERS = 4,
    RULES = 3,
};

/* Failures of one sender, of everybody (-1), or of the first two (-2). */
struct rule {
    const char *kind; /* NULL: none; FACTS_NOT_DESCRIBED: told by the count alone */
    int sender, first, last, per_mille;
    uint8_t type; /* enum policy_type */
};

static const struct {
    const char *name;
    int senders, every_d, sessions; /* of each: so many on every so manieth day */
    struct rule rules[RULES];
    const char *kind; /* of the one alarm; NULL: silence */
    const char *verdict;
    int first;
} cases[] = {
    {"all fail, a session every other day, from two senders",
     2,
     4,
     1,
     {{"certificate-expired", -1, 16, 41, 1000, POLICY_STS}},
     "certificate-expired",
     "ours",
     16},
    {"from one that is established",
     1,
     2,
     1,
     {{"certificate-expired", 0, 28, 41, 1000, POLICY_STS}},
     "certificate-expired",
     "ours",
     28},
    {"only those that look at TLSA records",
     4,
     1,
     2,
     {{"tlsa-invalid", -2, 20, 41, 1000, POLICY_TLSA}},
     "tlsa-invalid",
     "ours",
     20},
    {"one sender, once or twice a day, for two weeks",
     4,
     1,
     2,
     {{"starttls-not-supported", 1, 24, 41, 1000, POLICY_STS}},
     "starttls-not-supported",
     "sender",
     24},
    {"installed because nothing works",
     3,
     1,
     1,
     {{"certificate-host-mismatch", -1, 0, 41, 1000, POLICY_STS}},
     "certificate-host-mismatch",
     "ours",
     0},
    {"even if nobody says why",
     3,
     1,
     1,
     {{FACTS_NOT_DESCRIBED, -1, 20, 41, 1000, POLICY_STS}},
     FACTS_NOT_DESCRIBED,
     "ours",
     20},
    {"a quarter fails and nobody says why",
     4,
     1,
     40,
     {{FACTS_NOT_DESCRIBED, -1, 25, 30, 250, POLICY_STS}},
     FACTS_NOT_DESCRIBED,
     "ours",
     25},
    {"half of the senders, wholly: the chain",
     4,
     1,
     60,
     {{"certificate-not-trusted", -2, 20, 41, 1000, POLICY_STS}},
     "certificate-not-trusted",
     "ours",
     20},
    {"an expired certificate that one sender calls otherwise",
     4,
     1,
     40,
     {{"certificate-expired", 1, 20, 41, 1000, POLICY_STS},
      {"certificate-expired", 2, 20, 41, 1000, POLICY_STS},
      {"certificate-expired", 3, 20, 41, 1000, POLICY_STS}},
     "certificate-expired",
     "ours",
     20},
    {"one bad day",
     4,
     1,
     2,
     {{"starttls-not-supported", -1, 25, 25, 1000, POLICY_STS}},
     NULL,
     NULL,
     0},
    {"a server that never trusted us",
     4,
     1,
     1,
     {{"certificate-not-trusted", 1, 0, 41, 1000, POLICY_STS}},
     NULL,
     NULL,
     0},
    {"a session in twenty, always",
     4,
     1,
     5,
     {{"validation-failure", -1, 0, 41, 50, POLICY_STS}},
     NULL,
     NULL,
     0},
};

static bool
concerns(const struct rule *r, int sender, int day)
{
    return r->kind && day >= r->first && day <= r->last &&
           (r->sender == sender || r->sender == -1 || (r->sender == -2 && sender < 2));
}

/* Shares are spread evenly: a failure whenever another whole one has come together. */
static int
failures(const struct rule *r, int sessions, int sender, int day)
{
    int before = day * sessions + sender * 7;

    return (before + sessions) * r->per_mille / 1000 - before * r->per_mille / 1000;
}

static void
tell_day(struct facts *f, size_t c, int sender, int day)
{
    char text[32];
    struct tally t = {.domain = facts_name(f, "only.test"),
                      .day = (int16_t)(STORY_FIRST + day),
                      .lag_h = STORY_LAG_H,
                      .type = POLICY_STS,
                      .sessions = cases[c].sessions};
    const struct rule *rules = cases[c].rules;

    (void)snprintf(text, sizeof text, "s%d.example", sender);
    t.sender = facts_name(f, text);
    if (rules[0].type == POLICY_TLSA && sender < 2)
        t.type = POLICY_TLSA;
    for (size_t i = 0; i < RULES; i++) {
        struct miss m = {.domain = t.domain,
                         .sender = t.sender,
                         .type = t.type,
                         .host = facts_name(f, "mx1.example"),
                         .ip = facts_name(f, "192.0.2.1")};

        if (!concerns(&rules[i], sender, day))
            continue;
        m.failed = failures(&rules[i], cases[c].sessions, sender, day);
        m.kind = facts_name(f, rules[i].kind);
        t.failed += m.failed;
        if (strcmp(rules[i].kind, FACTS_NOT_DESCRIBED) != 0)
            facts_add_miss(f, f->first_day + t.day, &m);
    }
    facts_add_tally(f, f->first_day + t.day, &t);
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct facts f;
        struct analysis a;
        struct err e = {0};
        size_t alarms = 0;

        print_message("%s\n", cases[c].name);
        facts_init(&f, INT64_C(20000) * 86400 + 82800);
        for (int day = 0; day < STORY_DAYS; day++)
            for (int s = 0; s < cases[c].senders; s++)
                if ((day + 2 * s) % cases[c].every_d == 0)
                    tell_day(&f, c, s, day);
        assert_true(facts_finish(&f, &e));
        assert_true(analyse(&f, &a, &e));
        for (size_t k = 0; k < a.count; k++)
            alarms += a.rows[k].severity > SEVERITY_INFO;
        assert_int_equal(alarms, cases[c].kind != NULL);
        if (cases[c].kind) {
            const struct finding *x = story_alarm(&a, cases[c].kind);

            assert_non_null(x);
            assert_string_equal(fault_text(x->verdict), cases[c].verdict);
            assert_int_equal(x->first - STORY_FIRST, cases[c].first);
            if (cases[c].rules[0].last == 41)
                assert_true(x->open);
        }
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* Nothing has come for two hundred days. */
static void
test_long_silence(void **state)
{
    struct facts f;
    struct analysis a;
    struct err e = {0};
    const struct finding *x;

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400 + 82800);
    for (int day = 0; day < 30; day++)
        for (int s = 0; s < 3; s++)
            if ((day + s) % 3 != 0)
                tell_day(&f, 9, s, day - STORY_FIRST + 10);
    f.idle_days = 200;
    assert_true(facts_finish(&f, &e));
    assert_true(analyse(&f, &a, &e));
    x = story_alarm(&a, KIND_INTAKE_SILENT);
    assert_non_null(x);
    assert_true(x->open && x->severity == SEVERITY_CRITICAL);
    assert_int_equal(x->first, 40);
    assert_int_equal(x->last, f.today + 200);
    analyse_clear(&a);
    facts_clear(&f);
}

/* ---- random worlds ---------------------------------------------------------------- */

static bool
same_list(const struct name_list *a, const struct name_list *b)
{
    return a->count == b->count &&
           (a->count == 0 ||
            memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

static int
pick(unsigned *seed, int below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (int)((*seed >> 16) % (unsigned)below);
}

/* No incident is told twice, whatever fails for whom. */
static void
test_never_twice(void **state)
{
    static const char *const kinds[] = {"certificate-expired", "certificate-not-trusted",
                                        "sts-policy-fetch-error", "validation-failure"};
    static const char *const senders[] = {"big.example",   "mid.example",
                                          "other.example", "small.example",
                                          "tiny.example",  NULL};

    (void)state;
    for (unsigned world = 1; world <= 150; world++) {
        struct story y = {STORY_CROWD, {{0}}, false, NULL};
        unsigned seed = world * 7919u;
        struct facts f;
        struct analysis a;
        struct err e = {0};

        for (size_t i = 0; i + 1 < STORY_FAULTS; i++) {
            struct story_fault *x = &y.faults[i];

            x->kind = kinds[pick(&seed, 4)];
            x->domain = pick(&seed, 2) ? story_domains[pick(&seed, 3)] : NULL;
            x->sender = senders[pick(&seed, 6)];
            x->first = 14 + pick(&seed, 20);
            x->last = x->first + pick(&seed, 20);
            x->per_mille = 100 + 100 * pick(&seed, 3);
            x->place = 1 + pick(&seed, 2);
            x->places = pick(&seed, 3);
            x->net = 1;
            x->type = POLICY_STS;
        }
        story_tell(&f, &y);
        assert_true(analyse(&f, &a, &e));
        for (size_t i = 0; i < a.count; i++)
            for (size_t k = i + 1; k < a.count; k++) {
                const struct finding *p = &a.rows[i], *q = &a.rows[k];

                if (p->severity == SEVERITY_INFO || q->severity == SEVERITY_INFO ||
                    !p->open || !q->open || strcmp(p->kind, q->kind) != 0 ||
                    p->first > q->last || q->first > p->last)
                    continue;
                assert_false(same_list(&p->domains, &q->domains) &&
                             same_list(&p->hosts, &q->hosts));
            }
        analyse_clear(&a);
        facts_clear(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_long_silence),
        cmocka_unit_test(test_never_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
