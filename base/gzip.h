/* Packs bytes for a client that takes gzip. Pure. */
#pragma once
#include "base/buf.h"

/* Replaces the content of `b` by its gzip form. False, with `b` as it was, when memory
 * runs out or the form would be longer. */
MUST_USE bool gzip_pack(struct buf *b);
