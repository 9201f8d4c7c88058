/* First error wins: the innermost place knows best what went wrong, callers only add
 * where. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Cuts a text that was filled to the brim at the last whole UTF-8 character. */
static void
cut_at_character(char *text, size_t size)
{
    size_t n = strnlen(text, size);

    if (n + 1 < size)
        return;
    while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
        n--;
    if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
        n--;
    text[n] = '\0';
}

bool
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL || e->kind != ERR_NONE)
        return false;
    e->kind = kind;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    cut_at_character(e->text, sizeof e->text);
    return false;
}

bool
err_prefix(struct err *e, const char *fmt, ...)
{
    struct err old;
    va_list ap;
    size_t n;

    if (e == NULL || e->kind == ERR_NONE)
        return false;
    old = *e;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    n = strlen(e->text);
    (void)snprintf(e->text + n, sizeof e->text - n, ": %s", old.text);
    cut_at_character(e->text, sizeof e->text);
    return false;
}

bool
err_nomem(struct err *e)
{
    return err_set(e, ERR_AGAIN, "out of memory");
}

void
err_clear(struct err *e)
{
    *e = (struct err){0};
}

int
err_exit_code(const struct err *e)
{
    switch (e->kind) {
    case ERR_NONE:
        return EX_OK;
    case ERR_INPUT:
    case ERR_REFUSED:
    case ERR_TOO_BIG:
        return EX_DATAERR;
    case ERR_AGAIN:
        return EX_TEMPFAIL;
    case ERR_CONFIG:
        return EX_CONFIG;
    case ERR_BUG:
        return EX_SOFTWARE;
    }
    return EX_SOFTWARE;
}
