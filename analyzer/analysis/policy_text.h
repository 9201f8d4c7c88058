/* Policies as one text that can be compared: what a reporter or the operator wrote,
 * brought into one form and order (RFC 8461 section 3.2, RFC 6698). Pure. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

/* Appends an MTA-STS policy as lines "mode: enforce", "mx: a" (sorted), "max_age: n". Its
 * lines may be separated by line feeds or semicolons; other keys are left out. Nothing is
 * appended for what is no policy. */
bool policy_text_sts(const char *raw, struct buf *out);

/* Appends TLSA records, one a line, sorted, "3 1 1 HEX" in capitals. Records may stand
 * one a line or as JSON inside a string, as Microsoft sends them. */
bool policy_text_tlsa(const char *raw, struct buf *out);

/* Reading the canonical form. */
bool policy_text_enforces(const char *sts);
int64_t policy_text_max_age_s(const char *sts); /* 0 if none */
bool policy_text_has_mx(const char *sts);
bool policy_text_covers(const char *sts, const char *host); /* RFC 8461 section 4.1 */
