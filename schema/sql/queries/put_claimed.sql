-- Keeps what is only claimed of a batch, as put_believed.sql does (tlsrptd).
BEGIN; SET LOCAL statement_timeout = '30s';
COPY tlsrpt.claimed_policy (received, successful_sessions, failed_sessions, day, tier, nth, policy_no, leads,
    long_window, report_key, content_hash, policy_domain, sender, policy_type, organization, quirks, policy_string, mx_host,
    failures, believed_key) FROM STDIN (FORMAT binary);
COPY tlsrpt.claimed_report (received, window_start, window_end, day, tier, transport, long_window, report_key, raw_hash,
    policy_domain, policy_domains, sender, submitter, organization, contact_info, report_id, peer, peer_name, trust_reason, quirks,
    believed_key, source, bytes)
    FROM STDIN (FORMAT binary);
COPY tlsrpt.claimed_raw (day, tier, report_key, policy_domain, body) FROM STDIN (FORMAT binary);
COPY tlsrpt.tally (policy_domain, day, tier, transport, sender, received, lag_s, successful_sessions,
    failed_sessions, result_types, result_sessions) FROM STDIN (FORMAT binary);
SET LOCAL statement_timeout = 0; COMMIT
