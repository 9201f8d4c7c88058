-- Page "trend": sessions and failures of each day from $1 to $2, of the domains $3 (null: all).
SELECT day, count(*) AS reports, sum(successful_sessions + failed_sessions) AS sessions,
       sum(failed_sessions) AS failed_sessions
FROM counted_policy
WHERE leads AND tier < 3
  AND day BETWEEN $1::date AND $2::date
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
GROUP BY day
ORDER BY day
