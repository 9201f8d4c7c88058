/* One table of words and one of sequences, so that a word has one colour everywhere. */
#include "analyzer/present/tone.h"

#include "base/count.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    enum tone tone;
} words[] = {
    {"unverified", TONE_WARN}, {"ignored", TONE_DIM},   {"quarantined", TONE_WARN},
    {"critical", TONE_BAD},    {"warning", TONE_WARN},  {"info", TONE_DIM},
    {"open", TONE_BOLD},       {"resolved", TONE_GOOD}, {"GO", TONE_GOOD},
    {"HOLD", TONE_WARN},       {"missing", TONE_WARN},  {"late", TONE_DIM},
};

static const char *const sequences[] = {
    [TONE_PLAIN] = "",        [TONE_BAD] = "\033[31m", [TONE_WARN] = "\033[33m",
    [TONE_GOOD] = "\033[32m", [TONE_DIM] = "\033[2m",  [TONE_BOLD] = "\033[1m",
};

enum tone
tone_of_word(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].tone;
    }
    return TONE_PLAIN;
}

const char *
tone_word(enum tone tone)
{
    static const char *const names[] = {
        [TONE_PLAIN] = "",    [TONE_BAD] = "bad", [TONE_WARN] = "warn",
        [TONE_GOOD] = "good", [TONE_DIM] = "dim", [TONE_BOLD] = "bold",
    };

    return names[tone];
}

const char *
tone_start(enum tone tone)
{
    return sequences[tone];
}

const char *
tone_end(enum tone tone)
{
    return tone == TONE_PLAIN ? "" : "\033[0m";
}
