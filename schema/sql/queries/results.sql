-- tlsrpt results: what failed, by result type and policy domain, the most first; as "not-described" the failures
-- that a policy counts without describing any.
SELECT result_type, policy_domain, count(DISTINCT sender) AS senders, sum(failed_sessions) AS failed_sessions,
       min(day) AS first_day, max(day) AS last_day
FROM (
    SELECT result_type, policy_domain, sender, day, failed_sessions
    FROM counted_failure
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL AND tier < 4 OR trust = ANY ($5::text[]))
    UNION ALL
    SELECT 'not-described', policy_domain, sender, day, undescribed_sessions
    FROM counted_policy
    WHERE leads
      AND undescribed_sessions > 0
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL AND tier < 4 OR trust = ANY ($5::text[]))
) AS f
GROUP BY result_type, policy_domain
ORDER BY failed_sessions DESC, result_type, policy_domain
