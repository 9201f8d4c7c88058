/* libConfuse takes a section that is never closed, merges a section given twice, lets the
 * last of two values win and replaces ${NAME} by the environment. All four hide mistakes
 * of the operator, so the text is looked through first. */
#include "base/conf_scan.h"

#include "base/rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DEPTH = 8,
};

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_EQUALS,
    TOKEN_OTHER,
};

struct scan {
    const char *name, *p;
    int line;
    struct arena *arena;
    struct buf *literal;
    struct err *e;
    const char *word; /* of the last TOKEN_WORD, without quotes */
    const char *path[MAX_DEPTH];
    int opened[MAX_DEPTH];
    size_t depth;
    struct conf_places *places;
};

static void
copy(struct scan *s, const char *end)
{
    (void)buf_append(s->literal, s->p, (size_t)(end - s->p));
    for (; s->p < end; s->p++)
        s->line += *s->p == '\n';
}

static bool
skip_blanks(struct scan *s)
{
    const char *end;

    for (;;) {
        if (*s->p == '#' || strncmp(s->p, "//", 2) == 0)
            copy(s, s->p + strcspn(s->p, "\n"));
        else if (strncmp(s->p, "/*", 2) == 0) {
            if ((end = strstr(s->p + 2, "*/")) == NULL)
                return err_set(s->e, ERR_CONFIG, "%s:%d: comment is not closed", s->name,
                               s->line);
            copy(s, end + 2);
        } else if (*s->p != '\0' && isspace((unsigned char)*s->p))
            copy(s, s->p + 1);
        else
            return true;
    }
}

/* "..." with escapes, or '...'. */
static bool
read_quoted(struct scan *s)
{
    const char quote = *s->p, *start = s->p + 1;
    int line = s->line;

    copy(s, s->p + 1);
    while (*s->p != quote) {
        if (*s->p == '\0')
            return err_set(s->e, ERR_CONFIG, "%s:%d: string is not closed", s->name,
                           line);
        if (quote == '"' && *s->p == '$')
            (void)buf_putc(s->literal, '\\');
        if (*s->p == '\\' && s->p[1] != '\0')
            copy(s, s->p + 1);
        copy(s, s->p + 1);
    }
    s->word = arena_strndup(s->arena, start, (size_t)(s->p - start));
    copy(s, s->p + 1);
    return s->word != NULL || err_nomem(s->e);
}

static bool
read_word(struct scan *s)
{
    size_t n = strcspn(s->p, " \t\r\n\f\v{}()=,+\"'#");

    if (memchr(s->p, '$', n) != NULL)
        return err_set(s->e, ERR_CONFIG, "%s:%d: put the value that has a $ in quotes",
                       s->name, s->line);
    s->word = arena_strndup(s->arena, s->p, n);
    copy(s, s->p + n);
    return s->word != NULL || err_nomem(s->e);
}

static bool
next(struct scan *s, enum token *t)
{
    static const char marks[] = "{}=(),+";
    static const enum token tokens[] = {TOKEN_OPEN,  TOKEN_CLOSE, TOKEN_EQUALS,
                                        TOKEN_OTHER, TOKEN_OTHER, TOKEN_OTHER,
                                        TOKEN_OTHER};
    const char *mark;

    if (!skip_blanks(s))
        return false;
    if (*s->p == '\0') {
        *t = TOKEN_END;
        return true;
    }
    if ((mark = strchr(marks, *s->p)) != NULL) {
        *t = tokens[mark - marks];
        copy(s, s->p + 1);
        return true;
    }
    *t = TOKEN_WORD;
    return *s->p == '"' || *s->p == '\'' ? read_quoted(s) : read_word(s);
}

static bool
note(struct scan *s, const char *path, int line)
{
    struct conf_places *places = s->places;
    struct conf_place *items =
        rows_grow_in(s->arena, places->items, places->count, sizeof *items, s->e);

    if (items == NULL)
        return false;
    places->items = items;
    items[places->count++] = (struct conf_place){path, line};
    return true;
}

/* The value after "key =": one word, or a list in braces. */
static bool
skip_value(struct scan *s)
{
    int line = s->line;
    enum token t;

    if (!next(s, &t))
        return false;
    if (t == TOKEN_WORD)
        return true;
    if (t != TOKEN_OPEN)
        return err_set(s->e, ERR_CONFIG, "%s:%d: a value is missing", s->name, line);
    do {
        if (!next(s, &t))
            return false;
        if (t == TOKEN_END || t == TOKEN_EQUALS || t == TOKEN_OPEN)
            return err_set(s->e, ERR_CONFIG, "%s:%d: list is not closed", s->name, line);
    } while (t != TOKEN_CLOSE);
    return true;
}

/* "key = value", "section {" or "section "title" {", of which the first word was read. */
static bool
read_statement(struct scan *s)
{
    const char *path =
        s->depth == 0 ? arena_strdup(s->arena, s->word)
                      : arena_printf(s->arena, "%s/%s", s->path[s->depth - 1], s->word);
    int line = s->line;
    enum token t;

    if (path == NULL || !next(s, &t))
        return path == NULL ? err_nomem(s->e) : false;
    if (t == TOKEN_WORD) {
        if ((path = arena_printf(s->arena, "%s/%s", path, s->word)) == NULL)
            return err_nomem(s->e);
        if (!next(s, &t))
            return false;
        if (t == TOKEN_EQUALS)
            t = TOKEN_OTHER;
    }
    if (t == TOKEN_OPEN && s->depth == MAX_DEPTH)
        return err_set(s->e, ERR_CONFIG, "%s:%d: sections are nested too deep", s->name,
                       line);
    if (t == TOKEN_OPEN) {
        s->path[s->depth] = path;
        s->opened[s->depth++] = line;
        return note(s, path, line);
    }
    if (t == TOKEN_EQUALS)
        return note(s, path, line) && skip_value(s);
    return err_set(s->e, ERR_CONFIG, "%s:%d: expected \"= value\" or \"{\" after %s",
                   s->name, line, path);
}

static bool
read_all(struct scan *s)
{
    enum token t;

    for (;;) {
        if (!next(s, &t))
            return false;
        if (t == TOKEN_END)
            break;
        if (t == TOKEN_CLOSE && s->depth > 0)
            s->depth--;
        else if (t != TOKEN_WORD)
            return err_set(s->e, ERR_CONFIG, "%s:%d: expected a name", s->name, s->line);
        else if (!read_statement(s))
            return false;
    }
    if (s->depth > 0)
        return err_set(s->e, ERR_CONFIG, "%s:%d: section %s is not closed", s->name,
                       s->opened[s->depth - 1], s->path[s->depth - 1]);
    return true;
}

static int
by_path(const void *a, const void *b)
{
    const struct conf_place *x = a, *y = b;
    int order = strcmp(x->path, y->path);

    return order != 0 ? order : x->line - y->line;
}

bool
conf_scan(const char *name, const char *text, struct arena *a, struct buf *literal,
          struct conf_places *places, struct err *e)
{
    struct scan s = {.name = name,
                     .p = text,
                     .line = 1,
                     .arena = a,
                     .literal = literal,
                     .e = e,
                     .places = places};

    *places = (struct conf_places){0};
    if (!read_all(&s))
        return false;
    if (places->count > 1)
        qsort(places->items, places->count, sizeof *places->items, by_path);
    for (size_t i = 1; i < places->count; i++) {
        const struct conf_place *one = &places->items[i - 1], *other = one + 1;

        if (strcmp(one->path, other->path) == 0)
            return err_set(e, ERR_CONFIG, "%s:%d: %s is given already in line %d", name,
                           other->line, other->path, one->line);
    }
    return !literal->failed || err_nomem(e);
}

int
conf_line(const struct conf_places *places, const char *path)
{
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->items[i].path, path) == 0)
            return places->items[i].line;
    }
    return 0;
}
