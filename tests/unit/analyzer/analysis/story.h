/* Facts for tests of the rule families, told as a story: six weeks in which some senders
 * report every day, and what fails for whom. Days count from 0 to 41; the answer is asked
 * for two days after the last. */
#pragma once
#include "analyzer/analysis/analyse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    STORY_DAYS = 42,
    STORY_FIRST = FACTS_DAYS - STORY_DAYS - 2, /* the index of day 0 */
    STORY_ADDRESSES = 4,                       /* declared: 192.0.2.1 to .4 */
    STORY_SENDERS = 8,
    STORY_FAULTS = 6,
    STORY_LAG_H = 12,
    STORY_NETS = 2, /* of each sender, known from a time-out now and then */
};

struct story_sender {
    const char *name;
    int sessions;         /* a day and domain */
    int first, last;      /* days that it reports; last 0: to the end */
    int not_from, not_to; /* days that it does not; 0: none */
};

struct story_fault {
    const char *kind, *domain, *sender; /* domain, sender NULL: all */
    int first, last, per_mille;
    int place, places; /* first address and how many; places 0: not told */
    int net, nets;     /* so for the sender's networks; nets 0: all */
    int type;          /* enum policy_type */
    const char *host;  /* NULL: mx1.example */
};

struct story {
    struct story_sender senders[STORY_SENDERS];
    struct story_fault faults[STORY_FAULTS];
    bool undeclared;    /* the operator declares nothing */
    const char *policy; /* declared since long ago; NULL: one that covers *.example */
};

#define STORY_POLICY "mode: enforce\nmx: *.example\nmax_age: 604800"

static const char *const story_domains[] = {"a.test", "b.test", "c.test"};

static inline void
story_spread(struct facts *f, const struct story_fault *x, struct miss m, int64_t failed)
{
    int places = x->places ? x->places : 1, nets = x->nets ? x->nets : STORY_NETS;
    char text[64];

    for (int i = 0; i < places * nets; i++) {
        int64_t share = failed / (places * nets) + (i < failed % (places * nets));

        m.host = m.ip = m.net = 0;
        if (x->places) {
            (void)snprintf(text, sizeof text, "192.0.2.%d", x->place + i / nets);
            m.ip = facts_name(f, text);
            m.host = facts_name(f, x->host ? x->host : "mx1.example");
            (void)snprintf(text, sizeof text, "198.51.%d.0", x->net + i % nets);
            m.net = facts_net(f, text);
        }
        m.failed = share;
        facts_add_miss(f, f->first_day + m.day, &m);
    }
}

static inline bool
story_reports(const struct story_sender *s, int day)
{
    return day >= s->first && (!s->last || day <= s->last) &&
           !(s->not_to && day >= s->not_from && day <= s->not_to);
}

static inline void
story_day(struct facts *f, const struct story *y, const struct story_sender *s,
          const char *domain, int day)
{
    struct tally t = {.domain = facts_name(f, domain),
                      .sender = facts_name(f, s->name),
                      .day = (int16_t)(STORY_FIRST + day),
                      .type = POLICY_STS,
                      .lag_h = STORY_LAG_H,
                      .sessions = s->sessions};
    struct seen seen = {.domain = t.domain, .sender = t.sender, .type = POLICY_STS};

    for (const struct story_fault *x = y->faults; x->kind; x++) {
        struct miss m = {
            t.domain, t.sender, facts_name(f, x->kind), t.day, (uint8_t)x->type, 0, 0, 0,
            0,        0};
        int64_t failed = (int64_t)s->sessions * x->per_mille / 1000;

        if (day < x->first || day > x->last ||
            (x->sender && strcmp(x->sender, s->name)) ||
            (x->domain && strcmp(x->domain, domain)))
            continue;
        t.failed += failed;
        story_spread(f, x, m, failed);
    }
    facts_add_tally(f, f->first_day + t.day, &t);
    seen.policy = facts_name(f, STORY_POLICY);
    seen.days = 1;
    facts_add_seen(f, f->first_day + t.day, f->first_day + t.day, &seen);
}

static inline void
story_declare(struct facts *f, const struct story *y, const char *domain)
{
    struct declared *d = facts_add_declared(f, domain);
    char text[64];

    facts_add_host(f, d, strcmp(domain, "c.test") ? "mx1.example" : "mx2.example");
    for (int i = 1; i <= STORY_ADDRESSES; i++) {
        (void)snprintf(text, sizeof text, "192.0.2.%d", i);
        facts_add_address(f, d, text);
    }
    facts_add_policy(f, d, f->first_day, y->policy ? y->policy : STORY_POLICY);
}

/* a.test and b.test share their hosts, c.test has its own. */
static inline void
story_load(struct facts *f, const struct story *y)
{
    facts_init(f, INT64_C(20000) * 86400 + 82800);
    for (size_t d = 0; d < 3; d++) {
        if (!y->undeclared)
            story_declare(f, y, story_domains[d]);
        for (const struct story_sender *s = y->senders;
             s < y->senders + STORY_SENDERS && s->name; s++)
            for (int day = 0; day < STORY_DAYS; day++)
                if (story_reports(s, day))
                    story_day(f, y, s, story_domains[d], day);
    }
}

static inline void
story_tell(struct facts *f, const struct story *y)
{
    struct err e = {0};

    story_load(f, y);
    assert_true(facts_finish(f, &e));
}

/* The only finding of that kind that is no mere information; NULL if there is none. */
static inline const struct finding *
story_alarm(const struct analysis *a, const char *kind)
{
    const struct finding *found = NULL;

    for (size_t i = 0; i < a->count; i++) {
        if (a->rows[i].severity == SEVERITY_INFO || strcmp(a->rows[i].kind, kind) != 0)
            continue;
        assert_null(found);
        found = &a->rows[i];
    }
    return found;
}

#define STORY_CROWD                                                                      \
    {                                                                                    \
        {"big.example", 5000, 0, 0, 0, 0}, {"mid.example", 800, 0, 0, 0, 0},             \
            {"other.example", 600, 0, 0, 0, 0}, {"small.example", 40, 0, 0, 0, 0},       \
            {"tiny.example", 8, 0, 0, 0, 0},                                             \
    }
