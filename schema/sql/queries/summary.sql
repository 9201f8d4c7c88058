-- tlsrpt summary: what each sender said of each policy domain, by policy type and trust. `contested` counts those of
-- which other networks claim something else: none of them is worth more than another. Of unverified lines, which
-- anybody can make up, the 500 with most reports stand by themselves; the others in one, unless $3, $4 or $5 asks for
-- them.
WITH figures AS (
    SELECT policy_domain, sender, policy_type, trust, tier,
           count(DISTINCT report_key) + sum(more_reports) AS reports,
           count(DISTINCT report_key) FILTER (WHERE claims IS NOT NULL) AS contested,
           sum(successful_sessions) AS successful_sessions,
           sum(failed_sessions) AS failed_sessions,
           min(day) AS first_day, max(day) AS last_day,
           tier = 4 AND $3::text[] IS NULL AND $4::text[] IS NULL AND $5::text[] IS NULL AS made_up
    FROM counted_policy
    LEFT JOIN (SELECT policy_domain, day, believed_key AS claim, claims FROM contested
               WHERE day BETWEEN $1::date AND $2::date) AS c USING (policy_domain, day, claim)
    WHERE day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
    GROUP BY policy_domain, sender, policy_type, trust, tier
), named AS MATERIALIZED (
    SELECT f.*, made_up AND row_number() OVER (PARTITION BY made_up ORDER BY reports DESC, policy_domain, sender,
                                                            policy_type) > 500 AS one_of_many
    FROM figures f
)
SELECT policy_domain, sender, policy_type, trust, reports, contested, successful_sessions, failed_sessions, first_day,
       last_day
FROM (
    SELECT policy_domain, sender, policy_type, trust, tier, reports, contested, successful_sessions, failed_sessions,
           first_day, last_day
    FROM named WHERE NOT one_of_many
    UNION ALL
    SELECT '', format('%s others, unverified', count(*)), '', 'unverified', 4, sum(reports), sum(contested),
           sum(successful_sessions), sum(failed_sessions), min(first_day), max(last_day)
    FROM named WHERE one_of_many HAVING count(*) > 0
) AS s
ORDER BY policy_domain, sender, tier, policy_type
