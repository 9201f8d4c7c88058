/* What a command says, before any format: typed columns and rows. A command knows only
 * this, a presenter knows only this, so that N commands and M formats cost N + M files.
 */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum column_type {
    COLUMN_TEXT,
    COLUMN_COUNT,   /* a whole number >= 0 */
    COLUMN_NUMBER,  /* with a fraction */
    COLUMN_DAY,     /* YYYY-MM-DD */
    COLUMN_INSTANT, /* RFC 3339 UTC */
    COLUMN_FLAG,    /* true or false */
    COLUMN_LIST,    /* texts: a JSON array of strings in the cell */
    COLUMN_JSON,    /* any JSON, shown as it is by json and ndjson; tables leave it out */
};

struct column {
    const char *key;   /* snake_case, the key in JSON and the header in CSV */
    const char *title; /* of the table's column; NULL: not in the table */
    enum column_type type;
};
