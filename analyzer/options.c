/* One pass over the words: the first that is no option is the verb, so options may stand
 * before or after it. Whether a verb takes an option is the verb's to say (main.c). */
#include "analyzer/options.h"

#include "base/span.h"
#include "base/suggest.h"

#include <string.h>

/* The option of "--name", "--name=value" or "-c"; NULL when there is none. After `check`
 * -c is what the monitoring plugins guidelines say it is. */
static const struct option_row *
find_row(const struct options *o, const char *word)
{
    bool is_check = o->verb != NULL && strcmp(o->verb, "check") == 0;
    bool is_long = word[1] == '-';
    size_t n = is_long ? strcspn(word + 2, "=") : 0;

    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (is_long ? strlen(row->name) == n && strncmp(row->name, word + 2, n) == 0
                    : row->letter != '\0' && row->letter == word[1] &&
                          (row->bit != OPTION_CRITICAL || is_check))
            return row;
    }
    return NULL;
}

static bool
unknown_option(struct options *o, const char *word, struct err *e)
{
    struct suggest s;
    char *name;

    while (*word == '-')
        word++;
    if ((name = arena_strndup(&o->arena, word, strcspn(word, "="))) == NULL)
        return err_nomem(e);
    suggest_init(&s, name);
    for (size_t i = 0; i < option_row_count; i++)
        suggest_offer(&s, option_rows[i].name);
    return s.nearest == NULL
               ? err_set(e, ERR_INPUT, "there is no option \"%s\"", name)
               : err_set(e, ERR_INPUT, "there is no option \"%s\": did you mean --%s?",
                         name, s.nearest);
}

/* Takes the option at words[*i], and its value, which may be the next word. */
static bool
take_option(struct options *o, int count, const char *const words[], int *i,
            struct err *e)
{
    const char *word = words[*i], *value = NULL;
    const struct option_row *row = find_row(o, word);
    size_t times = 1;

    if (row == NULL)
        return unknown_option(o, word, e);
    if (word[1] == '-' && strchr(word, '=') != NULL)
        value = strchr(word, '=') + 1;
    else if (word[1] != '-' && word[2] != '\0')
        value = word + 2;
    while (row->arg == NULL && value != NULL && *value == row->letter) { /* -vv */
        times++;
        value = value[1] == '\0' ? NULL : value + 1;
    }
    if (row->arg == NULL && value != NULL)
        return err_set(e, ERR_INPUT, "--%s takes no value", row->name);
    if (row->arg != NULL && value == NULL) {
        if (*i + 1 >= count)
            return err_set(e, ERR_INPUT, "--%s needs a value: %s", row->name, row->arg);
        value = words[++*i];
    }
    o->given |= row->bit;
    for (; row->set != NULL && times > 0; times--)
        if (!row->set(o, row, value, e))
            return err_prefix(e, "--%s", row->name);
    return true;
}

static bool
take_word(struct options *o, const char *word, struct err *e)
{
    if (o->verb == NULL) {
        o->verb = word;
        return true;
    }
    if (o->arg_count == OPTIONS_MAX_ARGS)
        return err_set(e, ERR_INPUT, "more than %d arguments", OPTIONS_MAX_ARGS);
    o->args[o->arg_count++] = word;
    return true;
}

static bool
read_time(const char *option, const char *text, int64_t base, struct span *out,
          struct err *e)
{
    return text == NULL || span_parse(text, base, out, e) || err_prefix(e, "%s", option);
}

/* Times are read last: they are relative to --as-of, wherever that stands. */
static bool
read_times(struct options *o, struct err *e)
{
    struct span as_of = {.last = INT64_MAX}, since = {.first = INT64_MIN};
    struct span until = {.last = INT64_MAX}, new_since = {.first = INT64_MIN};
    int64_t base;

    if (!read_time("--as-of", o->as_of_text, o->now, &as_of, e))
        return false;
    base = o->as_of_text == NULL ? o->now : as_of.last;
    if (!read_time("--since", o->since_text, base, &since, e) ||
        !read_time("--until", o->until_text, base, &until, e) ||
        !read_time("--new-since", o->new_since_text, base, &new_since, e))
        return false;
    o->as_of = as_of.last;
    o->since = since.first;
    o->until = until.last;
    o->new_since = new_since.first;
    return o->since <= o->until || err_set(e, ERR_INPUT, "--until lies before --since");
}

bool
options_parse(struct options *o, int count, const char *const words[], int64_t now,
              struct err *e)
{
    bool only_words = false;

    *o = (struct options){.now = now};
    arena_init(&o->arena, 0);
    for (int i = 0; i < count; i++) {
        const char *word = words[i];

        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (only_words || word[0] != '-' || word[1] == '\0') {
            if (!take_word(o, word, e))
                return false;
        } else if (!take_option(o, count, words, &i, e)) {
            return false;
        }
    }
    return read_times(o, e);
}

void
options_clear(struct options *o)
{
    arena_clear(&o->arena);
}
