/* RFC 8460 section 3 wants any "successful" status for HTTPS; a mail that is refused for
 * good is answered 250 all the same, for a bounce would go to the world. */
#include "collector/intake/verdict.h"

#include <sysexits.h>

static const struct verdict_row rows[VERDICT_COUNT] = {
    {VERDICT_PENDING, "pending", 500, "451 4.3.0", EX_TEMPFAIL},
    {VERDICT_STORED, "stored", 201, "250 2.0.0", EX_OK},
    {VERDICT_DUPLICATE, "duplicate", 200, "250 2.0.0", EX_OK},
    {VERDICT_PRUNED, "pruned", 200, "250 2.0.0", EX_OK},
    {VERDICT_QUARANTINED, "quarantined", 202, "250 2.0.0", EX_OK},
    {VERDICT_IGNORED, "ignored", 202, "250 2.0.0", EX_OK},
    {VERDICT_NOT_OURS, "not-ours", 403, "250 2.0.0", EX_OK},
    {VERDICT_UNRECOGNIZED, "unrecognized", 400, "250 2.0.0", EX_OK},
    {VERDICT_TOO_BIG, "too-big", 413, "250 2.0.0", EX_OK},
    {VERDICT_SPOOLED, "spooled", 202, "250 2.0.0", EX_OK},
    {VERDICT_AGAIN, "try-later", 503, "451 4.3.0", EX_TEMPFAIL},
};

const struct verdict_row *
verdict_find(enum verdict v)
{
    return &rows[v < VERDICT_COUNT ? v : VERDICT_PENDING];
}
