/* A rate and a share are all that can be said of an archive before its end. */
#include "collector/import/import_progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

static const char *const words[VERDICT_COUNT] = {
    [VERDICT_STORED] = "stored",
    [VERDICT_DUPLICATE] = "there already",
    [VERDICT_PRUNED] = "of days that were summed up and dropped",
    [VERDICT_QUARANTINED] = "quarantined (tlsrpt reports --status quarantined)",
    [VERDICT_IGNORED] = "ignored: no valid signature (tlsrpt reports --status ignored)",
    [VERDICT_NOT_OURS] = "about domains that are not ours",
    [VERDICT_UNRECOGNIZED] = "no reports",
    [VERDICT_TOO_BIG] = "too big",
    [VERDICT_SPOOLED] = "on disk until the database is back",
    [VERDICT_AGAIN] = "not kept, run it again",
};

static size_t
finished(const struct import_tally *tally)
{
    size_t n = 0;

    for (int v = VERDICT_PENDING + 1; v < VERDICT_COUNT; v++)
        n += tally->verdicts[v];
    return n;
}

static double
rate(size_t n, int64_t elapsed_ms)
{
    return elapsed_ms <= 0 ? 0 : (double)n * 1000 / (double)elapsed_ms;
}

static bool
print_bar(double share, int cells, struct buf *out)
{
    (void)buf_putc(out, '[');
    for (int i = 0; i < cells; i++)
        (void)buf_putc(out, i < (int)(share * cells) ? '#' : '.');
    return buf_puts(out, "] ");
}

bool
progress_print(const struct import_tally *tally, size_t total_bytes, int64_t elapsed_ms,
               int cells, struct buf *out)
{
    size_t n = finished(tally);
    double share = total_bytes == 0 ? 0 : (double)tally->bytes / (double)total_bytes;
    int64_t left_s;

    /* The rest of an mbox, its "From " lines, is counted by nobody; files grow. */
    if (share > 1)
        share = 1;
    if (share > 0 && cells > 0)
        (void)print_bar(share, cells, out);
    if (share > 0)
        (void)buf_printf(out, "%3d%%  ", (int)(share * 100));
    (void)buf_printf(out, "%zu read, %.0f/s", n, rate(n, elapsed_ms));
    if (share > 0) {
        left_s = (int64_t)((double)elapsed_ms * (1 - share) / share / 1000);
        (void)buf_printf(out, ", %d:%02d left", (int)(left_s / 60), (int)(left_s % 60));
    }
    return !out->failed;
}

bool
progress_summary(const struct import_tally *tally, int64_t elapsed_ms, bool dry_run,
                 struct buf *out)
{
    size_t n = finished(tally);

    (void)buf_printf(out, "%zu read in %.1f s (%.0f/s)%s\n", n, (double)elapsed_ms / 1000,
                     rate(n, elapsed_ms),
                     dry_run ? "; nothing was kept, this would be:" : "");
    for (int v = VERDICT_PENDING + 1; v < VERDICT_COUNT; v++)
        if (tally->verdicts[v] > 0)
            (void)buf_printf(out, "%9zu %s\n", tally->verdicts[v], words[v]);
    return !out->failed;
}

void
progress_start(struct progress *p)
{
    *p = (struct progress){.terminal = isatty(STDERR_FILENO) != 0};
    p->started_ms = p->shown_ms = clock_ms();
}

bool
progress_is_due(const struct progress *p)
{
    return clock_ms() - p->shown_ms >=
           (p->terminal ? PROGRESS_BAR_MS : PROGRESS_LINE_S * 1000);
}

void
progress_show(struct progress *p, const struct import_tally *tally)
{
    struct buf line;

    p->shown_ms = clock_ms();
    buf_init(&line, 0);
    if (progress_print(tally, p->total_bytes, progress_elapsed_ms(p),
                       p->terminal ? PROGRESS_BAR_CELLS : 0, &line))
        (void)fprintf(stderr, p->terminal ? "\r%s\x1b[K" : "%s\n", line.bytes);
    buf_clear(&line);
}

void
progress_hide(const struct progress *p)
{
    if (p->terminal)
        (void)fputs("\r\x1b[K", stderr);
}

int64_t
progress_elapsed_ms(const struct progress *p)
{
    return clock_ms() - p->started_ms;
}
