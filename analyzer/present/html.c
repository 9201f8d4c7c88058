#include "analyzer/present/html.h"

#include "base/count.h"
#include "base/figure.h"
#include "base/text.h"
#include "base/when.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WEEK_DAYS = 7,
    THURSDAY = 4, /* 1 January 1970 */
};

static void
put_markup_safe(struct buf *out, const char *text, size_t n)
{
    static const struct {
        char c;
        const char *entity;
    } table[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

    for (size_t i = 0; i < n; i++) {
        const char *entity = NULL;

        for (size_t k = 0; k < COUNT_OF(table); k++)
            entity = table[k].c == text[i] ? table[k].entity : entity;
        if (entity != NULL)
            (void)buf_puts(out, entity);
        else
            (void)buf_putc(out, text[i]);
    }
}

void
html_text(struct html *h, const char *text)
{
    struct buf safe;

    if (text == NULL)
        return;
    buf_init(&safe, 0);
    if (text_escape(&safe, text, strlen(text)))
        put_markup_safe(h->out, safe.bytes == NULL ? "" : safe.bytes, safe.len);
    else
        h->out->failed = true;
    buf_clear(&safe);
}

bool
html_put_encoded(struct buf *out, const char *text)
{
    static const char plain[] = "-._~";

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
            strchr(plain, c) != NULL)
            (void)buf_putc(out, (char)c);
        else
            (void)buf_printf(out, "%%%02X", c);
    }
    return !out->failed;
}

static void
put_kept(struct html *h, char before)
{
    if (*h->kept == '\0')
        return;
    put_markup_safe(h->out, &before, 1);
    html_text(h, h->kept);
}

/* NOLINTBEGIN(bugprone-branch-clone): one line each */
void
html_put(struct html *h, const char *fmt, ...)
{
    char number[FIGURE_SIZE];
    size_t n;
    va_list ap;

    va_start(ap, fmt);
    for (; *fmt != '\0'; fmt += *fmt != '\0') {
        n = strcspn(fmt, "%");
        (void)buf_append(h->out, fmt, n);
        if (*(fmt += n) == '\0' || *++fmt == '\0')
            break;
        if (*fmt == 's')
            html_text(h, va_arg(ap, const char *));
        else if (*fmt == 'u')
            (void)html_put_encoded(h->out, va_arg(ap, const char *));
        else if (*fmt == 'd')
            (void)buf_puts(h->out, figure_count(va_arg(ap, int64_t), number));
        else if (*fmt == 'b')
            html_text(h, h->base);
        else if (*fmt == 'k' || *fmt == 'K')
            put_kept(h, *fmt == 'k' ? '?' : '&');
        else
            (void)buf_putc(h->out, *fmt);
    }
    va_end(ap);
}
/* NOLINTEND(bugprone-branch-clone) */

const char *
html_day(int32_t day, int32_t today, char out[HTML_DAY_SIZE])
{
    static const char names[WEEK_DAYS][4] = {"Sun", "Mon", "Tue", "Wed",
                                             "Thu", "Fri", "Sat"};
    struct when_date d = when_date_of(day), now = when_date_of(today);
    int week_day = ((day + THURSDAY) % WEEK_DAYS + WEEK_DAYS) % WEEK_DAYS;
    int n = snprintf(out, HTML_DAY_SIZE, "%s %d %.3s", names[week_day], d.day,
                     when_month_name(d.month));

    if (d.year != now.year && n > 0)
        (void)snprintf(out + n, HTML_DAY_SIZE - (size_t)n, " %d", d.year);
    return out;
}
