/* The two formats differ in few places: OpenMetrics names a family without its suffix,
 * has units, an end, and writes bounds as floats. */
#include "base/ometric.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER_SIZE = 32
};

static const struct {
    const char *text, *openmetrics, *suffix;
} types[] = {
    [OMETRIC_COUNTER] = {"counter", "counter", "_total"},
    [OMETRIC_GAUGE] = {"gauge", "gauge", ""},
    [OMETRIC_HISTOGRAM] = {"histogram", "histogram", ""},
    [OMETRIC_INFO] = {"gauge", "info", "_info"},
};

void
ometric_init(struct ometric *m, enum ometric_format format, struct buf *out)
{
    *m = (struct ometric){.out = out, .format = format};
}

const char *
ometric_content_type(enum ometric_format format)
{
    return format == OMETRIC_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

enum ometric_format
ometric_negotiate(const char *accept)
{
    static const char wanted[] = "application/openmetrics-text";
    const char *q;
    size_t n;

    for (; accept != NULL && *accept != '\0'; accept += n + (accept[n] == ',')) {
        accept += strspn(accept, " \t");
        n = strcspn(accept, ",");
        if (n >= sizeof wanted - 1 &&
            strncasecmp(accept, wanted, sizeof wanted - 1) == 0 &&
            strchr(";, \t", accept[sizeof wanted - 1]) != NULL &&
            ((q = memmem(accept, n, ";q=0", 4)) == NULL || /* else, is it refused? */
             strspn(q + 4, ".0") != strcspn(q + 4, ",; ")))
            return OMETRIC_OPENMETRICS;
    }
    return OMETRIC_TEXT;
}

/* ---- pieces of a line ---- */

/* Two values never come out alike, for then two series would be one: a backslash of the
 * value's own is written by its number. */
static void
put_value(struct buf *out, const char *value)
{
    size_t n = strlen(value), len;
    uint32_t cp = 0;

    for (size_t i = 0; i < n; i += len) {
        len = text_next(value + i, n - i, &cp);
        if (len == 0) {
            len = 1;
            (void)buf_printf(out, "\\\\x%02x", (unsigned char)value[i]);
        } else if (cp == '"') {
            (void)buf_puts(out, "\\\"");
        } else if (cp == '\\' || text_is_unsafe(cp)) {
            (void)buf_printf(out, cp < 0x80 ? "\\\\x%02x" : "\\\\u{%x}", cp);
        } else {
            (void)buf_append(out, value + i, len);
        }
    }
}

static const char *
print_number(double value, char out[NUMBER_SIZE])
{
    if (isnan(value))
        return "NaN";
    if (isinf(value))
        return value < 0 ? "-Inf" : "+Inf";
    (void)snprintf(out, NUMBER_SIZE, "%.15g", value);
    return out;
}

/* A bound is a float in OpenMetrics, whole or not. */
static const char *
print_bound(enum ometric_format format, double bound, char out[NUMBER_SIZE])
{
    if (format == OMETRIC_TEXT || bound < floor(bound) || bound > floor(bound))
        return print_number(bound, out);
    (void)snprintf(out, NUMBER_SIZE, "%.1f", bound);
    return out;
}

static void
put_sample(struct ometric *m, const char *suffix, const struct ometric_label labels[],
           size_t n, const char *le, const char *value)
{
    const char *between = "{";

    (void)buf_printf(m->out, "%s%s", m->name, suffix);
    for (size_t i = 0; i < n; i++) {
        (void)buf_printf(m->out, "%s%s=\"", between, labels[i].name);
        put_value(m->out, labels[i].value);
        (void)buf_putc(m->out, '"');
        between = ",";
    }
    if (le != NULL) {
        (void)buf_printf(m->out, "%sle=\"%s\"", between, le);
        between = ",";
    }
    (void)buf_printf(m->out, "%s %s\n", *between == ',' ? "}" : "", value);
}

/* ---- families and samples ---- */

void
ometric_family(struct ometric *m, enum ometric_type type, const char *name,
               const char *unit, const char *help)
{
    bool text = m->format == OMETRIC_TEXT;
    const char *suffix = text ? types[type].suffix : "";

    m->name = name;
    m->type = type;
    (void)buf_printf(m->out, "# HELP %s%s ", name, suffix);
    for (; *help != '\0'; help++) { /* a quote stands for itself here */
        if (*help == '\\' || *help == '\n')
            (void)buf_puts(m->out, *help == '\n' ? "\\n" : "\\\\");
        else
            (void)buf_putc(m->out, *help);
    }
    (void)buf_printf(m->out, "\n# TYPE %s%s %s\n", name, suffix,
                     text ? types[type].text : types[type].openmetrics);
    if (!text && unit != NULL)
        (void)buf_printf(m->out, "# UNIT %s %s\n", name, unit);
}

void
ometric_integer(struct ometric *m, const struct ometric_label labels[], size_t n,
                int64_t value)
{
    char text[NUMBER_SIZE];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put_sample(m, types[m->type].suffix, labels, n, NULL, text);
}

void
ometric_number(struct ometric *m, const struct ometric_label labels[], size_t n,
               double value)
{
    char text[NUMBER_SIZE];

    put_sample(m, types[m->type].suffix, labels, n, NULL, print_number(value, text));
}

void
ometric_histogram(struct ometric *m, const struct ometric_label labels[], size_t n,
                  const struct ometric_histogram *h)
{
    char text[NUMBER_SIZE], bound[NUMBER_SIZE];

    for (size_t i = 0; i <= h->bound_count; i++) {
        bool last = i == h->bound_count;

        (void)snprintf(text, sizeof text, "%" PRId64, last ? h->count : h->cumulative[i]);
        put_sample(m, "_bucket", labels, n,
                   last ? "+Inf" : print_bound(m->format, h->bounds[i], bound), text);
    }
    put_sample(m, "_sum", labels, n, NULL, print_number(h->sum, text));
    (void)snprintf(text, sizeof text, "%" PRId64, h->count);
    put_sample(m, "_count", labels, n, NULL, text);
}

bool
ometric_end(struct ometric *m)
{
    if (m->format == OMETRIC_OPENMETRICS)
        (void)buf_puts(m->out, "# EOF\n");
    return !m->out->failed;
}
