/* Every token of a text, each string copied out. */
#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "schema/wire/json_read.h"

#include <stdlib.h>
#include <string.h>

static void
look_at(const struct json_read *r, enum json_token token)
{
    int64_t value = 0;
    bool plain = false;
    char *copy;

    if (token == TOKEN_NUMBER) {
        if (json_read_integer(r, &value, &plain) && (value > INT64_C(1) << 53))
            abort();
        return;
    }
    if (token != TOKEN_STRING && token != TOKEN_KEY)
        return;
    if ((copy = malloc(r->plain_len + 1)) == NULL)
        abort();
    json_read_copy(r, copy);
    if (!text_is_utf8(copy, r->plain_len) || memchr(copy, '\0', r->plain_len) != NULL)
        abort();
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    enum json_token token = TOKEN_NULL;
    struct err e = {0};
    struct json_read r;

    json_read_init(&r, (const char *)bytes, n);
    while (json_read_next(&r, &token, &e) && token != TOKEN_END) {
        look_at(&r, token);
        if (r.depth > JSON_MAX_DEPTH || r.at > r.end)
            abort();
    }
    if (e.kind != ERR_NONE && e.kind != ERR_INPUT)
        abort();
    return 0;
}
