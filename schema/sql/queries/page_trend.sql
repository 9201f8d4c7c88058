-- Page "trend": sessions and failures of each day; of believed reports, unless $5 asks for others.
SELECT day, sum(successful_sessions) + sum(failed_sessions) AS sessions, sum(failed_sessions) AS failed_sessions
FROM counted_policy
WHERE leads
  AND day BETWEEN $1::date AND $2::date
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
  AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
  AND CASE WHEN $5::text[] IS NULL THEN tier < 4 ELSE trust = ANY ($5::text[]) END
GROUP BY day
ORDER BY day
