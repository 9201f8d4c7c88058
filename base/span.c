/* A day is 24 hours in UTC, so "7d" before an instant is a multiplication. */
#include "base/span.h"

#include "base/count.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOUR_S = 3600,
    MAX_NUMBER_DIGITS = 6,
    DATE_LENGTH = 10, /* YYYY-MM-DD */
};

static const struct {
    const char *word;
    int32_t days_ago;
} day_words[] = {{"today", 0}, {"yesterday", 1}};

static const struct {
    char letter;
    int64_t seconds;
} units[] = {{'h', HOUR_S}, {'d', WHEN_DAY_S}, {'w', INT64_C(7) * WHEN_DAY_S}};

static bool
whole_day(int32_t day, struct span *out)
{
    out->first = (int64_t)day * WHEN_DAY_S;
    out->last = out->first + WHEN_DAY_S - 1;
    return true;
}

static bool
instant(int64_t at, struct span *out)
{
    *out = (struct span){at, at};
    return true;
}

static bool
find_word(const char *text, int64_t now, struct span *out)
{
    if (strcmp(text, "now") == 0)
        return instant(now, out);
    for (size_t i = 0; i < COUNT_OF(day_words); i++) {
        if (strcmp(text, day_words[i].word) == 0)
            return whole_day(when_day_of_instant(now) - day_words[i].days_ago, out);
    }
    return false;
}

/* "36h": digits and one letter. */
static bool
find_age(const char *text, int64_t now, struct span *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > MAX_NUMBER_DIGITS || text[digits] == '\0' ||
        text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (text[digits] == units[i].letter)
            return instant(now - strtoll(text, NULL, 10) * units[i].seconds, out);
    }
    return false;
}

static bool
find_instant(const char *text, struct span *out)
{
    size_t n = strlen(text);
    unsigned form;
    int64_t at;

    if (!when_parse_rfc3339(text, n, &at, &form))
        return false;
    return n == DATE_LENGTH ? whole_day(when_day_of_instant(at), out) : instant(at, out);
}

bool
span_parse(const char *text, int64_t now, struct span *out, struct err *e)
{
    if (!find_word(text, now, out) && !find_age(text, now, out) &&
        !find_instant(text, out))
        return err_set(e, ERR_INPUT,
                       "\"%s\" is no time: write 7d, 36h, yesterday, today, 2026-11-01 "
                       "or 2026-11-01T12:00:00Z",
                       text);
    if (out->first < 0)
        return err_set(e, ERR_INPUT, "\"%s\" lies before 1970", text);
    return true;
}
