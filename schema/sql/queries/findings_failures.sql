-- tlsrpt findings: failures by domain, kind, sender, day and place. Windows over 36 hours have no day.
SELECT policy_domain, result_type, sender, day - date '1970-01-01' AS day, policy_type, sending_mta_ip,
       receiving_mx_hostname, receiving_ip, failure_reason_code, sum(failed_sessions) AS failed_sessions
FROM counted_failure
WHERE day >= $1::date AND day <= $2::date AND tier < 4 AND NOT long_window
  AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
GROUP BY policy_domain, result_type, sender, day, policy_type, sending_mta_ip, receiving_mx_hostname,
         receiving_ip, failure_reason_code
