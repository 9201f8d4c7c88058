/* RFC 6376 section 3.2. A tag given twice makes the whole list void, as it says. */
#include "collector/dkim/dkim_tags.h"

#include <string.h>
#include <strings.h>

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
trim(const char *text, size_t *at, size_t *end)
{
    while (*at < *end && is_space(text[*at]))
        ++*at;
    while (*end > *at && is_space(text[*end - 1]))
        --*end;
}

static bool
name_is_valid(const char *name, size_t n)
{
    if (n == 0 || !is_alpha(name[0]))
        return false;
    for (size_t i = 1; i < n; i++) {
        if (!is_alpha(name[i]) && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
            return false;
    }
    return true;
}

/* Bytes past ASCII may stand in i= (RFC 8616) and n=; what no text holds may not. */
static bool
value_is_valid(const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];

        if ((c < 0x20 && !is_space(value[i])) || c == 0x7F)
            return false;
    }
    return true;
}

/* One tag in text[at..end); sets out->flaw, false only when out of memory. */
static bool
add_tag(struct arena *a, const char *text, size_t at, size_t end, struct dkim_tags *out)
{
    const char *equals = memchr(text + at, '=', end - at);
    size_t name_at = at, name_end, value_at, value_end = end;
    struct dkim_tag *tag = &out->tags[out->count];

    if (equals == NULL) {
        out->flaw = "a tag without value";
        return true;
    }
    name_end = (size_t)(equals - text);
    value_at = name_end + 1;
    *tag = (struct dkim_tag){.at = value_at, .end = end};
    trim(text, &name_at, &name_end);
    trim(text, &value_at, &value_end);
    if (!name_is_valid(text + name_at, name_end - name_at) ||
        !value_is_valid(text + value_at, value_end - value_at)) {
        out->flaw = "not a list of tags";
        return true;
    }
    tag->name = arena_strndup(a, text + name_at, name_end - name_at);
    tag->value = arena_strndup(a, text + value_at, value_end - value_at);
    if (tag->name == NULL || tag->value == NULL)
        return false;
    if (dkim_tag_find(out, tag->name) != NULL)
        out->flaw = "a tag given twice";
    out->count++;
    return true;
}

bool
dkim_tags_parse(struct arena *a, const char *text, size_t n, struct dkim_tags *out,
                struct err *e)
{
    size_t at = 0, end;

    out->count = 0;
    out->flaw = NULL;
    while (at < n && out->flaw == NULL) {
        const char *semicolon = memchr(text + at, ';', n - at);
        size_t first = at, last;

        end = semicolon == NULL ? n : (size_t)(semicolon - text);
        last = end;
        trim(text, &first, &last);
        if (first == last && end == n)
            break; /* a final semicolon */
        if (out->count == DKIM_MAX_TAGS)
            out->flaw = "too many tags";
        else if (!add_tag(a, text, at, end, out))
            return err_nomem(e);
        at = end + 1;
    }
    if (out->flaw == NULL && out->count == 0)
        out->flaw = "no tag at all";
    return true;
}

const char *
dkim_tag_find(const struct dkim_tags *tags, const char *name)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (strcmp(tags->tags[i].name, name) == 0)
            return tags->tags[i].value;
    }
    return NULL;
}

bool
dkim_list_has(const char *list, const char *word)
{
    size_t n = strlen(list), at = 0;

    while (at <= n) {
        size_t first = at, last = at + strcspn(list + at, ":");

        at = last + 1;
        trim(list, &first, &last);
        if (last - first == strlen(word) &&
            strncasecmp(list + first, word, last - first) == 0)
            return true;
    }
    return false;
}
