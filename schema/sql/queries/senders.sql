-- tlsrpt senders: one line for each sending domain, the one with most failures first, and what is odd about
-- its reports. Its organization is named as the best trusted, then latest, report does. Of names that only unverified
-- reports bear, and anybody can make up, the 100 with most reports have a line; the others one together, unless $4 or
-- $5 asks for them.
WITH figures AS (
    SELECT sender,
           count(DISTINCT policy_domain) AS policy_domains,
           count(DISTINCT report_key) + sum(more_reports) AS reports,
           coalesce(sum(successful_sessions) FILTER (WHERE tier < 4), 0) AS successful_sessions,
           coalesce(sum(failed_sessions) FILTER (WHERE tier < 4), 0) AS failed_sessions,
           coalesce(sum(successful_sessions) FILTER (WHERE tier = 4)
                    + sum(failed_sessions) FILTER (WHERE tier = 4), 0) AS unverified_sessions,
           max(day) AS last_day, bool_and(tier = 4) AND $4::text[] IS NULL AND $5::text[] IS NULL AS made_up
    FROM counted_policy
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
    GROUP BY sender
), named AS MATERIALIZED (
    SELECT f.*, made_up AND row_number() OVER (PARTITION BY made_up ORDER BY reports DESC, sender) > 100 AS one_of_many
    FROM figures f
), about AS (
    SELECT sender,
           substr(max((4 - tier)::text || day::text || organization COLLATE "C"), 12) AS organization,
           coalesce(json_agg(DISTINCT quirk) FILTER (WHERE quirk IS NOT NULL), '[]') AS quirks
    FROM counted_policy LEFT JOIN LATERAL unnest(quirks) AS quirk ON true
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
      AND ((SELECT count(*) FILTER (WHERE one_of_many) FROM named) = 0
           OR sender IN (SELECT sender FROM named WHERE NOT one_of_many))
    GROUP BY sender
)
SELECT sender, organization, policy_domains, reports, successful_sessions, failed_sessions,
       unverified_sessions, last_day, quirks
FROM (
    SELECT sender, organization, policy_domains, reports, successful_sessions, failed_sessions, unverified_sessions,
           last_day, quirks
    FROM named LEFT JOIN about USING (sender)
    WHERE NOT one_of_many
    UNION ALL
    SELECT format('%s others, unverified', count(*)), '', max(policy_domains), sum(reports), 0, 0,
           sum(unverified_sessions), max(last_day), '[]'
    FROM named WHERE one_of_many HAVING count(*) > 0
) AS s
ORDER BY failed_sessions DESC, sender
