/* A report as JSON, so that two decoders can be compared and a test can name any field:
 *
 *   {organization, contact_info, report_id, start, end, quirks: [text, sorted],
 *    policies: [{type, type_known, domain, policy_string: [], mx_host: [],
 *                successful_sessions, failed_sessions,
 *                details: [{result_type, result_known, sending_mta_ip,
 *                           receiving_mx_hostname, receiving_mx_helo, receiving_ip,
 *                           additional_information, failure_reason_code,
 *                           failed_sessions}]}]}
 *
 * *_known are the words that we know, or "other"; what is absent is null.
 */
#pragma once
#include "schema/report/report.h"

#include <jansson.h>

/* A new reference. */
json_t *report_json(const struct report *r);

/* The names of a set of quirks, sorted; a new reference. */
json_t *quirks_json(quirk_set quirks);

/* "policies.0.details.1.receiving_ip"; borrowed, NULL when there is no such thing. */
const json_t *json_at(const json_t *from, const char *path);
