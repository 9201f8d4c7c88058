/* How the decoder reads the members of a JSON object: by a table that names each member
 * and its reader, with the leniency that senders need in one place for each kind of
 * value. Part of the decoder. Pure. */
#pragma once
#include "base/buf.h"
#include "schema/report/report.h"
#include "schema/wire/json_read.h"

struct decoder {
    struct json_read json;
    struct report *report; /* its arena and its quirks */
    size_t detail_count;
    struct buf details, policies; /* of one policy, of the report, while they are read */
    struct err *e;
};

/* Reads the value that begins with `token` into what `into` points to. */
typedef bool member_fn(struct decoder *d, enum json_token token, void *into);

struct member {
    const char *name;
    size_t name_len;
    size_t offset; /* of what `read` writes to, within the object's struct */
    member_fn *read;
    const char *same_as; /* the proper name, if this one is a sender's mistake for it */
};

/* A member whose reader writes to a field of a struct. */
#define MEMBER(name, type, field, read)                                                  \
    {                                                                                    \
        name, sizeof(name) - 1, offsetof(type, field), read, NULL                        \
    }
/* One whose reader gets the struct itself. */
#define MEMBER_OF_ALL(name, read)                                                        \
    {                                                                                    \
        name, sizeof(name) - 1, 0, read, NULL                                            \
    }

/* After TOKEN_OBJECT: reads the members that the table names into `object`, to the end of
 * the object. Others are passed over and noted; one that is given twice is an error. */
MUST_USE bool member_read_all(struct decoder *d, const struct member *table, size_t n,
                              void *object);

/* The text of a scalar, in the report's memory; NULL in *text when there is none: null,
 * empty, or what cannot be read as text. */
MUST_USE bool member_take_text(struct decoder *d, enum json_token token, char **text);

/* Room for one element more in an array of `count` of which `*room` fit; *array may move.
 */
MUST_USE bool member_grow(struct decoder *d, void **array, size_t count, size_t *room,
                          size_t size);

/* Reports that a member's value has a type that cannot be understood. False. */
bool member_type_error(struct decoder *d, const char *wanted);

#define MEMBER_MAX_COUNT (INT64_C(1) << 53) /* of sessions: RFC 7493 section 2.2 */

/* What stands around words, names and dates without meaning anything. */
#define MEMBER_BLANKS " \t\n\v\f\r"

/* Readers. Texts are const char *, unchanged when there is none. */
member_fn member_text;
member_fn member_name;   /* without white space around it, as the next three are */
member_fn member_word;   /* lower case */
member_fn member_host;   /* lower case, no final dot */
member_fn member_domain; /* as domain_normalise */
member_fn member_ip;     /* canonical if it is an address */
member_fn member_uri;
member_fn member_count;   /* int64_t; unchanged when null */
member_fn member_instant; /* int64_t */

void member_note(struct decoder *d, enum quirk quirk);
