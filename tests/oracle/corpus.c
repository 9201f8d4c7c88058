#include "tests/oracle/corpus.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void
read_file(const char *path, struct buf *out)
{
    char chunk[65536];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        fail(path);
    buf_init(out, 0);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        (void)buf_append(out, chunk, n);
    (void)fclose(f);
}

/* expect is the path of an expect.json. */
static void
read_case(const char *expect, size_t root_len, struct corpus_case *c)
{
    size_t dir_len = strlen(expect) - strlen("/expect.json");
    char pattern[4096];
    json_error_t error;
    glob_t g;

    (void)snprintf(c->name, sizeof c->name, "%.*s", (int)(dir_len - root_len - 1),
                   expect + root_len + 1);
    if ((c->expect = json_load_file(expect, 0, &error)) == NULL)
        fail(expect);
    (void)snprintf(pattern, sizeof pattern, "%.*s/input.*", (int)dir_len, expect);
    if (glob(pattern, 0, NULL, &g) != 0 || g.gl_pathc != 1)
        fail(pattern);
    read_file(g.gl_pathv[0], &c->input);
    globfree(&g);
}

struct corpus
corpus_read(const char *folder)
{
    struct corpus c;
    char pattern[4096];
    glob_t g;

    (void)snprintf(pattern, sizeof pattern, "%s/*/*/expect.json", folder);
    if (glob(pattern, 0, NULL, &g) != 0)
        fail(pattern);
    c.count = g.gl_pathc;
    if ((c.cases = calloc(c.count, sizeof *c.cases)) == NULL)
        fail("corpus");
    for (size_t i = 0; i < c.count; i++)
        read_case(g.gl_pathv[i], strlen(folder), &c.cases[i]);
    globfree(&g);
    return c;
}

void
corpus_free(struct corpus *c)
{
    for (size_t i = 0; i < c->count; i++) {
        buf_clear(&c->cases[i].input);
        json_decref(c->cases[i].expect);
    }
    free(c->cases);
}
