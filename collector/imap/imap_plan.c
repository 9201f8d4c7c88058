#include "collector/imap/imap_plan.h"

#include "base/count.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
imap_cursor_begin(struct imap_cursor *c, uint32_t validity)
{
    if (c->validity != validity)
        *c = (struct imap_cursor){.validity = validity};
}

bool
imap_cursor_note(struct imap_cursor *c, uint32_t uid, bool again)
{
    size_t at = 0;

    while (at < c->again_count && c->again[at] != uid)
        at++;
    if (!again && at < c->again_count) {
        c->again_count--;
        memmove(&c->again[at], &c->again[at + 1],
                (c->again_count - at) * sizeof *c->again);
    } else if (again && at == c->again_count) {
        if (at == IMAP_AGAIN_MAILS)
            return false;
        c->again[c->again_count++] = uid;
    }
    if (uid > c->done)
        c->done = uid;
    return true;
}

void
imap_cursor_print(const struct imap_cursor *c, char out[IMAP_AGAIN_SIZE])
{
    size_t n = 0;

    out[n++] = '{';
    for (size_t i = 0; i < c->again_count; i++)
        n += (size_t)snprintf(out + n, IMAP_AGAIN_SIZE - n, "%s%" PRIu32,
                              i == 0 ? "" : ",", c->again[i]);
    out[n++] = '}';
    out[n] = '\0';
}

void
imap_cursor_parse(struct imap_cursor *c, const char *again)
{
    const char *at = again;
    char *end;

    c->again_count = 0;
    while ((*at == '{' || *at == ',') && c->again_count < IMAP_AGAIN_MAILS) {
        unsigned long uid = strtoul(at + 1, &end, 10);

        if (end == at + 1 || uid == 0 || uid > UINT32_MAX)
            return;
        c->again[c->again_count++] = (uint32_t)uid;
        at = end;
    }
}

uint32_t
imap_plan_width(uint32_t width, size_t found)
{
    if (found > IMAP_LEAST_WIDTH / 2)
        return IMAP_LEAST_WIDTH;
    return width * 2 < IMAP_MOST_WIDTH ? width * 2 : IMAP_MOST_WIDTH;
}

int64_t
imap_plan_pause_s(int64_t poll_s, unsigned failures)
{
    int64_t most = poll_s > IMAP_MOST_PAUSE_S ? poll_s : IMAP_MOST_PAUSE_S;
    int64_t pause = poll_s;

    while (failures-- > 0 && pause < most)
        pause *= 2;
    return pause < most ? pause : most;
}

bool
imap_plan_is_done(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_STORED:
    case VERDICT_DUPLICATE:
    case VERDICT_QUARANTINED:
        return true;
    case VERDICT_PENDING:
    case VERDICT_PRUNED:
    case VERDICT_IGNORED:
    case VERDICT_NOT_OURS:
    case VERDICT_UNRECOGNIZED:
    case VERDICT_TOO_BIG:
    case VERDICT_SPOOLED:
    case VERDICT_AGAIN:
    case VERDICT_COUNT:
        break;
    }
    return false;
}

/* `word` in lower case. */
static bool
holds(const char *text, size_t n, const char *word)
{
    size_t len = strlen(word);
    const char *end = n < len ? text : text + (n - len) + 1, *upper, *lower, *at = text;
    const int low = word[0], high = word[0] >= 'a' ? word[0] - 32 : word[0];

    while (at < end) {
        lower = memchr(at, low, (size_t)(end - at));
        upper = low == high
                    ? NULL
                    : memchr(at, high, (size_t)((lower == NULL ? end : lower) - at));
        at = upper != NULL ? upper : lower;
        if (at == NULL)
            return false;
        if (strncasecmp(at, word, len) == 0)
            return true;
        at++;
    }
    return false;
}

static bool
holds_any(const char *text, size_t n, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds(text, n, words[i]))
            return true;
    return false;
}

bool
imap_plan_may_hold_report(const char *mail, size_t n)
{
    static const char *const says[] = {"tlsrpt", "tls-report", "report domain:"};
    static const char *const signs[] = {"\ndkim-signature:", "dkim=pass"};
    static const char *const containers[] = {"application/json",
                                             "application/gzip",
                                             "application/x-gzip",
                                             "application/zip",
                                             "application/x-zip",
                                             "octet-stream",
                                             ".json",
                                             ".gz",
                                             ".zip",
                                             "message/rfc822"};

    return holds_any(mail, n, says, 3) ||
           (holds_any(mail, n, signs, 2) &&
            holds_any(mail, n, containers, COUNT_OF(containers)));
}
