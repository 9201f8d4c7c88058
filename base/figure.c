#include "base/figure.h"

#include "base/count.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum {
    GROUP_DIGITS = 3
};

char *
figure_count(int64_t n, char *out)
{
    char digits[FIGURE_SIZE];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRId64, n);
    size_t first = digits[0] == '-';
    char *next = out;

    for (size_t i = 0; i < len; i++) {
        if (i > first && (len - i) % GROUP_DIGITS == 0)
            *next++ = ',';
        *next++ = digits[i];
    }
    *next = '\0';
    return out;
}

char *
figure_brief(int64_t n, char *out)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
    double x = (double)n;
    size_t unit = 0;

    while (x >= 1000 && unit + 1 < COUNT_OF(units)) {
        x /= 1000;
        unit++;
    }
    (void)snprintf(out, FIGURE_SIZE,
                   unit > 0 && x < 10 && x * 10 > (int)x * 10.0 ? "%.1f%s" : "%.0f%s", x,
                   units[unit]);
    return out;
}

char *
figure_share(int64_t part, int64_t whole, char *out)
{
    double percent = whole > 0 ? 100 * (double)part / (double)whole : 0;
    int digits = percent >= 10 || percent <= 0 ? 0
                 : percent >= 1                ? 1
                 : percent >= .01              ? 2
                                               : 4;

    if (percent > 0 && percent < .0001)
        (void)snprintf(out, FIGURE_SIZE, "<0.0001 %%");
    else
        (void)snprintf(out, FIGURE_SIZE, "%.*f %%", digits, percent);
    return out;
}

int64_t
figure_axis_end(int64_t most)
{
    static const int64_t steps[] = {2, 4, 6, 8, 10, 12, 16};

    for (int64_t power = 1; power < INT64_MAX / 16; power *= 10) {
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            if (steps[i] * power >= most)
                return steps[i] * power;
        }
    }
    return INT64_MAX;
}
