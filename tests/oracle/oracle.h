/* The same decoder once more, written another way: jansson builds all of the text as a
 * tree, and this walks the tree. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The report as report_json() has it, a new reference; NULL when it is rejected. Where a
 * member is given twice, the last one counts. */
json_t *oracle_decode(const char *text, size_t n);

/* Is some member of some object given twice? */
bool oracle_has_duplicates(const char *text, size_t n);
