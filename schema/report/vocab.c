/* The tables behind the enums. */
#include "schema/report/vocab.h"

#include "base/text.h"

#include <string.h>

#define TEXT2(name, text)              [name] = (text),
#define TEXT3(name, number, text)      [number] = (text),
#define QUIRK_TEXT(name, text, plain)  [name] = (text),
#define QUIRK_PLAIN(name, text, plain) [name] = (plain),

static const char *const policy_types[] = {POLICY_TYPES(TEXT2)};
static const char *const result_types[] = {RESULT_TYPES(TEXT2)};
static const char *const tiers[] = {TIERS(TEXT3)};
static const char *const transports[] = {TRANSPORTS(TEXT3)};
static const char *const statuses[] = {STATUSES(TEXT3)};
static const char *const quirks[] = {QUIRKS(QUIRK_TEXT)};
static const char *const quirks_plain[] = {QUIRKS(QUIRK_PLAIN)};

static unsigned
find(const char *const table[], unsigned count, const char *text)
{
    unsigned i = 0;

    while (i < count && (table[i][0] != text[0] || strcmp(table[i], text) != 0))
        i++;
    if (i < count)
        return i;
    for (i = 0; i < count && !text_equal_nocase(table[i], text);)
        i++;
    return i;
}

enum policy_type
policy_type_parse(const char *text)
{
    return (enum policy_type)find(policy_types, POLICY_OTHER, text);
}

enum result_type
result_type_parse(const char *text)
{
    return (enum result_type)find(result_types, RESULT_OTHER, text);
}

const char *
policy_type_text(enum policy_type type)
{
    return type < POLICY_OTHER ? policy_types[type] : "other";
}

const char *
result_type_text(enum result_type type)
{
    return type < RESULT_OTHER ? result_types[type] : "other";
}

const char *
tier_text(enum tier tier)
{
    return tiers[tier];
}

const char *
transport_text(enum transport transport)
{
    return transports[transport];
}

const char *
status_text(enum status status)
{
    return statuses[status];
}

const char *
quirk_text(enum quirk quirk)
{
    return quirks[quirk];
}

const char *
quirk_plain(enum quirk quirk)
{
    return quirks_plain[quirk];
}
