/* What one file of the spool holds: a post as it came, and what the door knew about it
 * that cannot be learned again: when, from which address, which host name DNS confirmed
 * for it at that time, for which domain's path. What the settings decide (whose domain it
 * is, whether the host is listed for the sender) is decided when it is taken out.
 *
 *     tlsrpt-spool 1 SHA-256 of all that follows this line, in hex
 *     received 1772323200
 *     peer 192.0.2.1
 *     name out.example.net        (if there is one)
 *     domain example.com          (if there is one)
 *     unread                      (if it was not read yet, so that it may be none of
 * ours)
 *
 *     the bytes of the report
 *
 * Lines that are not known are skipped, so that a later version may add some. Pure. */
#pragma once
#include "base/buf.h"
#include "collector/intake/intake.h"

/* Appends the file of a report; false when out of memory. */
MUST_USE bool spool_file_encode(const struct delivery *d, struct buf *out);

/* Sets what a door sets in `d`; it points into `file`, which is changed for that.
 * ERR_INPUT when the file is damaged or not ours. */
MUST_USE bool spool_file_decode(struct buf *file, struct delivery *d, struct err *e);

/* The network that a file, or the beginning of one, came from; zero: it does not say. */
struct peer spool_file_network(const char *top, size_t n);
