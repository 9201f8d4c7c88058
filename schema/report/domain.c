/* RFC 8460 section 4.4 wants A-labels; some send U-labels, capitals or the root's dot. */
#include "schema/report/domain.h"

#include "base/text.h"

#include <idn2.h>
#include <string.h>

static bool
is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* libidn2 itself, since GnuTLS has it drop what may not stand in a host's name: the
 * underscores of a name that is otherwise well, and a solidus without which it is
 * another's. */
static char *
to_a_labels(struct arena *a, char *name)
{
    uint8_t *mapped = NULL;
    char *out = name;
    int status = idn2_lookup_u8((const uint8_t *)name, &mapped,
                                IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

    if (status == IDN2_MALLOC)
        return NULL;
    if (status == IDN2_OK)
        out = arena_strdup(a, (const char *)mapped);
    idn2_free(mapped);
    return out;
}

char *
domain_normalise(struct arena *a, const char *text, size_t n)
{
    char *name;

    n = text_trim(&text, n, " \t\n\v\f\r");
    if (n > 1 && text[n - 1] == '.')
        n--;
    name = arena_strndup(a, text, n);
    if (name != NULL && !is_ascii(name))
        name = to_a_labels(a, name);
    if (name != NULL)
        text_lower(name);
    return name;
}

bool
domain_is_plausible(const char *name)
{
    size_t labels = 0;

    for (;;) {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

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
