/* A list is an array of strings, and half of what senders get wrong. */
#include "schema/wire/list.h"

#include "base/text.h"

#include <string.h>

static bool
add_item(struct decoder *d, struct list *list, const char *item)
{
    void *items = list->items;

    if (list->count == REPORT_MAX_LIST)
        return err_set(d->e, ERR_INPUT, "more than %d elements", REPORT_MAX_LIST);
    if (!member_grow(d, &items, list->count, &list->room, sizeof *list->items))
        return false;
    list->items = items;
    list->items[list->count++] = item;
    return true;
}

/* An array of strings, or a lone one, which notes `lone`. */
bool
list_read(struct decoder *d, enum json_token token, enum quirk lone, list_add_fn *add,
          struct list *list)
{
    char *text;

    if (token == TOKEN_NULL)
        member_note(d, QUIRK_DETAILS_NULL);
    if (token != TOKEN_ARRAY) {
        if (token == TOKEN_STRING)
            member_note(d, lone);
        return member_take_text(d, token, &text) && (text == NULL || add(d, list, text));
    }
    for (;;) {
        if (!json_read_next(&d->json, &token, d->e))
            return false;
        if (token == TOKEN_CLOSE)
            return true;
        if (!member_take_text(d, token, &text) || (text != NULL && !add(d, list, text)))
            return false;
    }
}

/* Is text a JSON array of strings and nothing else? */
static bool
is_string_array(const char *text)
{
    struct json_read inner;
    enum json_token token = TOKEN_NULL;

    json_read_init(&inner, text, strlen(text));
    if (!json_read_next(&inner, &token, NULL) || token != TOKEN_ARRAY)
        return false;
    while (json_read_next(&inner, &token, NULL) && token == TOKEN_STRING)
        ;
    return token == TOKEN_CLOSE && inner.depth == 0 &&
           json_scan_white(inner.at, inner.end) == inner.end;
}

/* Microsoft: ["[\"3 1 1 AA..\",\"3 1 1 BB..\"]"]. */
static bool
unfold(struct decoder *d, struct list *list, const char *text)
{
    struct decoder inner = *d;
    enum json_token token = TOKEN_NULL;
    char *item;
    bool ok;

    json_read_init(&inner.json, text, strlen(text));
    ok = json_read_next(&inner.json, &token, d->e);
    while (ok && (ok = json_read_next(&inner.json, &token, d->e)) &&
           token == TOKEN_STRING)
        ok = member_take_text(&inner, token, &item) &&
             (item == NULL || add_item(&inner, list, item));
    return ok;
}

bool
list_add_policy_string(struct decoder *d, struct list *list, char *text)
{
    if (*text != '[' || !is_string_array(text))
        return add_item(d, list, text);
    member_note(d, QUIRK_POLICY_STRING_JSON);
    return unfold(d, list, text);
}

/* "mx: mx.example.net". */
bool
list_add_mx_host(struct decoder *d, struct list *list, char *text)
{
    const char *at = text;
    size_t len = strlen(text), n = text_trim(&at, len, MEMBER_BLANKS);

    if (n < len) {
        member_note(d, QUIRK_BLANKS);
        text += at - text;
        text[n] = '\0';
    }
    text_lower(text);
    if (strncmp(text, "mx:", 3) == 0) {
        member_note(d, QUIRK_MX_HOST_PREFIX);
        text += 3;
        text += strspn(text, " \t");
    }
    n = strlen(text);
    if (n > 1 && text[n - 1] == '.')
        text[n - 1] = '\0';
    return *text == '\0' || add_item(d, list, text);
}
