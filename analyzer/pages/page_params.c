#include "analyzer/pages/page_params.h"

#include "base/text.h"

#include <string.h>

enum {
    HEX = 16,
    MAX_SHOWN = 80,
};

char *
params_decode(const char *text, size_t n, bool plus, struct arena *arena, struct err *e)
{
    char *out = arena_alloc(arena, n + 1), *next = out;

    if (out == NULL) {
        (void)err_nomem(e);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        int high, low;

        if (text[i] != '%') {
            *next++ = text[i];
            if (plus && text[i] == '+')
                next[-1] = ' ';
            continue;
        }
        high = n - i > 2 ? text_hex_digit(text[i + 1]) : -1;
        low = high < 0 ? -1 : text_hex_digit(text[i + 2]);
        if (low < 0 || high * HEX + low == 0)
            goto broken;
        *next++ = (char)(high * HEX + low);
        i += 2;
    }
    if (text_is_utf8(out, (size_t)(next - out)))
        return out;
broken:
    (void)err_set(e, ERR_INPUT, "the address cannot be read: \"%.*s\"",
                  n < MAX_SHOWN ? (int)n : MAX_SHOWN, text);
    return NULL;
}

bool
params_parse(const char *query, struct arena *arena, struct params *out, struct err *e)
{
    size_t n, name_len;

    out->count = 0;
    for (;; query += n + 1) {
        struct param p;

        n = strcspn(query, "&");
        name_len = strcspn(query, "=&");
        if (name_len + 1 < n) {
            if (out->count == PARAMS_MAX)
                return err_set(e, ERR_INPUT, "more than %d parameters", PARAMS_MAX);
            p.name = params_decode(query, name_len, true, arena, e);
            p.value = p.name == NULL ? NULL
                                     : params_decode(query + name_len + 1,
                                                     n - name_len - 1, true, arena, e);
            if (p.value == NULL)
                return false;
            out->items[out->count++] = p;
        }
        if (query[n] == '\0')
            return true;
    }
}

const char *
params_find(const struct params *p, const char *name)
{
    for (size_t i = p->count; i > 0; i--) {
        if (strcmp(p->items[i - 1].name, name) == 0)
            return p->items[i - 1].value;
    }
    return NULL;
}
