/* Which header fields a signature must cover before it vouches for a report. Pure. */
#pragma once
#include "collector/dkim/dkim_header.h"

/* Why the signature, although its hashes may match, says too little; NULL if it says
 * enough. `framed`: the body itself shows where its parts begin and end (mail_is_framed).
 */
const char *dkim_cover_flaw(const struct message *m, const struct dkim_signature *s,
                            bool framed);

/* Did the signer write that the body has parts, so that what is found in one is its word?
 * It signed Content-Type, or what nobody writes who only repeats what others sent: a
 * TLS-Report-* field, a Subject that begins with "Report Domain:" (RFC 8460 section 5.3).
 */
bool dkim_cover_has_parts(const struct message *m, const struct dkim_signature *s);

/* "not signed: subject, content-type", or "" when all that is expected is signed; NULL
 * when out of memory. */
MUST_USE const char *dkim_cover_note(struct arena *a, const struct message *m,
                                     const struct dkim_signature *s);

/* Is there exactly one field of that name, and is it signed? */
bool dkim_cover_has(const struct message *m, const struct dkim_signature *s,
                    const char *name);
