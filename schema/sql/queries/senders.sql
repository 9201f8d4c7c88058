-- tlsrpt senders: one line for each sending domain, the one with most failures first, and what is odd about
-- its reports. Its organization is named as the best trusted, then latest, report does.
WITH figures AS (
    SELECT sender,
           count(DISTINCT policy_domain) AS policy_domains,
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
    GROUP BY sender
), about AS (
    SELECT sender,
           substr(max((3 - tier)::text || day::text || organization COLLATE "C"), 12) AS organization,
           coalesce(json_agg(DISTINCT quirk) FILTER (WHERE quirk IS NOT NULL), '[]') AS quirks
    FROM counted_policy LEFT JOIN LATERAL unnest(quirks) AS quirk ON true
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
    GROUP BY sender
)
SELECT sender, organization, policy_domains, reports, successful_sessions, failed_sessions,
       unverified_sessions, last_day, quirks
FROM figures LEFT JOIN about USING (sender)
ORDER BY failed_sessions DESC, sender
