/* libmicrohttpd takes the first of two lengths and joins folded lines; see the raw-socket
 * tests for what it does with each. */
#include "base/http_framing.h"

#include "base/text.h"

#include <string.h>

/* RFC 9110 section 5.6.2. A space before the colon is part of the name here. */
static bool
is_token(const char *s, size_t n)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
              (c != '\0' && strchr(marks, c) != NULL)))
            return false;
    }
    return n > 0;
}

void
framing_take(struct framing *f, const char *name, size_t name_len, const char *value)
{
    if (!is_token(name, name_len))
        f->bad_name = true;
    else if (text_equal_nocase(name, "Host"))
        f->hosts++;
    else if (text_equal_nocase(name, "Content-Length"))
        f->lengths++;
    else if (text_equal_nocase(name, "Transfer-Encoding")) {
        f->codings++;
        f->bad_coding |= !text_equal_nocase(value, "chunked");
    }
}

const char *
framing_fault(const struct framing *f, bool has_body)
{
    if (f->bad_name)
        return "a header name is no token";
    if (f->hosts != 1)
        return f->hosts == 0 ? "no Host" : "more than one Host";
    if (f->lengths > 1)
        return "more than one Content-Length";
    if (f->lengths > 0 && f->codings > 0)
        return "Content-Length with Transfer-Encoding";
    if (f->codings > 1 || f->bad_coding)
        return "a transfer coding other than chunked";
    if (has_body && f->lengths + f->codings == 0)
        return "neither Content-Length nor chunked";
    return NULL;
}
