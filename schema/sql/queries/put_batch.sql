-- Keeps a batch: one exchange, one transaction (tlsrptd). The time limit must not cancel a COMMIT that waits
-- for a standby.
BEGIN; SET LOCAL statement_timeout = '30s';
COPY tlsrpt.report_key (policy_domain, day, report_key, tier, received, body_hash) FROM STDIN (FORMAT binary);
COPY tlsrpt.report (policy_domain, day, report_key, tier, received, first, policy_domains, transport, sender,
    submitter, organization, contact_info, report_id, window_start, window_end, long_window, peer, peer_name,
    trust_reason, quirks) FROM STDIN (FORMAT binary);
COPY tlsrpt.policy_result (policy_domain, day, report_key, tier, policy_no, received, sender, policy_type,
    leads, long_window, successful_sessions, failed_sessions, policy_string, mx_host) FROM STDIN (FORMAT binary);
COPY tlsrpt.failure_detail (policy_domain, day, report_key, tier, policy_no, detail_no, received, sender,
    policy_type, leads, long_window, result_type, failed_sessions, sending_mta_ip, receiving_mx_hostname,
    receiving_mx_helo, receiving_ip, additional_information, failure_reason_code) FROM STDIN (FORMAT binary);
COPY tlsrpt.raw_report (policy_domain, day, report_key, tier, body_hash, body) FROM STDIN (FORMAT binary);
COPY tlsrpt.tally (policy_domain, day, tier, transport, sender, received, lag_s, successful_sessions,
    failed_sessions) FROM STDIN (FORMAT binary);
COPY tlsrpt.tally_failure (policy_domain, tier, result_type, failed_sessions) FROM STDIN (FORMAT binary);
SET LOCAL statement_timeout = 0; COMMIT
