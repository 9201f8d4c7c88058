-- tlsrpt summary: what each sender said of each policy domain, by policy type and trust.
SELECT policy_domain, sender, policy_type, trust,
       count(DISTINCT report_key) + sum(more_reports) AS reports,
       sum(successful_sessions) AS successful_sessions,
       sum(failed_sessions) AS failed_sessions,
       min(day) AS first_day, max(day) AS last_day
FROM counted_policy
WHERE day BETWEEN $1::date AND $2::date
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
  AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
  AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
GROUP BY policy_domain, sender, policy_type, trust, tier
ORDER BY policy_domain, sender, tier, policy_type
