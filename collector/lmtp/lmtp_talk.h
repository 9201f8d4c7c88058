/* The server's side of an LMTP dialogue (RFC 2033) as a pure machine: bytes in, replies
 * out, and an event when a whole message has come. */
#pragma once
#include "base/buf.h"
#include "collector/intake/verdict.h"
#include "schema/settings/settings.h"

enum {
    LMTP_MAX_LINE_BYTES = 4096, /* of a command; a line of a message may be any length */
    LMTP_MAX_RECIPIENTS = 100,  /* of one message */
    LMTP_MAX_BAD_COMMANDS = 20, /* in one connection, then it is closed */
};

struct lmtp_rules {
    const char *host; /* what we call ourselves */
    const struct settings_list
        *recipients; /* "user@domain" or "@domain"; empty: anyone's */
    size_t max_message_bytes;
};

enum lmtp_event {
    LMTP_MORE,    /* all bytes were taken: send what is in `out`, read on */
    LMTP_MESSAGE, /* a message ended: call lmtp_talk_answer() */
    LMTP_CLOSE,   /* send what is in `out` and close */
};

struct lmtp_talk {
    const struct lmtp_rules *rules;
    struct buf out;       /* replies to send; the caller empties it */
    struct buf message;   /* LMTP_MESSAGE: as it was sent, dots unstuffed; else private */
    size_t message_bytes; /* of it, those that were thrown away included */
    bool in_message;      /* between DATA and its end */
    enum verdict fate; /* LMTP_MESSAGE: PENDING, or the verdict that is already certain */

    /* private */
    struct buf line;
    bool line_too_long, greeted, has_sender, closing;
    unsigned message_state;
    size_t recipient_count, bad_commands;
};

/* Starts a dialogue; the greeting is in `out`. `rules` must outlive it. */
void lmtp_talk_init(struct lmtp_talk *t, const struct lmtp_rules *rules);
void lmtp_talk_clear(struct lmtp_talk *t);

/* Takes bytes up to the next event and says in *taken how many; the rest is to be given
 * again after the event was dealt with. A message past max_message_bytes is taken and
 * thrown away (fate TOO_BIG). */
enum lmtp_event lmtp_talk_take(struct lmtp_talk *t, const char *bytes, size_t n,
                               size_t *taken);

/* Reads the message that is coming to its end and throws it away: that is its fate. */
void lmtp_talk_drop(struct lmtp_talk *t, enum verdict fate);

/* Puts "421" into `out`: the caller is about to close. */
void lmtp_talk_say_closing(struct lmtp_talk *t);

/* One reply for each recipient of the message; it is forgotten. `reason` may be "". */
void lmtp_talk_answer(struct lmtp_talk *t, enum verdict verdict, const char *reason);

/* Is `address` in the list, with or without its "+detail"? Always when it is empty. */
bool lmtp_is_recipient(const struct settings_list *recipients, const char *address);
