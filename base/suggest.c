/* Optimal string alignment distance: a swap of neighbours, the commonest slip, costs one.
 */
#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

enum {
    MAX_WORD = 64 /* longer ones are never near anything */
};

void
suggest_init(struct suggest *s, const char *typed)
{
    *s = (struct suggest){.typed = typed, .distance = SIZE_MAX};
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t
distance(const char *a, const char *b)
{
    size_t rows[MAX_WORD + 1][MAX_WORD + 1];
    size_t n = strlen(a), m = strlen(b);

    for (size_t i = 0; i <= n; i++)
        rows[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            size_t best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

            best = least(best, least(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, rows[i - 2][j - 2] + 1);
            rows[i][j] = best;
        }
    }
    return rows[n][m];
}

void
suggest_offer(struct suggest *s, const char *word)
{
    size_t n = strlen(s->typed), m = strlen(word), d;

    if (n == 0 || n > MAX_WORD || m > MAX_WORD)
        return;
    d = distance(s->typed, word);
    /* the beginning of a word is near however much is missing */
    if (n >= 2 && strncmp(s->typed, word, n) == 0)
        d = least(d, 1);
    if (d < s->distance && d <= (m < 4 ? 1 : m / 3 + (m >= 6))) {
        s->distance = d;
        s->nearest = word;
    }
}

bool
suggest_fail(const struct suggest *s, const char *what, const char *dashes,
             const char *see, struct err *e)
{
    return s->nearest != NULL
               ? err_set(e, ERR_INPUT, "there is no %s\"%s\": did you mean %s%s?", what,
                         s->typed, dashes, s->nearest)
               : err_set(e, ERR_INPUT, "there is no %s\"%s\": see %s", what, s->typed,
                         see);
}
