-- tlsrpt findings ID: the latest reports that told of it (day, sender, policy domain and the id for show).
SELECT to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16) AS id, day, sender, policy_domain
FROM counted_failure
WHERE day >= $1::date AND day <= $2::date
  AND policy_domain = ANY ($3::text[])
  AND sender = ANY ($4::text[])
  AND result_type = $5
GROUP BY day, report_key, sender, policy_domain
ORDER BY day DESC, sum(failed_sessions) DESC, sender, policy_domain
LIMIT 20
