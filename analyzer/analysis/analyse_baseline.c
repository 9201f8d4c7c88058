/* See analyse_baseline.h. */
#include "analyzer/analysis/analyse_baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The continued fraction of the incomplete beta function (Lentz). */
static double
beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), h, step;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int i = 1; i <= 300; i++) {
        double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = d * c;
        h *= step;
        if (fabs(step - 1) < 1e-10)
            break;
    }
    return h;
}

double
baseline_tail(int64_t n, int64_t k, double p)
{
    double a = (double)k, b = (double)(n - k) + 1, front;

    if (k <= 0 || p >= 1)
        return 1;
    if (k > n || p <= 0)
        return 0;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(p) + b * log1p(-p));
    if (p < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, p) / a;
    return 1 - front * beta_fraction(b, a, 1 - p) / b;
}

static double
wilson(int64_t n, int64_t f, double z)
{
    double size = (double)n, p = (double)f / size, zz = z * z;

    return (p + zz / (2 * size) + z * sqrt(p * (1 - p) / size + zz / (4 * size * size))) /
           (1 + zz / size);
}

double
baseline_upper(int64_t n, int64_t f, double z)
{
    return n > 0 ? wilson(n, f < n ? f : n, z) : 1;
}

double
baseline_lower(int64_t n, int64_t f, double z)
{
    return n > 0 ? 1 - wilson(n, f < n ? n - f : 0, z) : 0;
}

static int
by_size(const void *a, const void *b)
{
    double x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

double
baseline_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return count ? values[count / 2] : 0;
}

struct baseline
baseline_of(const struct grid *g, const struct grid_kind *k, size_t sender, int day,
            const uint8_t skip[FACTS_DAYS])
{
    struct baseline b = {0};

    for (int d = day - 1 - BASELINE_SKIP; d >= 0 && b.days < BASELINE_DAYS; d--) {
        int64_t n = grid_sessions(g, k, sender, d);

        /* Before it looked at our TLSA records, say, it did not fail by them either. */
        if (n <= 0)
            n = g->sessions[GRID_ANY][sender * FACTS_DAYS + (size_t)d];
        if (n <= 0 || skip[d])
            continue;
        b.days++;
        b.sessions += n;
        b.failed += grid_failed(k, sender, d);
    }
    /* The prior must not make a small sender that always fails look clean. */
    b.rate = fmax(((double)b.failed + BASELINE_PRIOR * .001) /
                      ((double)b.sessions + BASELINE_PRIOR),
                  b.failed ? baseline_lower(b.sessions, b.failed, 1) : 0);
    return b;
}
