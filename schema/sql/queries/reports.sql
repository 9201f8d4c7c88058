-- tlsrpt reports: everything that was kept, the latest arrival first; a report that came in several tiers
-- once for each, whichever is counted. $7 and $8 are the row after which to go on, $9 how many: each branch is
-- cut short by itself, so that an index on received can be followed no further than that.
SELECT id, extract(epoch FROM received)::bigint AS received, transport, trust, status, sender, organization,
       report_id, to_json(policy_domains) AS policy_domains,
       extract(epoch FROM window_start)::bigint AS "start", extract(epoch FROM window_end)::bigint AS "end",
       to_json(quirks) AS quirks, reason
FROM (
    (SELECT to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16) AS id, received, transport,
            (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[tier] AS trust, 1 AS status, sender, organization,
            report_id, coalesce(policy_domains, ARRAY[policy_domain]) AS policy_domains, window_start, window_end,
            coalesce(quirks, '{}') AS quirks, trust_reason AS reason
     FROM report
     WHERE received <= (SELECT t FROM instant)
       AND day BETWEEN $1::date AND $2::date
       AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]) OR policy_domains && $3::text[])
       AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
       AND ($5::text[] IS NULL OR (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[tier] = ANY ($5::text[]))
       AND ($6::smallint[] IS NULL OR 1 = ANY ($6::smallint[]))
       AND received <= coalesce($7::timestamptz, 'infinity')
       AND ($7::timestamptz IS NULL OR received < $7::timestamptz
            OR to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16) > $8)
     ORDER BY received DESC, 1
     LIMIT $9::bigint)
    UNION ALL
    (SELECT to_char(arrival_day, 'YYYYMMDD') || '-' || left(encode(body_hash, 'hex'), 16), received, transport,
            CASE status WHEN 3 THEN 'ignored' END, status, NULL, NULL,
            NULL, string_to_array(policy_domains, ' '), NULL, NULL, '{}', reason
     FROM open_quarantine
     WHERE arrival_day BETWEEN $1::date AND $2::date
       AND ($3::text[] IS NULL OR string_to_array(policy_domains, ' ') && $3::text[])
       AND $4::text[] IS NULL
       AND ($5::text[] IS NULL OR CASE status WHEN 3 THEN 'ignored' END = ANY ($5::text[]))
       AND ($6::smallint[] IS NULL OR status = ANY ($6::smallint[]))
       AND ($7::timestamptz IS NULL OR received < $7::timestamptz OR received = $7::timestamptz
            AND to_char(arrival_day, 'YYYYMMDD') || '-' || left(encode(body_hash, 'hex'), 16) > $8)
     ORDER BY received DESC, 1
     LIMIT $9::bigint)
) AS r
ORDER BY r.received DESC, id
LIMIT $9::bigint
