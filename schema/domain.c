/* RFC 8460 section 4.4 wants A-labels; some send U-labels, capitals or the root's dot. */
#include "schema/domain.h"

#include "base/text.h"

#include <gnutls/gnutls.h>
#include <string.h>

static bool
is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

static char *
to_a_labels(struct arena *a, char *name)
{
    gnutls_datum_t mapped = {NULL, 0};
    char *out = name;

    if (gnutls_idna_map(name, (unsigned)strlen(name), &mapped, 0) == 0)
        out = arena_strndup(a, (const char *)mapped.data, mapped.size);
    gnutls_free(mapped.data);
    return out;
}

char *
domain_normalise(struct arena *a, const char *text, size_t n)
{
    char *name;

    while (n > 0 && is_white(text[n - 1]))
        n--;
    while (n > 0 && is_white(*text)) {
        text++;
        n--;
    }
    if (n > 1 && text[n - 1] == '.')
        n--;
    name = arena_strndup(a, text, n);
    if (name != NULL && !is_ascii(name))
        name = to_a_labels(a, name);
    if (name != NULL)
        text_lower(name);
    return name;
}

static bool
is_label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool
domain_is_plausible(const char *name)
{
    size_t labels = 0;

    for (;;) {
        size_t n = 0;

        while (is_label_byte(name[n]))
            n++;
        if (n == 0)
            return false;
        labels++;
        if (name[n] == '\0')
            return labels >= 2;
        if (name[n] != '.')
            return false;
        name += n + 1;
    }
}
