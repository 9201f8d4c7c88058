/* What monitoring is told of the stored reports and of the findings, as one exposition.
 */
#pragma once
#include "analyzer/findings.h"
#include "base/ometric.h"

enum {
    METRICS_FINDINGS = 20, /* so many of the worst are named by their id */
};

struct metrics_source {
    const struct settings *settings;
    struct store *store;             /* NULL: it could not be opened */
    const struct findings *findings; /* NULL: none are known */
    int64_t as_of;                   /* of the findings */
};

/* Appends to `out`, which must be empty, in one snapshot of its own. When the database
 * fails `down` says why, and the metrics say so, too. False when memory or room runs out.
 */
MUST_USE bool metrics_write(const struct metrics_source *source,
                            enum ometric_format format, struct buf *out, struct err *down,
                            struct err *e);
