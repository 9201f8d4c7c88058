/* What the running totals do not have yet: a row of the table "tally" for each policy
 * domain of a report, kept with it (schema/sql/migrations/0005_lean.sql). */
#pragma once
#include "schema/store/store_rows.h"

/* Appends the row as COPY data, in the order of put_batch.sql; what does not fit is told
 * by buf.failed. */
void tally_put(struct buf *b, const struct put_row *row);
