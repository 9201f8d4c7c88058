-- tlsrpt findings, readiness, policies, coverage: sessions by domain, sender, policy type and policy seen. Days
-- are packed into arrays, an element for each report, since there are millions: (sessions, hours from the end
-- of the day to the arrival, days since $1) as sessions << 17 | hours << 7 | day; and failed << 7 | day.
SELECT policy_domain, sender, policy_type, long_window,
       policy_string AS policy,
       array_agg(((successful_sessions + failed_sessions) << 17)
                 | (least(greatest((date_part('epoch', received)::bigint / 3600
                                    - (day - date '1970-01-01' + 1) * 24), 0), 1023) << 7)
                 | (day - $1::date)::bigint) AS days,
       array_agg((failed_sessions << 7) | (day - $1::date)::bigint) FILTER (WHERE failed_sessions > 0) AS failed
FROM counted_policy
WHERE day >= $1::date AND day <= $2::date AND tier < 4
  AND successful_sessions < 70000000000000 AND failed_sessions < 70000000000000
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
GROUP BY policy_domain, sender, policy_type, long_window, policy_string
ORDER BY policy_domain COLLATE "C", sender COLLATE "C"
