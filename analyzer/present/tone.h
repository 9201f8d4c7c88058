/* Colours by meaning. Only terminals get them, and never under NO_COLOR (terminal.h). */
#pragma once

enum tone {
    TONE_PLAIN,
    TONE_BAD,
    TONE_WARN,
    TONE_GOOD,
    TONE_DIM,
    TONE_BOLD,
};

/* The tone of a word of ours: a tier, a status, a severity, a state; TONE_PLAIN for any
 * other. */
enum tone tone_of_word(const char *word);

/* "bad", "warn" and so on: its class on a page; "" for TONE_PLAIN. Static. */
const char *tone_word(enum tone tone);

/* The escape sequence that starts it; "" for TONE_PLAIN. Static. */
const char *tone_start(enum tone tone);

/* The one that ends it; "" for TONE_PLAIN. Static. */
const char *tone_end(enum tone tone);
