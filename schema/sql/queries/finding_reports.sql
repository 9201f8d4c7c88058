-- tlsrpt findings ID: the latest reports that told of it (the id for show, day, sender, policy domain, failures):
-- those with a failure of the result type $5, or at one of the hosts $6; without either all of the senders.
SELECT id, day, sender, policy_domain, failed_sessions
FROM (
    (SELECT to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16) AS id, day, sender, policy_domain,
            sum(failed_sessions) AS failed_sessions
     FROM counted_failure
     WHERE day >= $1::date AND day <= $2::date
       AND policy_domain = ANY ($3::text[])
       AND sender = ANY ($4::text[])
       AND (result_type = $5 OR $5 IS NULL AND receiving_mx_hostname = ANY ($6::text[]))
     GROUP BY day, report_key, sender, policy_domain
     ORDER BY day DESC, failed_sessions DESC, sender, policy_domain
     LIMIT 20)
    UNION ALL
    (SELECT to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16), day, sender, policy_domain,
            CASE WHEN $5 = 'not-described' THEN undescribed_sessions ELSE failed_sessions END AS failed_sessions
     FROM counted_policy
     WHERE ($5 = 'not-described' AND undescribed_sessions > 0 OR $5 IS NULL AND $6::text[] IS NULL)
       AND leads
       AND day >= $1::date AND day <= $2::date
       AND policy_domain = ANY ($3::text[])
       AND sender = ANY ($4::text[])
     ORDER BY day DESC, failed_sessions DESC, sender, policy_domain
     LIMIT 20)
) AS r
ORDER BY day DESC, failed_sessions DESC, sender, policy_domain
LIMIT 20
