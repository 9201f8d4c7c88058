/* A line is built in one buffer and written at once, so that threads do not mix. */
#include "base/log.h"

#include "base/count.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_VALUE_BYTES = 512,
    SECONDS_A_MINUTE = 60,
    LIBRARY_LINES_A_MINUTE = 10,
};

static const char *const levels[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static _Atomic int highest_level = LOG_LEVEL_INFO;

bool
log_level_find(const char *text, enum log_level *out)
{
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (levels[i] == NULL || strcmp(levels[i], text) != 0)
            continue;
        *out = (enum log_level)i;
        return true;
    }
    return false;
}

void
log_set_level(enum log_level level)
{
    atomic_store(&highest_level, (int)level);
}

static void
put_head(struct buf *line, enum log_level level)
{
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    const char *stream = getenv("JOURNAL_STREAM"); /* NOLINT(concurrency-mt-unsafe) */
    struct stat st;
    char journal[64];

    /* systemd says which device and inode the journal reads from (systemd.exec(5)) */
    if (stream != NULL && fstat(STDERR_FILENO, &st) == 0 &&
        snprintf(journal, sizeof journal, "%ju:%ju", (uintmax_t)st.st_dev,
                 (uintmax_t)st.st_ino) > 0 &&
        strcmp(stream, journal) == 0) {
        (void)buf_printf(line, "<%d>", (int)level);
        return;
    }
    if (gmtime_r(&now, &tm) == NULL ||
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        stamp[0] = '\0';
    (void)buf_printf(line, "%s %s ", stamp, levels[level]);
}

/* A value cannot look like another field or end the line. */
static void
put_value(struct buf *line, const char *value)
{
    bool plain = value[0] != '\0' && strpbrk(value, " =\"\\") == NULL;
    size_t n = strnlen(value, MAX_VALUE_BYTES);
    struct buf quoted;

    if (plain) {
        (void)text_escape(line, value, n);
        return;
    }
    buf_init(&quoted, 0);
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '"' || value[i] == '\\')
            (void)buf_putc(&quoted, '\\');
        (void)buf_putc(&quoted, value[i]);
    }
    (void)buf_putc(line, '"');
    if (quoted.bytes != NULL)
        (void)text_escape(line, quoted.bytes, quoted.len);
    (void)buf_putc(line, '"');
    buf_clear(&quoted);
}

void
log_event(enum log_level level, const char *event, ...)
{
    const struct log_field *f;
    struct buf line;
    va_list ap;

    if ((int)level > atomic_load(&highest_level))
        return;
    buf_init(&line, 0);
    put_head(&line, level);
    (void)buf_puts(&line, event);
    va_start(ap, event);
    while ((f = va_arg(ap, const struct log_field *)) != NULL) {
        (void)buf_printf(&line, " %s=", f->name);
        if (f->text != NULL)
            put_value(&line, f->text);
        else
            (void)buf_printf(&line, "%jd", (intmax_t)f->number);
    }
    va_end(ap);
    (void)buf_putc(&line, '\n');
    if (line.bytes != NULL)
        (void)!write(STDERR_FILENO, line.bytes, line.len); /* nowhere left to say so */
    buf_clear(&line);
}

bool
log_allow(struct log_limit *limit, int64_t *suppressed)
{
    int64_t minute = (int64_t)time(NULL) / SECONDS_A_MINUTE;

    if (atomic_exchange(&limit->minute, minute) != minute)
        atomic_store(&limit->used, 0);
    if (atomic_fetch_add(&limit->used, 1) >= limit->burst) {
        atomic_fetch_add(&limit->suppressed, 1);
        return false;
    }
    *suppressed = atomic_exchange(&limit->suppressed, 0);
    return true;
}

void
log_microhttpd(void *ignored, const char *fmt, va_list ap)
{
    static struct log_limit limit = LOG_LIMIT(LIBRARY_LINES_A_MINUTE);
    char line[MAX_VALUE_BYTES];
    int64_t suppressed;

    (void)ignored;
    (void)vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    if (log_allow(&limit, &suppressed))
        log_debug("libmicrohttpd", LOG_S("says", line), LOG_I("suppressed", suppressed));
}
