/* Where a mailbox is, and what is to become of the reports in it: a section `imap` of the
 * settings, read and checked. Pure. */
#pragma once
#include "base/arena.h"
#include "schema/settings/settings.h"

enum imap_done {
    IMAP_KEEP,   /* leaves all as it is, and remembers how far it came */
    IMAP_SEEN,   /* marks */
    IMAP_MOVE,   /* to the folder `target` */
    IMAP_DELETE, /* for good */
};

struct imap_place {
    const struct imap_box *box; /* as it is configured */
    const char *host, *port;    /* no brackets around an address */
    const char *folder;         /* as IMAP writes it: modified UTF-7 */
    const char *text;           /* user@host:port/folder: its name in the database */
    bool tls;                   /* from the first byte; else by STARTTLS */
    bool loopback;              /* may go without, where the server has no STARTTLS */
    enum imap_done done;
    const char *target; /* IMAP_MOVE */
};

/* ERR_CONFIG names the section. Texts live in `a` or the settings. */
MUST_USE bool imap_place_read(struct arena *a, const struct imap_box *box,
                              struct imap_place *out, struct err *e);
