/* RFC 8601 section 2.2. A word is a token or a quoted string; comments may stand between
 * any two. What cannot be read ends the field: what stands behind it is not believed. */
#include "collector/dkim/authres.h"

#include "base/text.h"

#include <string.h>

enum {
    MAX_COMMENT_DEPTH = 50,
    MAX_WORD_BYTES = 255
};

struct reader {
    const char *at, *end;
    char word[MAX_WORD_BYTES + 1];
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* False when a comment does not end. */
static bool
skip_comment(struct reader *r)
{
    int depth = 0;

    for (; r->at < r->end; r->at++) {
        if (*r->at == '\\') {
            r->at += r->end - r->at > 1;
        } else if (*r->at == '(') {
            if (++depth > MAX_COMMENT_DEPTH)
                return false;
        } else if (*r->at == ')' && --depth == 0) {
            r->at++;
            return true;
        }
    }
    return false;
}

static bool
skip(struct reader *r)
{
    while (r->at < r->end) {
        if (*r->at == '(') {
            if (!skip_comment(r))
                return false;
        } else if (is_space(*r->at)) {
            r->at++;
        } else {
            break;
        }
    }
    return true;
}

/* Skips to `c` and behind it; false when something else is there. */
static bool
take(struct reader *r, char c)
{
    if (!skip(r) || r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool
add(struct reader *r, size_t *n, char c)
{
    if (*n == MAX_WORD_BYTES || c == '\0')
        return false;
    r->word[(*n)++] = c;
    return true;
}

static bool
quoted(struct reader *r)
{
    size_t n = 0;

    for (r->at++; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->end - r->at > 1)
            r->at++;
        if (!add(r, &n, *r->at))
            return false;
    }
    if (r->at == r->end)
        return false;
    r->at++;
    r->word[n] = '\0';
    return true;
}

/* Into r->word; a word ends at white space or one of `stop`. */
static bool
word(struct reader *r, const char *stop)
{
    size_t n = 0;

    if (!skip(r) || r->at == r->end)
        return false;
    if (*r->at == '"')
        return quoted(r);
    for (; r->at < r->end && !is_space(*r->at) && strchr(stop, *r->at) == NULL; r->at++) {
        if (!add(r, &n, *r->at))
            return false;
    }
    r->word[n] = '\0';
    return n > 0;
}

static const char *
copy_lower(struct arena *a, const char *text)
{
    char *p = arena_strdup(a, text);

    if (p != NULL)
        text_lower(p);
    return p;
}

/* One "ptype.property = value" behind a result. False at what is none, e at no memory. */
static bool
property(struct arena *a, struct reader *r, struct authres_result *out, struct err *e)
{
    const char *at;
    char name[MAX_WORD_BYTES + 1];

    if (!word(r, "=;(\""))
        return false;
    (void)stpcpy(name, r->word);
    if (!take(r, '=') || !word(r, ";("))
        return false;
    if (text_equal_nocase(name, "header.b"))
        out->tag = arena_strdup(a, r->word);
    else if (text_equal_nocase(name, "header.d"))
        out->domain = copy_lower(a, r->word);
    else if (text_equal_nocase(name, "header.i") && out->domain[0] == '\0' &&
             (at = strrchr(r->word, '@')) != NULL)
        out->domain = copy_lower(a, at + 1);
    if (out->tag == NULL || out->domain == NULL)
        return err_nomem(e);
    return true;
}

/* One "method = result [properties]" up to the semicolon behind it. False when it cannot
 * be read: then nothing of it was kept. */
static bool
method(struct arena *a, struct reader *r, struct authres *out, struct err *e)
{
    struct authres_result result = {.domain = "", .tag = ""};
    bool is_dkim;

    if (!word(r, "=;(/"))
        return false;
    is_dkim = text_equal_nocase(r->word, "dkim");
    if (skip(r) && r->at < r->end && *r->at == '/' && (!take(r, '/') || !word(r, "=;(")))
        return false;
    if (!is_dkim && text_equal_nocase(r->word, "none"))
        return true; /* "authserv-id; none": nothing was checked */
    if (!take(r, '=') || !word(r, ";("))
        return false;
    if ((result.result = copy_lower(a, r->word)) == NULL)
        return err_nomem(e);
    result.pass = strcmp(result.result, "pass") == 0;
    if (!skip(r))
        return false;
    while (r->at < r->end && *r->at != ';') {
        if (!property(a, r, &result, e) || !skip(r))
            return false;
    }
    if (is_dkim && out->count < AUTHRES_MAX_RESULTS) {
        out->results[out->count++] = result;
        out->found = true;
    }
    return true;
}

static bool
read_field(struct arena *a, const struct message_field *f, const char *authserv_id,
           struct authres *out, struct err *e)
{
    struct reader r = {.at = f->value, .end = f->value + f->value_len};
    struct err nomem = {0};

    if (!word(&r, ";(") || !text_equal_nocase(r.word, authserv_id))
        return true;
    if (skip(&r) && r.at < r.end && *r.at != ';' && !word(&r, ";(")) /* version */
        return true;
    while (take(&r, ';')) {
        if (!skip(&r) || r.at == r.end || !method(a, &r, out, &nomem))
            break;
    }
    return nomem.kind == ERR_NONE || err_nomem(e);
}

bool
authres_read(struct arena *a, const struct message *m, const char *authserv_id,
             struct authres *out, struct err *e)
{
    struct authres kept = {0};
    size_t received = 0;

    *out = (struct authres){0};
    for (size_t i = 0; i < m->field_count && received < 2; i++) {
        const struct message_field *f = &m->fields[i];

        received += message_field_is(f, "Received");
        if (received < 2 && !kept.found &&
            message_field_is(f, "Authentication-Results") &&
            !read_field(a, f, authserv_id, &kept, e))
            return false;
    }
    if (received > 0)
        *out = kept;
    return true;
}
