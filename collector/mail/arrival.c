/* RFC 5321 section 4.4 puts the date behind the last ';' of a Received header; our own
 * MTA wrote the topmost one, everything below it and Date are the sender's word. */
#include "collector/mail/arrival.h"

#include "base/count.h"
#include "base/when.h"

#include <string.h>
#include <strings.h>

enum {
    MAX_DATE_BYTES = 128,
    MAX_HEADERS_BYTES = 1 << 20, /* of a mail, searched for a date */
};

struct words {
    char text[MAX_DATE_BYTES + 1];
    char *next;
};

/* The text without comments (RFC 5322 section 3.2.2), commas and line ends. */
static bool
strip(const char *text, size_t n, struct words *out)
{
    size_t used = 0, depth = 0;
    char c;

    for (size_t i = 0; i < n; i++) {
        c = text[i];
        if (c == '\\' && depth > 0 && i + 1 < n) {
            i++;
            continue;
        }
        if (c == ')' && depth > 0) {
            depth--;
            c = ' ';
        } else if (c == '(') {
            depth++;
        }
        if (depth > 0)
            continue;
        if (c == '\0' || used == MAX_DATE_BYTES)
            return false;
        if (strchr("\t\r\n,", c) != NULL)
            c = ' ';
        out->text[used++] = c;
    }
    out->text[used] = '\0';
    out->next = out->text;
    return true;
}

static char *
word(struct words *w)
{
    char *s;

    do
        s = strsep(&w->next, " ");
    while (s != NULL && *s == '\0');
    return s;
}

/* Between min and max digits, then the end or `stop`; -1 otherwise. */
static int
number(const char **s, size_t min, size_t max, char stop)
{
    size_t n = strspn(*s, "0123456789");
    int value = 0;

    if (n < min || n > max || ((*s)[n] != '\0' && (*s)[n] != stop))
        return -1;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + ((*s)[i] - '0');
    *s += n + ((*s)[n] != '\0');
    return value;
}

static int
month_of(const char *s)
{
    for (int month = 1; s != NULL && month <= 12; month++)
        if (strncasecmp(s, when_month_name(month), 3) == 0)
            return month;
    return 0;
}

/* RFC 5322 section 4.3: years of two and three digits. */
static int
year_of(const char *s)
{
    size_t digits = s == NULL ? 0 : strlen(s);
    int year = s == NULL ? -1 : number(&s, 2, 4, '\0');

    if (year < 0 || digits == 4)
        return year;
    return digits == 2 && year < 50 ? year + 2000 : year + 1900;
}

static bool
time_of(const char *s, int *seconds)
{
    int hour = s == NULL ? -1 : number(&s, 1, 2, ':');
    int minute = hour < 0 ? -1 : number(&s, 2, 2, ':');
    int second = minute < 0 || *s == '\0' ? 0 : number(&s, 2, 2, '\0');

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* The offset of a zone; RFC 5322 section 4.3 lets a name that is not known mean "-0000".
 */
static bool
zone_of(const char *s, int *seconds)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {
        {"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6},
        {"MDT", -6}, {"MST", -7}, {"PDT", -7}, {"PST", -8},
    };
    const char *digits = s + 1;
    int value;

    *seconds = 0;
    if (s[0] == '+' || s[0] == '-') {
        value = number(&digits, 4, 4, '\0');
        if (value < 0 || value % 100 > 59)
            return false;
        *seconds = (value / 100 * 3600 + value % 100 * 60) * (s[0] == '-' ? -1 : 1);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(zones); i++)
        if (strcasecmp(s, zones[i].name) == 0)
            *seconds = zones[i].hours * 3600;
    return true;
}

bool
arrival_parse_date(const char *text, size_t n, int64_t *instant)
{
    struct words w;
    const char *s;
    int day, month, year, time = 0, zone = 0;

    if (!strip(text, n, &w))
        return false;
    s = word(&w);
    if (s != NULL && (*s < '0' || *s > '9') && month_of(s) == 0)
        s = word(&w); /* the day of the week */
    /* "Fri, May 09 2025 16:54:30 -0800" stands in appendix B of RFC 8460. */
    month = s == NULL ? 0 : month_of(s);
    if (month != 0)
        s = word(&w);
    day = s == NULL ? -1 : number(&s, 1, 2, '\0');
    if (month == 0)
        month = month_of(word(&w));
    year = year_of(word(&w));
    if (day < 0 || month == 0 || year < 0 || !when_date_exists(year, month, day) ||
        !time_of(word(&w), &time))
        return false;
    s = word(&w);
    if (s != NULL && !zone_of(s, &zone))
        return false;
    *instant = (int64_t)when_day_of(year, month, day) * WHEN_DAY_S + time - zone;
    return true;
}

/* Behind the line feed of the line at `at`. */
static size_t
line_end(const char *mail, size_t n, size_t at)
{
    const char *lf = memchr(mail + at, '\n', n - at);

    return lf == NULL ? n : (size_t)(lf - mail) + 1;
}

static bool
has_name(const char *field, size_t n, const char *name)
{
    size_t k = strlen(name);

    return n > k && strncasecmp(field, name, k) == 0 && field[k] == ':';
}

bool
arrival_of_mail(const char *mail, size_t n, int64_t *instant)
{
    bool found = false, received = false;
    size_t at = 0, end;
    const char *value;

    if (n > MAX_HEADERS_BYTES)
        n = MAX_HEADERS_BYTES;
    if (n > 5 && memcmp(mail, "From ", 5) == 0)
        at = line_end(mail, n, 0);
    for (; at < n && mail[at] != '\r' && mail[at] != '\n'; at = end) {
        end = at;
        do /* continuation lines belong to the field */
            end = line_end(mail, n, end);
        while (end < n && (mail[end] == ' ' || mail[end] == '\t'));
        if (!received && has_name(mail + at, end - at, "Received")) {
            received = true;
            value = memrchr(mail + at, ';', end - at);
            if (value != NULL &&
                arrival_parse_date(value + 1, (size_t)(mail + end - value) - 1, instant))
                return true;
        } else if (!found && has_name(mail + at, end - at, "Date")) {
            value = mail + at + strlen("Date:");
            found = arrival_parse_date(value, (size_t)(mail + end - value), instant);
        }
    }
    return found;
}
