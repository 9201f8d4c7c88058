#include "base/cli.h"

#include "base/suggest.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_WIDTH = 22,
    VERB_WIDTH = 10,
    MAX_WORD = 64,
};

static bool
takes(const struct cli_verb *verb, const struct cli_option *o)
{
    return verb != NULL && ((verb->options | CLI_HELP | CLI_VERSION) & o->bit) != 0;
}

/* The option of "--name", "--name=value" or "-c": that of the verb, else the last of the
 * table; NULL when there is none. */
static const struct cli_option *
find_option(const struct cli_program *p, const struct cli_verb *verb, const char *word)
{
    size_t n = word[1] == '-' ? strcspn(word + 2, "=") : 0;
    const struct cli_option *o, *found = NULL;

    for (o = p->options; o->name != NULL; o++) {
        if (word[1] == '-' ? strlen(o->name) != n || strncmp(o->name, word + 2, n) != 0
                           : o->letter == '\0' || o->letter != word[1])
            continue;
        if (takes(verb, o))
            return o;
        found = o;
    }
    return found;
}

static const struct cli_verb *
find_verb(const struct cli_program *p, const char *name)
{
    for (size_t i = 0; p->verbs[i] != NULL; i++) {
        if (strcmp(p->verbs[i]->name, name) == 0)
            return p->verbs[i];
    }
    return NULL;
}

/* ---- wrong use -------------------------------------------------------------------- */

/* Where to look; `verb` may be NULL. */
static const char *
see_help(const struct cli_program *p, const struct cli_verb *verb, char out[MAX_WORD])
{
    (void)snprintf(out, MAX_WORD, "%s%s%s --help", p->name, verb == NULL ? "" : " ",
                   verb == NULL ? "" : verb->name);
    return out;
}

static bool
unknown_option(const struct cli_program *p, const struct cli *line, const char *word,
               struct err *e)
{
    const struct cli_option *o;
    struct suggest s;
    char name[MAX_WORD], see[MAX_WORD];

    word += strspn(word, "-");
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    suggest_init(&s, name);
    for (o = p->options; o->name != NULL; o++) {
        if (line->verb == NULL || takes(line->verb, o))
            suggest_offer(&s, o->name);
    }
    return suggest_fail(&s, "option ", "--", see_help(p, line->verb, see), e);
}

static bool
unknown_verb(const struct cli_program *p, const char *name, struct err *e)
{
    struct suggest s;
    char see[MAX_WORD];

    suggest_init(&s, name);
    for (size_t i = 0; p->verbs[i] != NULL; i++)
        suggest_offer(&s, p->verbs[i]->name);
    return suggest_fail(&s, "", "", see_help(p, NULL, see), e);
}

/* The next of `words` into `out`; false after the last one. */
static bool
next_word(const char **words, char out[MAX_WORD])
{
    size_t n;

    *words += strspn(*words, " ");
    n = strcspn(*words, " ");
    (void)snprintf(out, MAX_WORD, "%.*s", (int)n, *words);
    *words += n;
    return n > 0;
}

bool
cli_check_word(const char *text, const char *words, struct err *e)
{
    const char *rest = words;
    char word[MAX_WORD];

    while (next_word(&rest, word)) {
        if (strcmp(word, text) == 0)
            return true;
    }
    return err_set(e, ERR_INPUT, "\"%s\" is none of: %s", text, words);
}

/* Does the verb take the options and as many arguments? */
static bool
check_use(const struct cli_program *p, const struct cli *line, struct err *e)
{
    const struct cli_verb *verb = line->verb;
    const char *spec = verb->args == NULL ? "" : verb->args;
    const struct cli_option *o;
    size_t least = 0, most = 0;
    char word[MAX_WORD], see[MAX_WORD];

    (void)see_help(p, verb, see);
    for (o = p->options; o->name != NULL; o++) {
        if ((line->given & o->bit) != 0 && !takes(verb, o))
            return err_set(e, ERR_INPUT, "%s takes no --%s: see %s", verb->name, o->name,
                           see);
    }
    while (next_word(&spec, word)) {
        least += word[0] != '[';
        most = strstr(word, "...") != NULL ? SIZE_MAX : most + 1;
    }
    if (line->arg_count < least)
        return err_set(e, ERR_INPUT, "%s needs %s: see %s", verb->name, verb->args, see);
    return line->arg_count <= most ||
           err_set(e, ERR_INPUT, "%s does not take \"%s\": see %s", verb->name,
                   line->args[most], see);
}

int
cli_fail(const char *program, const struct err *e)
{
    struct buf text;

    buf_init(&text, 0);
    (void)text_escape(&text, e->text, strlen(e->text));
    (void)fprintf(stderr, "%s: %s\n", program,
                  text.bytes != NULL ? text.bytes : "failed");
    buf_clear(&text);
    return err_exit_code(e);
}

/* ---- values ----------------------------------------------------------------------- */

bool
cli_set_text(void *values, const struct cli_option *o, const char *value, struct err *e)
{
    *(const char **)((char *)values + o->offset) = value;
    return o->words == NULL || cli_check_word(value, o->words, e);
}

bool
cli_set_file(void *values, const struct cli_option *o, const char *value, struct err *e)
{
    return cli_set_text(values, o, strcmp(value, "-") == 0 ? "/dev/stdin" : value, e);
}

bool
cli_read_number(const char *text, int least, int most, int *out, struct err *e)
{
    char *end;
    long number = strtol(text, &end, 10);

    *out = (int)number;
    return (end != text && *end == '\0' && number >= least && number <= most) ||
           err_set(e, ERR_INPUT, "\"%s\" is no number from %d to %d", text, least, most);
}

bool
cli_set_count(void *values, const struct cli_option *o, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ++*(int *)((char *)values + o->offset);
    return true;
}

/* ---- reading ---------------------------------------------------------------------- */

/* Takes the option at words[*i], and its value, which may be the next word. */
static bool
take_option(const struct cli_program *p, int count, const char *const words[], int *i,
            void *values, struct cli *line, struct err *e)
{
    const char *word = words[*i], *value = NULL;
    const struct cli_option *o = find_option(p, line->verb, word);
    size_t times = 1;

    if (o == NULL)
        return unknown_option(p, line, word, e);
    if (word[1] == '-' && strchr(word, '=') != NULL)
        value = strchr(word, '=') + 1;
    else if (word[1] != '-' && word[2] != '\0')
        value = word + 2;
    while (o->arg == NULL && value != NULL && *value == o->letter) { /* -vv */
        times++;
        value = value[1] == '\0' ? NULL : value + 1;
    }
    if (o->arg == NULL && value != NULL)
        return err_set(e, ERR_INPUT, "--%s takes no value", o->name);
    if (o->arg != NULL && value == NULL) {
        if (*i + 1 >= count)
            return err_set(e, ERR_INPUT, "--%s needs a value: %s", o->name, o->arg);
        value = words[++*i];
    }
    line->given |= o->bit;
    while (times-- > 0) {
        if (o->set != NULL && !o->set(values, o, value, e))
            return err_prefix(e, "--%s", o->name);
    }
    return true;
}

bool
cli_read(const struct cli_program *p, int count, const char *const words[],
         struct arena *a, void *values, struct cli *out, struct err *e)
{
    bool only_words = false;

    *out = (struct cli){.args = arena_array(a, (size_t)count, sizeof *out->args)};
    if (out->args == NULL)
        return err_nomem(e);
    for (int i = 0; i < count; i++) {
        const char *word = words[i];

        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            if (!take_option(p, count, words, &i, values, out, e))
                return false;
        } else if (p->verbs != NULL && out->verb_name == NULL) {
            out->verb_name = word;
            out->verb = find_verb(p, word);
        } else {
            out->args[out->arg_count++] = word;
        }
    }
    return true;
}

/* ---- help ------------------------------------------------------------------------- */

static void
put_options(const struct cli_program *p, const struct cli_verb *verb, cli_set which,
            FILE *out)
{
    const struct cli_option *o;
    char name[MAX_WORD];

    (void)fputs("Options:\n", out);
    for (o = p->options; o->name != NULL; o++) {
        char letter[] = {'-', o->letter, '\0'};
        bool has_letter = o->letter != '\0' && find_option(p, verb, letter) == o;

        if ((o->bit & which) == 0)
            continue;
        (void)snprintf(name, sizeof name, "--%s%s%s", o->name, o->arg == NULL ? "" : " ",
                       o->arg == NULL ? "" : o->arg);
        (void)fprintf(out, "  %s%s %-*s %s\n", has_letter ? letter : "  ",
                      has_letter ? "," : " ", OPTION_WIDTH, name, o->help);
    }
}

static void
help_program(const struct cli_program *p, FILE *out)
{
    (void)fprintf(out, "Usage: %s VERB [OPTION]...\n\n%s\n\nVerbs:\n", p->name, p->line);
    for (size_t i = 0; p->verbs[i] != NULL; i++)
        (void)fprintf(out, "  %-*s %s\n", VERB_WIDTH, p->verbs[i]->name,
                      p->verbs[i]->line);
    (void)fputc('\n', out);
    put_options(p, NULL, CLI_HELP | CLI_VERSION, out);
    (void)fprintf(out, "\n`%s help VERB` says more, %s all.\n\nExamples:\n%s", p->name,
                  p->manuals, p->examples);
}

static void
help_verb(const struct cli_program *p, const struct cli_verb *verb, FILE *out)
{
    (void)fprintf(out, "Usage: %s %s [OPTION]...%s%s\n\n%s.\n\n", p->name, verb->name,
                  verb->args == NULL ? "" : " ", verb->args == NULL ? "" : verb->args,
                  verb->line);
    put_options(p, verb, verb->options | CLI_HELP, out);
    if (verb->notes != NULL && *verb->notes != '\0')
        (void)fprintf(out, "\n%s", verb->notes);
    (void)fprintf(out, "\nExamples:\n%s", verb->examples);
}

bool
cli_use(const struct cli_program *p, const struct cli *line, bool *answered,
        struct err *e)
{
    const char *name = line->verb_name;
    const struct cli_verb *verb = line->verb;
    bool help = (line->given & CLI_HELP) != 0;

    if (name != NULL && strcmp(name, "help") == 0) {
        help = true;
        name = line->arg_count > 0 ? line->args[0] : NULL;
        verb = name == NULL ? NULL : find_verb(p, name);
    }
    *answered = true;
    if ((line->given & CLI_VERSION) != 0)
        (void)printf("%s " TLSRPT_VERSION "\n", p->name);
    else if (help && name == NULL)
        help_program(p, stdout);
    else if (help && verb != NULL)
        help_verb(p, verb, stdout);
    else
        *answered = false;
    if (*answered)
        return true;
    if (name == NULL) {
        help_program(p, stderr);
        return err_set(e, ERR_INPUT, "a verb is missing");
    }
    return verb == NULL ? unknown_verb(p, name, e) : check_use(p, line, e);
}
