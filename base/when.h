/* Instants are seconds since 1970 UTC, days are days since 1970-01-01; leap seconds do
 * not exist, and beyond the years 0 to 9999 an instant is taken as the nearest within.
 * Nothing here reads a clock or a time zone. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    WHEN_DAY_S = 86400,
    WHEN_INSTANT_SIZE = 32, /* room for what the printers write, NUL included */
    WHEN_DAY_SIZE = 24,
};

/* How a text differs from RFC 3339; a set. */
enum {
    WHEN_NO_ZONE = 1,  /* no offset: taken as UTC */
    WHEN_NOT_3339 = 2, /* understood, but not to the letter */
};

/* The day of a date of the proleptic Gregorian calendar. month and day are in range. */
int32_t when_day_of(int year, int month, int day);

/* The day of an instant, also before 1970. */
int32_t when_day_of_instant(int64_t instant);

struct when_date {
    int year, month, day;
};
struct when_date when_date_of(int32_t day);

/* "January" for 1, "December" for 12; the first three letters are its short name. */
const char *when_month_name(int month);

/* Is there such a date, from year 0 to 9999? */
bool when_date_exists(int year, int month, int day);

/* Reads an RFC 3339 instant leniently: the offset, the seconds or the whole time may be
 * absent, a space may stand for the T, the offset may lack its colon or minutes, the hour
 * may be 24 at 24:00:00, white space may stand around it. A fraction of a second is
 * dropped. False when it is no such thing; else *form says what was lenient. */
MUST_USE bool when_parse_rfc3339(const char *text, size_t n, int64_t *instant,
                                 unsigned *form);

/* "2026-03-01T00:00:00Z" into WHEN_INSTANT_SIZE bytes; returns out. */
char *when_print_instant(int64_t instant, char *out);

/* "2026-03-01" into WHEN_DAY_SIZE bytes; returns out. */
char *when_print_day(int32_t day, char *out);
