-- tlsrpt senders --origins: from which confirmed hosts reports of a sender were posted that no https_sender line names,
-- and of how many of them a signed mail said the same, or another thing.
SELECT r.sender, r.peer_name, count(*) AS reports, count(*) FILTER (WHERE m.same) AS matched,
       count(*) FILTER (WHERE NOT m.same) AS differed, min(r.day) AS first_day, max(r.day) AS last_day
FROM report AS r LEFT JOIN LATERAL (
    SELECT bool_and(v.content_hash = p.content_hash) AS same
    FROM policy_result AS p
    JOIN believed_policy AS v ON v.policy_domain = p.policy_domain AND v.day = p.day AND v.nth = 0
        AND v.report_key = p.believed_key AND v.tier = 1
    WHERE p.policy_domain = r.policy_domain AND p.day = r.day AND p.report_key = r.report_key AND p.tier = r.tier
      AND p.nth = 0) AS m ON true
WHERE r.transport = 1 AND r.tier IN (3, 4) AND r.peer_name <> ''
  AND r.received <= (SELECT t FROM instant)
  AND r.day BETWEEN $1::date AND $2::date
  AND ($3::text[] IS NULL OR r.policy_domain = ANY ($3::text[]))
  AND ($4::text[] IS NULL OR r.sender = ANY ($4::text[]))
  AND ($5::text[] IS NULL OR CASE r.tier WHEN 3 THEN 'confirmed' ELSE 'unverified' END = ANY ($5::text[]))
GROUP BY r.sender, r.peer_name
ORDER BY r.sender, r.peer_name
LIMIT 10000
