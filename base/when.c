/* The calendar by arithmetic: libc's gmtime and timegm know time zones and locales, and
 * strptime takes what nobody should. */
#include "base/when.h"

#include <stdio.h>

enum {
    DAYS_OF_400_YEARS = 146097,
    DAYS_TO_1970 = 719468 /* from 0000-03-01 */
};
#define FIRST_INSTANT INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST_INSTANT  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* Years are counted from March, so that the leap day is the last of its year. */
int32_t
when_day_of(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_OF_400_YEARS + day_of_era - DAYS_TO_1970;
}

struct when_date
when_date_of(int32_t day)
{
    int64_t z = (int64_t)day + DAYS_TO_1970;
    int64_t era = (z >= 0 ? z : z - (DAYS_OF_400_YEARS - 1)) / DAYS_OF_400_YEARS;
    int day_of_era = (int)(z - era * DAYS_OF_400_YEARS);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                       day_of_era / (DAYS_OF_400_YEARS - 1)) /
                      365;
    int day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int m = (5 * day_of_year + 2) / 153;
    int month = m < 10 ? m + 3 : m - 9;

    return (struct when_date){.year = (int)(year_of_era + era * 400) + (month <= 2),
                              .month = month,
                              .day = day_of_year - (153 * m + 2) / 5 + 1};
}

static int64_t
clamp(int64_t instant)
{
    if (instant < FIRST_INSTANT)
        return FIRST_INSTANT;
    return instant > LAST_INSTANT ? LAST_INSTANT : instant;
}

int32_t
when_day_of_instant(int64_t instant)
{
    int64_t t = clamp(instant), day = t / WHEN_DAY_S;

    return (int32_t)(t % WHEN_DAY_S < 0 ? day - 1 : day);
}

const char *
when_month_name(int month)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

    return names[month - 1];
}

bool
when_date_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return year >= 0 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (leap && month == 2);
}

struct cursor {
    const char *at, *end;
};

static bool
take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* Exactly n digits. */
static bool
take_number(struct cursor *c, int n, int *value)
{
    int v = 0;

    if (c->end - c->at < n)
        return false;
    for (int i = 0; i < n; i++) {
        if (c->at[i] < '0' || c->at[i] > '9')
            return false;
        v = v * 10 + (c->at[i] - '0');
    }
    c->at += n;
    *value = v;
    return true;
}

static bool
take_white(struct cursor *c)
{
    const char *from = c->at;

    while (c->at < c->end && (*c->at == ' ' || (*c->at >= '\t' && *c->at <= '\r')))
        c->at++;
    return c->at > from;
}

static bool
take_time(struct cursor *c, int *second_of_day, unsigned *form)
{
    int h = 0, m = 0, s = 0, digit = 0;

    if (!take_number(c, 2, &h) || !take(c, ':') || !take_number(c, 2, &m))
        return false;
    if (!take(c, ':'))
        *form |= WHEN_NOT_3339;
    else if (!take_number(c, 2, &s))
        return false;
    if (take(c, '.')) {
        if (!take_number(c, 1, &digit))
            return false;
        while (take_number(c, 1, &digit))
            ;
    }
    if (h == 24 && m == 0 && s == 0)
        *form |= WHEN_NOT_3339;
    else if (h > 23 || m > 59 || s > 60) /* RFC 3339 section 5.7: 60 is a leap second */
        return false;
    *second_of_day = h * 3600 + m * 60 + s;
    return true;
}

static bool
take_zone(struct cursor *c, int *offset_s, unsigned *form)
{
    int h = 0, m = 0, sign = 1;

    *offset_s = 0;
    if (take_white(c))
        *form |= WHEN_NOT_3339;
    if (c->at == c->end) {
        *form |= WHEN_NO_ZONE;
        return true;
    }
    if (take(c, 'Z') || take(c, 'z'))
        return true;
    if (take(c, '-'))
        sign = -1;
    else if (!take(c, '+'))
        return false;
    if (!take_number(c, 2, &h))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 2, &m))
            return false;
    } else {
        *form |= WHEN_NOT_3339;
        (void)take_number(c, 2, &m);
    }
    if (h > 23 || m > 59)
        return false;
    *offset_s = sign * (h * 3600 + m * 60);
    return true;
}

bool
when_parse_rfc3339(const char *text, size_t n, int64_t *instant, unsigned *form)
{
    struct cursor c = {text, text + n};
    int second_of_day = 0, offset_s = 0, y = 0, m = 0, d = 0;
    bool timed;

    *form = 0;
    if (take_white(&c))
        *form |= WHEN_NOT_3339;
    if (!take_number(&c, 4, &y) || !take(&c, '-') || !take_number(&c, 2, &m) ||
        !take(&c, '-') || !take_number(&c, 2, &d) || !when_date_exists(y, m, d))
        return false;
    timed = take(&c, 'T') || take(&c, 't');
    if (!timed) {
        *form |= WHEN_NOT_3339;
        timed = take_white(&c) && c.at < c.end;
    }
    if (!timed)
        *form |= WHEN_NO_ZONE;
    else if (!take_time(&c, &second_of_day, form) || !take_zone(&c, &offset_s, form))
        return false;
    if (take_white(&c))
        *form |= WHEN_NOT_3339;
    if (c.at != c.end)
        return false;
    *instant = (int64_t)when_day_of(y, m, d) * WHEN_DAY_S + second_of_day - offset_s;
    return true;
}

char *
when_print_instant(int64_t instant, char *out)
{
    int32_t day = when_day_of_instant(instant);
    int s = (int)(clamp(instant) - (int64_t)day * WHEN_DAY_S);
    struct when_date d = when_date_of(day);

    (void)snprintf(out, WHEN_INSTANT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year,
                   d.month, d.day, s / 3600, s / 60 % 60, s % 60);
    return out;
}

char *
when_print_day(int32_t day, char *out)
{
    struct when_date d = when_date_of(day);

    (void)snprintf(out, WHEN_DAY_SIZE, "%04d-%02d-%02d", d.year, d.month, d.day);
    return out;
}
