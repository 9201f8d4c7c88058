/* What `tlsrptd import` says while it runs: a bar with rate and time left on a terminal,
 * a line every few seconds elsewhere. */
#pragma once
#include "base/buf.h"
#include "collector/import/import_crew.h"

enum {
    PROGRESS_LINE_S = 5,   /* between lines */
    PROGRESS_BAR_MS = 100, /* between two states of the bar */
    PROGRESS_BAR_CELLS = 24,
};

/* Appends one state: items, rate and, when `total_bytes` is known (not 0) and something
 * has been read, the share done, a bar of `cells` (0: none) and the time left. Pure. */
bool progress_print(const struct import_tally *tally, size_t total_bytes,
                    int64_t elapsed_ms, int cells, struct buf *out);

/* Appends the summary: each verdict that occurred, and the rate. Pure. */
bool progress_summary(const struct import_tally *tally, int64_t elapsed_ms, bool dry_run,
                      struct buf *out);

struct progress {
    bool terminal;
    size_t total_bytes; /* 0: not known */
    int64_t started_ms, shown_ms;
};

/* Looks at standard error, where all of it goes. */
void progress_start(struct progress *p);

/* Is it time to show the next state? */
bool progress_is_due(const struct progress *p);

void progress_show(struct progress *p, const struct import_tally *tally);

/* Takes the bar away, so that a line may be printed. */
void progress_hide(const struct progress *p);

int64_t progress_elapsed_ms(const struct progress *p);
