/* Dates as mail headers write them, and which of a mail's dates is its arrival. */
#include "collector/mail/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *text;
    bool ok;
    int64_t want;
} dates[] = {
    {"plain", "Sun, 01 Mar 2026 00:00:00 +0000", true, 1772323200},
    {"no weekday", "1 Mar 2026 00:00:00 +0000", true, 1772323200},
    {"no seconds", "Sun, 1 Mar 2026 00:00 +0000", true, 1772323200},
    {"east", "Sun, 1 Mar 2026 05:30:00 +0530", true, 1772323200},
    {"west", "Sat, 28 Feb 2026 16:00:00 -0800 (PST)", true, 1772323200},
    {"zone name", "Sat, 28 Feb 2026 16:00:00 PST", true, 1772323200},
    {"GMT", "Sun, 1 Mar 2026 00:00:00 GMT", true, 1772323200},
    {"no zone", "Sun, 1 Mar 2026 00:00:00", true, 1772323200},
    {"leap second", "Sat, 28 Feb 2026 23:59:60 +0000", true, 1772323200},
    {"folded", "\r\n\tSun,\r\n 1 Mar 2026\r\n 00:00:00 +0000\r\n", true, 1772323200},
    {"comments", "Sun (a \\) (b)), 1 (x) Mar 2026 00:00:00 +0000", true, 1772323200},
    {"no comma space", "Sun,1 Mar 2026 00:00:00 +0000", true, 1772323200},
    {"two digits", "1 Mar 26 00:00:00 +0000", true, 1772323200},
    {"last century", "1 Jan 70 00:00:00 +0000", true, 0},
    {"three digits", "1 Mar 126 00:00:00 +0000", true, 1772323200},
    {"month 13", "1 Foo 2026 00:00:00 +0000", false, 0},
    {"30 February", "30 Feb 2026 00:00:00 +0000", false, 0},
    {"hour 24", "1 Mar 2026 24:00:00 +0000", false, 0},
    {"minute 60", "1 Mar 2026 00:60:00 +0000", false, 0},
    {"bad offset", "1 Mar 2026 00:00:00 +00", false, 0},
    {"offset minutes", "1 Mar 2026 00:00:00 +0060", false, 0},
    {"no time", "1 Mar 2026", false, 0},
    {"year only", "2026", false, 0},
    {"weekday only", "Sun,", false, 0},
    {"empty", "", false, 0},
    {"five digits", "1 Mar 20266 00:00:00 +0000", false, 0},
    {"ISO", "2026-03-01T00:00:00Z", false, 0},
};

static void
reads_dates(void **state)
{
    int64_t got;

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        got = 0;
        if (arrival_parse_date(dates[i].text, strlen(dates[i].text), &got) !=
                dates[i].ok ||
            got != dates[i].want)
            fail_msg("%s: got %lld", dates[i].name, (long long)got);
    }
}

#define RECEIVED "Received: from a; (b) by c;\r\n\tSun, 1 Mar 2026 00:00:00 +0000\r\n"
#define OLDER    "received: by d; Sat, 28 Feb 2026 00:00:00 +0000\n"
#define DATE     "Date: Mon, 2 Mar 2026 00:00:00 +0000\n"

static const struct {
    const char *name, *mail;
    bool ok;
    int64_t want;
} mails[] = {
    {"topmost Received", RECEIVED OLDER DATE "\nbody", true, 1772323200},
    {"even below Date", DATE RECEIVED "\nbody", true, 1772323200},
    {"Date", "Subject: x\n" DATE "\nbody", true, 1772409600},
    {"topmost Received unreadable", "Received: by a; soon\n" OLDER DATE "\n", true,
     1772409600},
    {"Received without a date", "Received: by a\n" DATE "\n", true, 1772409600},
    {"From line first", "From a@b Sun Mar 1 00:00:00 2026\n" OLDER "\n", true,
     1772236800},
    {"nothing in the body counts", "Subject: x\n\n" DATE, false, 0},
    {"nor after CRLF CRLF", "Subject: x\r\n\r\n" DATE, false, 0},
    {"another header's continuation", "Subject: x\n Date: 2 Mar 2026 00:00:00 +0000\n\n",
     false, 0},
    {"no header ends", RECEIVED, true, 1772323200},
    {"empty", "", false, 0},
};

static void
finds_the_arrival_of_a_mail(void **state)
{
    int64_t got;

    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        got = 0;
        if (arrival_of_mail(mails[i].mail, strlen(mails[i].mail), &got) != mails[i].ok ||
            got != mails[i].want)
            fail_msg("%s: got %lld", mails[i].name, (long long)got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_dates),
        cmocka_unit_test(finds_the_arrival_of_a_mail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
