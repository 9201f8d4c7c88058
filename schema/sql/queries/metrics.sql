-- tlsrpt metrics, and /metrics of tlsrpt serve: rows of a family (analyzer/metrics.c numbers them), its labels,
-- the value. Reads the running totals and what was added since, never history.
WITH word AS (
    SELECT '{verified,operator,confirmed,unverified}'::text[] AS trusts, '{https,lmtp,deliver,import}'::text[] AS doors,
           (now() AT TIME ZONE 'UTC')::date - 2 AS complete_day
)
SELECT family, a, b, c, value
FROM (
    SELECT 0 AS family, policy_domain AS a, result AS b, trusts[tier] AS c, value::text
    FROM word, metric_sessions, LATERAL (VALUES ('successful', successful), ('failed', failed)) AS v (result, value)
    UNION ALL
    SELECT 1, policy_domain, result_type, NULL, failed::text FROM metric_failures
    UNION ALL
    SELECT 2, doors[transport], coalesce(trusts[tier], 'none'), outcome, reports::text
    FROM word, metric_reports
    UNION ALL
    SELECT 3, NULL, NULL, NULL, extract(epoch FROM complete_day)::text FROM word
    UNION ALL
    SELECT 4, s.policy_domain, result, trusts[s.tier], coalesce(value, 0)::text
    FROM word, metric_sessions s
    LEFT JOIN metric_day d ON d.day = (now() AT TIME ZONE 'UTC')::date - 2 AND d.policy_domain = s.policy_domain
                              AND d.tier = s.tier,
    LATERAL (VALUES ('successful', d.successful), ('failed', d.failed)) AS v (result, value)
    UNION ALL
    SELECT 5, sender, NULL, NULL, extract(epoch FROM received)::text FROM metric_sender
    UNION ALL
    SELECT 6, lpad(upto_s::text, 20, '0'), seconds::text, NULL, reports::text FROM metric_lag
    UNION ALL
    SELECT 7, CASE status WHEN 2 THEN 'quarantined' ELSE 'ignored' END, NULL, NULL, reports::text FROM quarantine_size
    UNION ALL
    SELECT 8, CASE status WHEN 2 THEN 'quarantined' ELSE 'ignored' END, NULL, NULL, bytes::text FROM quarantine_size
    UNION ALL
    SELECT CASE what WHEN 'maintain' THEN 9 ELSE 10 END, NULL, NULL, NULL, extract(epoch FROM at)::text
    FROM upkeep WHERE what IN ('maintain', 'fold')
    UNION ALL
    SELECT 11, NULL, NULL, NULL, count(*)::text FROM tally WHERE lag_s IS NOT NULL
) AS m
ORDER BY family, a, b, c
