#include "collector/imap/imap_fault.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *text;
    enum err_kind kind;
} states[] = {
    [IMAP_WORKS] = {"", ERR_NONE},
    [IMAP_STOPPED] = {"stopped", ERR_AGAIN},
    [IMAP_NO_CONNECTION] = {"connection", ERR_AGAIN},
    [IMAP_NO_TLS] = {"tls", ERR_CONFIG},
    [IMAP_NO_SECRET] = {"secret", ERR_CONFIG},
    [IMAP_NO_LOGIN] = {"login", ERR_CONFIG},
    [IMAP_NO_FOLDER] = {"folder", ERR_CONFIG},
    [IMAP_BAD_ANSWER] = {"answer", ERR_AGAIN},
    [IMAP_NO_DATABASE] = {"database", ERR_AGAIN},
    [IMAP_BUSY] = {"busy", ERR_AGAIN},
};

const char *
imap_state_text(enum imap_state state)
{
    return states[state].text;
}

enum err_kind
imap_state_kind(enum imap_state state)
{
    return states[state].kind;
}

/* What a server says goes into a log and a database. */
bool
imap_fail(struct imap_fault *f, enum imap_state state, const char *fmt, ...)
{
    va_list args;

    if (f->state != IMAP_WORKS)
        return false;
    f->state = state;
    va_start(args, fmt);
    (void)vsnprintf(f->why, sizeof f->why, fmt, args);
    va_end(args);
    for (char *c = f->why; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return false;
}
