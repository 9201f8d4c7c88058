/* What a batch has in common with the database. */
#pragma once
#include "schema/store_rows.h"

/* Sets `seen` of the rows of all undecided items, in one exchange. */
MUST_USE bool lookup(struct store *s, struct put_item *const items[], size_t n,
                     struct arena *a, struct err *e);

/* The first day of which reports are kept (days since 1970); INT32_MIN when no month was
 * dropped. */
MUST_USE bool lookup_first_kept(struct store *s, int32_t *day, struct err *e);

/* Notes a row that is SEEN_OTHER as a conflict; the database keeps eight of an identity.
 */
MUST_USE bool lookup_note(struct store *store, const struct put_row *row, struct err *e);
