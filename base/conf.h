/* Reads a configuration file into a struct, directed by a table of keys; prints it back.
 * Stricter than the library below it: a key given twice, a section left open, a value out
 * of bounds are errors that name file and line, and ${...} is never expanded. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

enum conf_type {
    CONF_TEXT,    /* const char *; NULL when there is no default */
    CONF_NUMBER,  /* int64_t within min..max */
    CONF_SWITCH,  /* bool */
    CONF_LIST,    /* struct settings_list of texts */
    CONF_SECTION, /* name { ... }; the keys stand in the same struct */
    CONF_TITLED,  /* name "title" { ... }, any number: struct conf_titled */
};

struct settings_list {
    const char **items;
    size_t count;
};

struct conf_titled {
    void *items; /* structs of element_bytes; each begins with const char *title */
    size_t count;
};

/* One key. `offset` is that of its value in the struct (CONF_SECTION: unused). */
struct conf_key {
    const char *name;
    enum conf_type type;
    size_t offset;
    const char *text;            /* default of CONF_TEXT */
    int64_t number, min, max;    /* default and bounds; default of CONF_SWITCH */
    const struct conf_key *keys; /* of a section; ended by one without a name */
    size_t element_bytes;        /* CONF_TITLED */
    const char *about;           /* one line for the manual */
};

/* Fills `out` with the defaults, then with what `text` says. Errors are ERR_CONFIG
 * "name:line: ...". Texts are kept in `a`. */
MUST_USE bool conf_parse(const char *name, const char *text, const struct conf_key *keys,
                         void *out, struct arena *a, struct err *e);

/* The same with the content of a file. */
MUST_USE bool conf_read(const char *path, const struct conf_key *keys, void *out,
                        struct arena *a, struct err *e);

/* Appends the effective configuration in a form that conf_parse() reads back. */
bool conf_print(const struct conf_key *keys, const void *in, struct buf *out);
