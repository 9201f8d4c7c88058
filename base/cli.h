/* The command line of a program with verbs: one table of options, of which each verb
 * takes some; one reader, one help, one way to be wrong. Reading is pure. */
#pragma once
#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Options as a set: those that were given, those that a verb takes. */
typedef uint64_t cli_set;
#define CLI_BIT(n) (UINT64_C(1) << (n))

/* Every program and every verb has these two; the program's own begin at CLI_BIT(2). */
#define CLI_HELP    CLI_BIT(0)
#define CLI_VERSION CLI_BIT(1)

struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* '\0': none; of two options the one that the verb takes */
    const char *arg;  /* what it takes, for the help; NULL: nothing */
    cli_set bit;
    const char *help;  /* one line */
    const char *words; /* what its value may be, separated by blanks; NULL: anything */
    size_t offset;     /* where in the program's struct its value goes */
    bool (*set)(void *values, const struct cli_option *o, const char *value,
                struct err *e); /* NULL: it is but given or not */
};

/* What ends every table of options. */
#define CLI_OWN_OPTIONS                                                                  \
    {"help", 'h', NULL, CLI_HELP, "this help", NULL, 0, NULL},                           \
        {"version", 'V', NULL, CLI_VERSION, "the version", NULL, 0, NULL},               \
        {NULL, '\0', NULL, 0, NULL, NULL, 0, NULL},

/* line: what it does, in one line of the help. args: "ID", "[DOMAIN]", "ACTION [FILE]",
 * "PATH..."; NULL: none. examples: lines of "  program verb ...", each ended by a line
 * feed. notes: paragraphs after the options, so ended, or NULL. options: that it takes.
 */
#define CLI_VERB                                                                         \
    const char *name, *line, *args, *examples, *notes;                                   \
    cli_set options;

struct cli_verb {
    CLI_VERB
};

/* For a program's own descriptor of a verb, whose members these seem to be as well. */
#define CLI_VERB_MEMBER                                                                  \
    union {                                                                              \
        struct cli_verb verb;                                                            \
        struct {                                                                         \
            CLI_VERB                                                                     \
        };                                                                               \
    };

struct cli_program {
    const char *name;
    const char *line; /* what it is for, a sentence */
    const char *examples;
    const char *manuals;                 /* "tlsrpt(1)" */
    const struct cli_verb *const *verbs; /* NULL ends them; NULL: all words are args */
    const struct cli_option *options;    /* ended by CLI_OWN_OPTIONS */
};

/* A command line as it was read. */
struct cli {
    cli_set given;
    const struct cli_verb *verb; /* NULL: none given, or there is none such */
    const char *verb_name;       /* as typed; NULL: none given */
    const char **args;           /* what else is no option */
    size_t arg_count;
};

/* Reads the words after the program's name; options may stand before and after the verb
 * until "--". Their values go into the struct at `values`. Texts are borrowed from
 * `words`, the list of arguments lives in `a`. On failure ERR_INPUT, with "did you mean"
 * where something is near. */
MUST_USE bool cli_read(const struct cli_program *p, int count, const char *const words[],
                       struct arena *a, void *values, struct cli *out, struct err *e);

/* Answers --version, --help and help [VERB] on standard output (*answered); else sees
 * that there is such a verb, and that it takes these options and as many arguments. */
MUST_USE bool cli_use(const struct cli_program *p, const struct cli *line, bool *answered,
                      struct err *e);

/* For cli_option.set: the text, one of `words` if it has them; a file to read, "-" is
 * standard input; how often it was given (int). */
bool cli_set_text(void *values, const struct cli_option *o, const char *value,
                  struct err *e);
bool cli_set_file(void *values, const struct cli_option *o, const char *value,
                  struct err *e);
bool cli_set_count(void *values, const struct cli_option *o, const char *value,
                   struct err *e);

/* Reads a whole number; ERR_INPUT when it is none from `least` to `most`. */
MUST_USE bool cli_read_number(const char *text, int least, int most, int *out,
                              struct err *e);

/* Is the text one of `words`? Else ERR_INPUT says what would be. */
bool cli_check_word(const char *text, const char *words, struct err *e);

/* Says "program: text" on standard error, escaped; returns the exit code. */
int cli_fail(const char *program, const struct err *e);
