-- tlsrpt domains: one line for each policy domain, the one with most failures first. Of the policy types that
-- one report lists for a domain only the leading one is counted; unverified sessions stand apart.
SELECT policy_domain,
       count(DISTINCT sender) AS senders,
       count(DISTINCT report_key) + sum(more_reports) AS reports,
       coalesce(sum(successful_sessions) FILTER (WHERE tier < 3), 0) AS successful_sessions,
       coalesce(sum(failed_sessions) FILTER (WHERE tier < 3), 0) AS failed_sessions,
       coalesce(sum(successful_sessions) FILTER (WHERE tier = 3)
                + sum(failed_sessions) FILTER (WHERE tier = 3), 0) AS unverified_sessions,
       max(day) AS last_day
FROM counted_policy
WHERE leads
  AND day BETWEEN $1::date AND $2::date
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
  AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
  AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
GROUP BY policy_domain
ORDER BY failed_sessions DESC, policy_domain
