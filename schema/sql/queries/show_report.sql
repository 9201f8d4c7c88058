-- tlsrpt show: all of one report, a row for each tier that it came in, the best first. $1 its id, $2 its day,
-- $3 the trust asked for.
SELECT $1::text AS id, extract(epoch FROM r.received)::bigint AS received, r.transport,
       (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[r.tier] AS trust, 1 AS status,
       NOT EXISTS (SELECT FROM believed_policy k
                   WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.believed_key
                     AND k.tier < r.tier AND k.nth = 0 AND k.received <= (SELECT t FROM instant)) AS counted,
       r.tier = 4 AND EXISTS (SELECT FROM contested c
                              WHERE c.policy_domain = r.policy_domain AND c.day = r.day
                                AND c.believed_key = r.believed_key) AS contested,
       r.sender, coalesce(r.submitter, r.sender) AS submitter, r.organization, r.contact_info, r.report_id,
       to_json(domains) AS policy_domains,
       r.day, extract(epoch FROM r.window_start)::bigint AS "start",
       extract(epoch FROM r.window_end)::bigint AS "end", r.long_window, to_json(coalesce(r.quirks, '{}')) AS quirks,
       r.trust_reason AS reason, r.peer, r.peer_name, octet_length(b.body) AS bytes,
       encode(r.raw_hash, 'hex') AS body_sha256,
       (SELECT coalesce(json_agg(json_build_object(
                   'received', to_char(c.received, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'peer', c.peer,
                   'body_sha256', encode(c.body_hash, 'hex')) ORDER BY c.received, c.body_hash), '[]')
        FROM (SELECT DISTINCT ON (body_hash) received, peer, body_hash
              FROM conflict c
              WHERE c.policy_domain = ANY (domains) AND c.day = r.day AND c.report_key = r.report_key
                AND c.tier = r.tier AND c.received <= (SELECT t FROM instant)
              ORDER BY body_hash, received) AS c) AS conflicts,
       (SELECT json_agg(json_build_object(
                   'policy_domain', p.policy_domain, 'policy_type', p.policy_type, 'leads', p.leads,
                   'successful_sessions', p.successful_sessions, 'failed_sessions', p.failed_sessions,
                   'policy_string', to_json(string_to_array(p.policy_string, E'\n')),
                   'mx_host', to_json(coalesce(p.mx_host, ARRAY(
                       SELECT substr(line, 5) FROM string_to_table(p.policy_string, E'\n') AS line WHERE starts_with(line, 'mx: ')))),
                   'failures', (
                       SELECT coalesce(json_agg(json_build_object(
                                  'result_type', f.result_type, 'failed_sessions', f.failed_sessions,
                                  'sending_mta_ip', f.sending_mta_ip,
                                  'receiving_mx_hostname', f.receiving_mx_hostname,
                                  'receiving_mx_helo', f.receiving_mx_helo, 'receiving_ip', f.receiving_ip,
                                  'failure_reason_code', f.failure_reason_code,
                                  'additional_information', f.additional_information)), '[]')
                       FROM unnest(p.failures) AS f))
                   ORDER BY p.policy_no)
        FROM policy_result p
        WHERE p.policy_domain = ANY (domains) AND p.day = r.day AND p.report_key = r.report_key
          AND p.tier = r.tier) AS policies
FROM report r
CROSS JOIN coalesce(r.policy_domains, ARRAY[r.policy_domain]) AS domains
LEFT JOIN raw_report b ON b.policy_domain = r.policy_domain AND b.day = r.day AND b.report_key = r.report_key
                      AND b.tier = r.tier
WHERE r.received <= (SELECT t FROM instant)
  AND r.day = $2::date
  AND left(encode(r.report_key, 'hex'), 16) = substr($1, 10)
  AND ($3::text[] IS NULL OR (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[r.tier] = ANY ($3::text[]))
ORDER BY r.tier, r.received
