-- tlsrpt failures: every failure that was described, the latest day first, equal ones of a day together; and
-- as "not-described" the failures that a policy counts without describing any.
SELECT policy_domain, sender, day, policy_type, result_type, sum(failed_sessions) AS failed_sessions,
       sending_mta_ip, receiving_mx_hostname, receiving_ip, failure_reason_code, trust
FROM (
    SELECT policy_domain, sender, day, policy_type, result_type, failed_sessions,
           sending_mta_ip, receiving_mx_hostname, receiving_ip, failure_reason_code, trust
    FROM counted_failure
    WHERE day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
    UNION ALL
    SELECT policy_domain, sender, day, policy_type, 'not-described', undescribed_sessions, NULL, NULL, NULL, NULL, trust
    FROM counted_policy
    WHERE undescribed_sessions > 0
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR trust = ANY ($5::text[]))
) AS f
GROUP BY policy_domain, sender, day, policy_type, result_type, sending_mta_ip, receiving_mx_hostname,
         receiving_ip, failure_reason_code, trust
ORDER BY day DESC, failed_sessions DESC, policy_domain, sender, policy_type, result_type, receiving_mx_hostname,
         receiving_ip, sending_mta_ip, failure_reason_code, trust
