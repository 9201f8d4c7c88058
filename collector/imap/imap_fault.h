/* What keeps a mailbox from being looked through: its kind decides when it is told again,
 * the text is for a human. */
#pragma once
#include "base/err.h"

enum imap_state {
    IMAP_WORKS = 0,
    IMAP_STOPPED, /* the program ends: no fault */
    IMAP_NO_CONNECTION,
    IMAP_NO_TLS,    /* or a certificate that does not hold */
    IMAP_NO_SECRET, /* to log in with */
    IMAP_NO_LOGIN,
    IMAP_NO_FOLDER, /* it cannot be opened, marked in, or moved to */
    IMAP_BAD_ANSWER,
    IMAP_NO_DATABASE,
    IMAP_BUSY, /* too much waits for the database, or no memory */
};

struct imap_fault {
    enum imap_state state;
    char why[256]; /* printable ASCII */
};

/* "connection", "login" and so on; "" when it works. Static. */
const char *imap_state_text(enum imap_state state);

/* Who must do something about it. */
enum err_kind imap_state_kind(enum imap_state state);

/* Sets it, unless something is set. Always returns false. */
bool imap_fail(struct imap_fault *f, enum imap_state state, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
