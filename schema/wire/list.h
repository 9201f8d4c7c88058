/* The lists of strings in a report, policy-string and mx-host. Part of the decoder. Pure.
 */
#pragma once
#include "schema/wire/member.h"

struct list {
    const char **items;
    size_t count, room;
};

/* Adds what one string of a list means; it may change the text. */
typedef bool list_add_fn(struct decoder *d, struct list *list, char *text);

list_add_fn list_add_policy_string; /* unfolds JSON within the string */
list_add_fn list_add_mx_host;       /* lower case, without "mx:" and final dot */

/* Reads an array of strings, or a lone one, which notes `lone`. */
MUST_USE bool list_read(struct decoder *d, enum json_token token, enum quirk lone,
                        list_add_fn *add, struct list *list);
