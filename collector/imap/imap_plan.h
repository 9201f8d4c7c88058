/* How far a mailbox was looked through, what is asked for next, and when. Pure. */
#pragma once
#include "collector/intake/verdict.h"

#include <stddef.h>
#include <stdint.h>

enum {
    IMAP_AGAIN_MAILS = 100,  /* mails that are tried again, one by one */
    IMAP_AGAIN_SIZE = 1200,  /* of these as text */
    IMAP_LEAST_WIDTH = 500,  /* UIDs that are asked for at once */
    IMAP_MOST_WIDTH = 16000, /* the same where few of them are left */
    IMAP_MOST_PAUSE_S = 3600,
};

/* What was dealt with: all UIDs up to `done`, but for those in `again`. */
struct imap_cursor {
    uint32_t validity; /* of these UIDs; 0: none yet */
    uint32_t done;
    uint32_t again[IMAP_AGAIN_MAILS];
    size_t again_count;
};

/* The mailbox has this UIDVALIDITY now: with another one nothing in it was seen. */
void imap_cursor_begin(struct imap_cursor *c, uint32_t validity);

/* A mail was dealt with, or has to be tried again; false when too many have. */
MUST_USE bool imap_cursor_note(struct imap_cursor *c, uint32_t uid, bool again);

/* "{3,17}", and back: what is no such text is an empty list. */
void imap_cursor_print(const struct imap_cursor *c, char out[IMAP_AGAIN_SIZE]);
void imap_cursor_parse(struct imap_cursor *c, const char *again);

/* How many UIDs to ask for when the last so many held `found` mails. */
uint32_t imap_plan_width(uint32_t width, size_t found);

/* Until the next look, after so many in a row that failed. */
int64_t imap_plan_pause_s(int64_t poll_s, unsigned failures);

/* Is it a report that is in the database, so that the mail may be marked, moved or
 * deleted? What is ignored, not ours or no report stays for its owner to see. */
bool imap_plan_is_done(enum verdict verdict);

/* Does a mail say that it holds a TLS report, or is it signed and holds what could be
 * one? All others are somebody's mail: they are not looked into, much less kept. */
bool imap_plan_may_hold_report(const char *mail, size_t n);
