/* Writes metrics as Prometheus reads them: text format 0.0.4 or OpenMetrics 1.0. Knows
 * nothing of reports. Label values may hold anything: what a parser or a terminal would
 * act on is written by its number, and two values never come out alike. Families must not
 * repeat. Pure. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

enum ometric_format {
    OMETRIC_TEXT,        /* text/plain; version=0.0.4 */
    OMETRIC_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
};

enum ometric_type {
    OMETRIC_COUNTER, /* the name is given without _total */
    OMETRIC_GAUGE,
    OMETRIC_HISTOGRAM,
    OMETRIC_INFO, /* the name is given without _info; the value is 1 */
};

struct ometric {
    struct buf *out;
    enum ometric_format format;
    const char *name; /* of the family at hand */
    enum ometric_type type;
};

struct ometric_label {
    const char *name;
    const char *value;
};

void ometric_init(struct ometric *m, enum ometric_format format, struct buf *out);

/* The content type of a format; and the format that an Accept header asks for (NULL: none
 * was sent). */
const char *ometric_content_type(enum ometric_format format);
enum ometric_format ometric_negotiate(const char *accept);

/* Begins a family: HELP, TYPE and, where `unit` is not NULL, UNIT: then the name ends
 * with it. Nothing is copied. */
void ometric_family(struct ometric *m, enum ometric_type type, const char *name,
                    const char *unit, const char *help);

/* A sample of a counter, gauge or info. */
void ometric_integer(struct ometric *m, const struct ometric_label labels[], size_t n,
                     int64_t value);
void ometric_number(struct ometric *m, const struct ometric_label labels[], size_t n,
                    double value);

struct ometric_histogram {
    const double *bounds;      /* ascending, without +Inf */
    const int64_t *cumulative; /* at each bound */
    size_t bound_count;
    int64_t count;
    double sum;
};
void ometric_histogram(struct ometric *m, const struct ometric_label labels[], size_t n,
                       const struct ometric_histogram *h);

/* Ends the exposition; false when an append failed. */
MUST_USE bool ometric_end(struct ometric *m);
