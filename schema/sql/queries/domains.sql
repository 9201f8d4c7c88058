-- tlsrpt domains: one line for each policy domain, the one with most failures first. Of the policy types that
-- one report lists for a domain only the leading one is counted; unverified sessions stand apart. Of names that only
-- unverified reports bear (below an owned ".example.com" anybody can make them up) the 100 with most reports have a
-- line; the others one together, unless $3, $4 or $5 asks for them.
WITH figures AS (
    SELECT policy_domain,
           count(DISTINCT sender) AS senders,
           count(DISTINCT report_key) + sum(more_reports) AS reports,
           coalesce(sum(successful_sessions) FILTER (WHERE tier < 4), 0) AS successful_sessions,
           coalesce(sum(failed_sessions) FILTER (WHERE tier < 4), 0) AS failed_sessions,
           coalesce(sum(successful_sessions) FILTER (WHERE tier = 4)
                    + sum(failed_sessions) FILTER (WHERE tier = 4), 0) AS unverified_sessions,
           max(day) AS last_day,
           bool_and(tier = 4) AND $3::text[] IS NULL AND $4::text[] IS NULL AND $5::text[] IS NULL AS made_up
    FROM counted_policy
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
    GROUP BY policy_domain
), named AS MATERIALIZED (
    SELECT f.*,
           made_up AND row_number() OVER (PARTITION BY made_up ORDER BY reports DESC, policy_domain) > 100 AS one_of_many
    FROM figures f
)
SELECT policy_domain, senders, reports, successful_sessions, failed_sessions, unverified_sessions, last_day
FROM (
    SELECT policy_domain, senders, reports, successful_sessions, failed_sessions, unverified_sessions, last_day
    FROM named WHERE NOT one_of_many
    UNION ALL
    SELECT format('%s others, unverified', count(*)), max(senders), sum(reports), 0, 0, sum(unverified_sessions),
           max(last_day)
    FROM named WHERE one_of_many HAVING count(*) > 0
) AS d
ORDER BY failed_sessions DESC, policy_domain
