/* Why not a DOM: ten kilobytes of gzip grow to hundreds of megabytes of nodes, and
 * reports arrive in one burst after midnight. Here a stranger's bytes cost time in
 * proportion and no memory at all. */
#include "schema/wire/json_read.h"

#include "schema/wire/json_scan.h"

#include <string.h>

enum state {
    BEFORE_VALUE,  /* at the start of the text or after a colon */
    AFTER_OPEN,    /* a first member or element, or the end */
    AFTER_ELEMENT, /* a comma, or the end */
};

void
json_read_init(struct json_read *r, const char *text, size_t n)
{
    *r = (struct json_read){.begin = text, .at = text, .end = text + n};
}

static bool
bad(const struct json_read *r, struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "not JSON: %s at byte %zu", what,
                   (size_t)(r->at - r->begin));
}

static bool
read_string(struct json_read *r, struct err *e)
{
    const char *problem;

    r->text = r->at;
    problem = json_scan_string(&r->at, r->end, &r->plain_len);
    if (problem != NULL)
        return bad(r, e, problem);
    r->text_len = (size_t)(r->at - r->text) - 1;
    return true;
}

static bool
read_literal(struct json_read *r, const char *word, struct err *e)
{
    size_t n = strlen(word);

    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return bad(r, e, "unexpected character");
    r->at += n;
    return true;
}

static bool
open_one(struct json_read *r, bool object, struct err *e)
{
    if (r->depth == JSON_MAX_DEPTH)
        return bad(r, e, "nested too deep");
    r->objects = object ? r->objects | UINT64_C(1) << r->depth
                        : r->objects & ~(UINT64_C(1) << r->depth);
    r->depth++;
    r->at++;
    r->state = AFTER_OPEN;
    return true;
}

static bool
in_object(const struct json_read *r)
{
    return (r->objects >> (r->depth - 1) & 1) != 0;
}

static bool
read_value(struct json_read *r, enum json_token *token, struct err *e)
{
    const char *problem;

    r->state = AFTER_ELEMENT;
    if (r->at == r->end)
        return bad(r, e, "the text ends too early");
    switch (*r->at) {
    case '"':
        *token = TOKEN_STRING;
        r->at++;
        return read_string(r, e);
    case '{':
        *token = TOKEN_OBJECT;
        return open_one(r, true, e);
    case '[':
        *token = TOKEN_ARRAY;
        return open_one(r, false, e);
    case 't':
        *token = TOKEN_TRUE;
        return read_literal(r, "true", e);
    case 'f':
        *token = TOKEN_FALSE;
        return read_literal(r, "false", e);
    case 'n':
        *token = TOKEN_NULL;
        return read_literal(r, "null", e);
    default:
        *token = TOKEN_NUMBER;
        r->text = r->at;
        problem = json_scan_number(&r->at, r->end);
        r->text_len = r->plain_len = (size_t)(r->at - r->text);
        return problem == NULL || bad(r, e, problem);
    }
}

static bool
read_key(struct json_read *r, enum json_token *token, struct err *e)
{
    if (r->at == r->end || *r->at != '"')
        return bad(r, e, "a member without name");
    r->at++;
    if (!read_string(r, e))
        return false;
    r->at = json_scan_white(r->at, r->end);
    if (r->at == r->end || *r->at != ':')
        return bad(r, e, "a member without colon");
    r->at++;
    r->state = BEFORE_VALUE;
    *token = TOKEN_KEY;
    return true;
}

bool
json_read_next(struct json_read *r, enum json_token *token, struct err *e)
{
    r->at = json_scan_white(r->at, r->end);
    if (r->state == BEFORE_VALUE)
        return read_value(r, token, e);
    if (r->depth == 0) {
        *token = TOKEN_END;
        return true;
    }
    if (r->at == r->end)
        return bad(r, e, "the text ends too early");
    if (*r->at == '}' || *r->at == ']') {
        if (*r->at != (in_object(r) ? '}' : ']'))
            return bad(r, e, "unexpected character");
        r->at++;
        r->depth--;
        r->state = AFTER_ELEMENT;
        *token = TOKEN_CLOSE;
        return true;
    }
    if (r->state == AFTER_ELEMENT) {
        if (*r->at != ',')
            return bad(r, e, "unexpected character");
        r->at = json_scan_white(r->at + 1, r->end);
    }
    return in_object(r) ? read_key(r, token, e) : read_value(r, token, e);
}

bool
json_read_expected(struct json_read *r, const char *name, size_t n)
{
    const char *p = json_scan_white(r->at, r->end);

    if (r->state == AFTER_ELEMENT && p < r->end && *p == ',')
        p = json_scan_white(p + 1, r->end);
    else if (r->state != AFTER_OPEN)
        return false;
    if ((size_t)(r->end - p) < n + 2 || *p != '"' || p[n + 1] != '"' ||
        memcmp(p + 1, name, n) != 0)
        return false;
    p = json_scan_white(p + n + 2, r->end);
    if (p == r->end || *p != ':')
        return false;
    r->at = p + 1;
    r->state = BEFORE_VALUE;
    return true;
}

bool
json_read_skip(struct json_read *r, enum json_token token, struct err *e)
{
    unsigned outside = r->depth - 1;

    if (token != TOKEN_OBJECT && token != TOKEN_ARRAY)
        return true;
    while (r->depth > outside) {
        if (!json_read_next(r, &token, e))
            return false;
    }
    return true;
}

void
json_read_copy(const struct json_read *r, char *out)
{
    if (r->plain_len == r->text_len)
        memcpy(out, r->text, r->text_len);
    else
        json_scan_unescape(r->text, r->text_len, out);
}

bool
json_read_integer(const struct json_read *r, int64_t *value, bool *plain)
{
    return json_scan_whole(r->text, r->text_len, value, plain);
}
