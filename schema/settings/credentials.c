#include "schema/settings/credentials.h"

#include "base/count.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_BYTES = 4096, /* of a URI */
};

static const struct credential {
    const char *name;
    size_t offset;
    bool is_text; /* the content is meant, not the file */
} credentials[] = {
    {"certificate", offsetof(struct settings, https.certificate), false},
    {"key", offsetof(struct settings, https.key), false},
    {"uri", offsetof(struct settings, database.uri), true},
    {"owner_uri", offsetof(struct settings, database.owner_uri), true},
    {"reparse_uri", offsetof(struct settings, database.reparse_uri), true},
    {"reader_uri", offsetof(struct settings, database.reader_uri), true},
};

/* The beginning of a file without the blanks at its end; "" when there is none. */
static bool
read_text(const char *path, char out[MAX_BYTES], struct err *e)
{
    FILE *f = fopen(path, "re");
    size_t n;

    out[0] = '\0';
    if (f == NULL)
        return errno == ENOENT ||
               err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    n = fread(out, 1, MAX_BYTES - 1, f);
    (void)fclose(f);
    while (n > 0 && strchr(" \t\r\n", out[n - 1]) != NULL)
        n--;
    out[n] = '\0';
    return true;
}

bool
credentials_take(const char *directory, struct settings *s, struct err *e)
{
    char text[MAX_BYTES];

    for (size_t i = 0; i < COUNT_OF(credentials); i++) {
        const struct credential *c = &credentials[i];
        const char **setting = (const char **)(void *)((char *)s + c->offset);
        const char *path = arena_printf(&s->arena, "%s/%s", directory, c->name);

        if (path == NULL)
            return err_nomem(e);
        if (*setting != NULL)
            continue;
        if (!read_text(path, text, e))
            return false;
        if (text[0] != '\0' &&
            (*setting = c->is_text ? arena_strdup(&s->arena, text) : path) == NULL)
            return err_nomem(e);
    }
    return true;
}
