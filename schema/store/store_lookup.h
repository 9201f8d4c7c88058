/* What a batch has in common with the database. */
#pragma once
#include "schema/store/store_rows.h"

/* Sets `seen` of the rows of all undecided items, in one exchange. */
MUST_USE bool lookup(struct store *s, struct put_item *const items[], size_t n,
                     struct arena *a, struct err *e);

/* Decides the undecided items of days that were dropped. */
MUST_USE bool lookup_pruned(struct store *s, struct put_item *const items[], size_t n,
                            struct err *e);

/* Notes a row that is SEEN_OTHER as a conflict; the database keeps eight of an identity.
 */
MUST_USE bool lookup_note(struct store *store, const struct put_row *row, struct err *e);
