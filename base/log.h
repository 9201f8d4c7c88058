/* What the daemon says: one event a line, with fields. To standard error, with journald's
 * priority prefix when that is where it goes, else with the time. Values are escaped here
 * and nowhere else. Safe from any thread. */
#pragma once
#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>

/* The numbers are those of syslog(3). */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

struct log_field {
    const char *name;
    const char *text; /* NULL: number counts */
    int64_t number;
};

#define LOG_S(key, value)                                                                \
    (&(const struct log_field){.name = (key), .text = (value) != NULL ? (value) : ""})
#define LOG_I(key, value)                                                                \
    (&(const struct log_field){.name = (key), .number = (int64_t)(value)})

/* log_info("stored", LOG_S("org", name), LOG_I("policies", n)); */
#define log_error(...)   log_event(LOG_LEVEL_ERROR, __VA_ARGS__, (void *)0)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__, (void *)0)
#define log_info(...)    log_event(LOG_LEVEL_INFO, __VA_ARGS__, (void *)0)
#define log_debug(...)   log_event(LOG_LEVEL_DEBUG, __VA_ARGS__, (void *)0)

/* Fields are const struct log_field *, the last argument is NULL: use the macros. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* The level of "error", "warning", "info" or "debug". */
MUST_USE bool log_level_find(const char *text, enum log_level *out);

/* What is less urgent than `level` is not written. Default: LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Lets a stranger cause `burst` lines a minute and no more. */
struct log_limit {
    int64_t burst;
    _Atomic int64_t minute, used, suppressed;
};
#define LOG_LIMIT(n)                                                                     \
    {                                                                                    \
        .burst = (n)                                                                     \
    }

/* May a line be written now? *suppressed says how many were not since the last that was;
 * put it into a field of the line. */
bool log_allow(struct log_limit *limit, int64_t *suppressed);

/* What libmicrohttpd says, at level debug and a few lines a minute: its logger. */
void log_microhttpd(void *ignored, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
