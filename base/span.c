/* A day is 24 hours in UTC, so "7d" before an instant is a multiplication. */
#include "base/span.h"

#include "base/count.h"
#include "base/text.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOUR_S = 3600,
    MAX_NUMBER_DIGITS = 6,
    DATE_LENGTH = 10, /* YYYY-MM-DD */
    WORD_SIZE = 16,
    MONDAY = 3, /* days from the Monday before 1970-01-01 */
};

static const struct {
    char letter;
    int64_t seconds; /* 0: calendar months */
} units[] = {{'h', HOUR_S}, {'d', WHEN_DAY_S}, {'w', INT64_C(7) * WHEN_DAY_S}, {'m', 0}};

static bool
days(int32_t first, int32_t last, struct span *out)
{
    *out = (struct span){(int64_t)first * WHEN_DAY_S,
                         (int64_t)last * WHEN_DAY_S + WHEN_DAY_S - 1};
    return true;
}

static bool
instant(int64_t at, struct span *out)
{
    *out = (struct span){at, at};
    return true;
}

/* The first day of the month that lies `back` months before that of the day. */
static int32_t
month_before(int32_t day, int64_t back)
{
    struct when_date d = when_date_of(day);
    int64_t months = d.year * INT64_C(12) + d.month - 1 - back;

    return months < 0 ? INT32_MIN
                      : when_day_of((int)(months / 12), (int)(months % 12) + 1, 1);
}

static bool
find_word(const char *text, int64_t now, struct span *out)
{
    static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
    int32_t today = when_day_of_instant(now), weekday = (today + MONDAY) % 7;
    int32_t monday = today - weekday, month = month_before(today, 0);
    const struct {
        const char *word;
        int32_t first, last;
    } words[] = {
        {"today", today, today},
        {"yesterday", today - 1, today - 1},
        {"this week", monday, monday + 6},
        {"last week", monday - 7, monday - 1},
        {"this month", month, month_before(today, -1) - 1},
        {"last month", month_before(today, 1), month - 1},
    };
    char word[WORD_SIZE];

    (void)snprintf(word, sizeof word, "%s", text);
    (void)text_lower(word);
    for (char *c = word; *c != '\0'; c++)
        if (*c == '-')
            *c = ' ';
    if (strcmp(word, "now") == 0)
        return instant(now, out);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(word, words[i].word) == 0)
            return days(words[i].first, words[i].last, out);
    }
    for (int32_t i = 0; i < 7; i++) {
        int32_t day = today - (weekday - i + 7) % 7;

        if (strcmp(word, weekdays[i]) == 0)
            return days(day, day, out);
    }
    return false;
}

/* The same time of so many months before, or on their last day if they lack it. */
static int64_t
months_before(int64_t now, int64_t count)
{
    int32_t today = when_day_of_instant(now), first = month_before(today, count), day,
            last;

    if (first < 0)
        return -1;
    day = first + when_date_of(today).day - 1;
    last = month_before(today, count - 1) - 1;
    return (int64_t)(day < last ? day : last) * WHEN_DAY_S + now % WHEN_DAY_S;
}

/* "36h": digits and one letter. */
static bool
find_age(const char *text, int64_t now, struct span *out)
{
    size_t digits = strspn(text, "0123456789");
    int64_t count = strtoll(text, NULL, 10);

    if (digits == 0 || digits > MAX_NUMBER_DIGITS || text[digits] == '\0' ||
        text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (text[digits] == units[i].letter)
            return instant(units[i].seconds > 0 ? now - count * units[i].seconds
                                                : months_before(now, count),
                           out);
    }
    return false;
}

bool
span_parse(const char *text, int64_t now, struct span *out, struct err *e)
{
    size_t n = strlen(text);
    unsigned form;
    int64_t at;

    if (find_word(text, now, out) || find_age(text, now, out))
        at = out->first;
    else if (!when_parse_rfc3339(text, n, &at, &form))
        return err_set(e, ERR_INPUT,
                       "\"%s\" is no time: write 36h, 7d, 2w, 1m, today, yesterday, "
                       "monday, last week, this month, 2026-11-01 or "
                       "2026-11-01T12:00:00Z",
                       text);
    else if (n == DATE_LENGTH)
        (void)days(when_day_of_instant(at), when_day_of_instant(at), out);
    else
        (void)instant(at, out);
    return at >= 0 || err_set(e, ERR_INPUT, "\"%s\" lies before 1970", text);
}
