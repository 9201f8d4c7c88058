-- tlsrpt findings: what unverified reports complain of; of names that anybody can make up, those that complain most.
SELECT policy_domain, sender, result_type, min(day) - date '1970-01-01' AS first_day,
       max(day) - date '1970-01-01' AS last_day, sum(failed_sessions) AS failed_sessions
FROM counted_failure
WHERE day >= $1::date AND day <= $2::date AND tier = 4
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
GROUP BY policy_domain, sender, result_type
ORDER BY failed_sessions DESC, policy_domain, sender, result_type
LIMIT 1000
