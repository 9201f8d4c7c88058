-- How far a report is believed: 1 verified, 2 operator, 3 confirmed, 4 unverified (3 until now).
LOCK TABLE daily_policy, policy_result, report, raw_report, conflict, tally, intake_count IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['policy_result', 'report', 'raw_report', 'conflict', 'daily_policy', 'daily_failure',
                               'tally', 'intake_count', 'total_sessions', 'total_day', 'total_reports', 'intake_day'] LOOP
        EXECUTE format('UPDATE tlsrpt.%I SET tier = 4 WHERE tier = 3', one);
    END LOOP;
END
$$;

CREATE OR REPLACE VIEW tally_labelled AS
    SELECT t.ctid AS place, t.day, t.tier, t.transport, t.received, t.lag_s, t.successful_sessions,
           t.failed_sessions,
           CASE WHEN t.tier = 4 THEN coalesce(u.name, (SELECT 'other' FROM metric_full WHERE kind = 'unverified domain'))
                ELSE coalesce(d.name, (SELECT 'other' FROM metric_full WHERE kind = 'domain')) END AS domain_label,
           CASE WHEN t.tier = 4 THEN ''
                ELSE coalesce(s.name, (SELECT 'other' FROM metric_full WHERE kind = 'sender')) END AS sender_label,
           t.result_types, t.result_sessions
    FROM tally t
    LEFT JOIN metric_name d ON d.kind = 'domain' AND d.name = t.policy_domain
    LEFT JOIN metric_name u ON u.kind = 'unverified domain' AND u.name = t.policy_domain
    LEFT JOIN metric_name s ON s.kind = 'sender' AND s.name = t.sender;

CREATE OR REPLACE VIEW metric_failures AS
    SELECT policy_domain, result_type, sum(failed) AS failed
    FROM (SELECT policy_domain, result_type, failed FROM total_failures
          UNION ALL
          SELECT domain_label, f.result_type, f.sessions
          FROM tally_labelled, unnest(result_types, result_sessions) AS f (result_type, sessions)
          WHERE tier < 4 AND result_types IS NOT NULL AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY policy_domain, result_type;

CREATE OR REPLACE VIEW metric_lag AS
    SELECT upto_s, sum(reports) AS reports, sum(seconds) AS seconds
    FROM (SELECT upto_s, reports, seconds FROM total_lag
          UNION ALL
          SELECT lag_bound(lag_s), 1, lag_s FROM tally_labelled
          WHERE lag_s IS NOT NULL AND tier < 4 AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY upto_s;

CREATE OR REPLACE VIEW metric_sender AS
    SELECT sender, max(received) AS received
    FROM (SELECT sender, received FROM total_sender
          UNION ALL
          SELECT sender_label, received FROM tally_labelled
          WHERE tier < 4 AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY sender;

CREATE OR REPLACE FUNCTION admit_names() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off AS $$
    INSERT INTO tlsrpt.metric_name (kind, name)
    SELECT kind, name
    FROM (SELECT kind, name, row_number() OVER (PARTITION BY kind ORDER BY min(tier), min(received), name) AS place
          FROM (SELECT CASE tier WHEN 4 THEN 'unverified domain' ELSE 'domain' END AS kind, policy_domain AS name, tier,
                       received
                FROM tlsrpt.tally
                UNION ALL
                SELECT 'sender', sender, tier, received FROM tlsrpt.tally WHERE tier < 4) AS t
          WHERE NOT EXISTS (SELECT FROM tlsrpt.metric_name n WHERE n.kind = t.kind AND n.name = t.name)
          GROUP BY kind, name) AS candidate
    JOIN tlsrpt.metric_room USING (kind)
    WHERE place <= room
$$;

CREATE OR REPLACE FUNCTION fold_tally() RETURNS numeric
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off AS $$
    WITH done AS (
        DELETE FROM tlsrpt.tally t USING tlsrpt.tally_labelled l
        WHERE t.ctid = l.place AND l.domain_label IS NOT NULL AND l.sender_label IS NOT NULL
        RETURNING l.*
    ), done_intake AS (
        DELETE FROM tlsrpt.intake_count RETURNING *
    ), gain AS MATERIALIZED (
        SELECT domain_label, sender_label, tier, transport, day, tlsrpt.lag_bound(lag_s) AS upto_s,
               count(*) AS reports, sum(lag_s) AS seconds, sum(successful_sessions) AS successful,
               sum(failed_sessions) AS failed, max(received) AS received
        FROM done GROUP BY 1, 2, 3, 4, 5, 6
    ), sessions AS (
        INSERT INTO tlsrpt.total_sessions AS t
        SELECT domain_label, tier, sum(successful), sum(failed) FROM gain GROUP BY 1, 2
        ON CONFLICT (policy_domain, tier) DO UPDATE
        SET successful = t.successful + excluded.successful, failed = t.failed + excluded.failed
    ), days AS (
        INSERT INTO tlsrpt.total_day AS t
        SELECT day, domain_label, tier, sum(successful), sum(failed) FROM gain
        WHERE day >= current_date - 60 GROUP BY 1, 2, 3
        ON CONFLICT (day, policy_domain, tier) DO UPDATE
        SET successful = t.successful + excluded.successful, failed = t.failed + excluded.failed
    ), failures AS (
        INSERT INTO tlsrpt.total_failures AS t
        SELECT domain_label, f.result_type, sum(f.sessions)
        FROM done, unnest(result_types, result_sessions) AS f (result_type, sessions)
        WHERE tier < 4 AND result_types IS NOT NULL GROUP BY 1, 2
        ON CONFLICT (policy_domain, result_type) DO UPDATE SET failed = t.failed + excluded.failed
    ), reports AS (
        INSERT INTO tlsrpt.total_reports AS t
        SELECT transport, tier, outcome, sum(reports)
        FROM (SELECT transport, tier, 'stored' AS outcome, reports FROM gain WHERE upto_s IS NOT NULL
              UNION ALL
              SELECT transport, tier, outcome, reports FROM done_intake WHERE outcome <> 'stored') AS r
        GROUP BY 1, 2, 3
        ON CONFLICT (transport, tier, outcome) DO UPDATE SET reports = t.reports + excluded.reports
    ), lags AS (
        INSERT INTO tlsrpt.total_lag AS t
        SELECT upto_s, sum(reports), sum(seconds) FROM gain WHERE upto_s IS NOT NULL AND tier < 4 GROUP BY 1
        ON CONFLICT (upto_s) DO UPDATE
        SET reports = t.reports + excluded.reports, seconds = t.seconds + excluded.seconds
    ), senders AS (
        INSERT INTO tlsrpt.total_sender AS t
        SELECT sender_label, max(received) FROM gain WHERE tier < 4 GROUP BY 1
        ON CONFLICT (sender) DO UPDATE SET received = greatest(t.received, excluded.received)
    ), intakes AS (
        INSERT INTO tlsrpt.intake_day AS t
        SELECT (at AT TIME ZONE 'UTC')::date, collector, transport, tier, outcome, sum(reports) FROM done_intake
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (day, collector, transport, tier, outcome) DO UPDATE SET reports = t.reports + excluded.reports
    )
    SELECT sum(reports) FROM gain
$$;

CREATE OR REPLACE VIEW counted_report AS
    SELECT r.policy_domain, r.day, r.report_key, r.tier, r.received,
           coalesce(r.policy_domains, ARRAY[r.policy_domain]) AS policy_domains, r.transport, r.sender,
           coalesce(r.submitter, r.sender) AS submitter, r.organization, r.contact_info, r.report_id, r.window_start,
           r.window_end, r.long_window, r.peer, r.peer_name, r.trust_reason, coalesce(r.quirks, '{}') AS quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[r.tier] AS trust
    FROM report r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT superseded(r.policy_domain, r.day, r.report_key, r.tier));

-- Reports are count(DISTINCT report_key) + sum(more_reports). policy_no is null in the sums. What is not described
-- are the failures of policies that describe none.
CREATE OR REPLACE VIEW counted_policy AS
    SELECT p.policy_domain, p.day, p.report_key, p.tier, p.policy_no, p.received, p.sender, p.policy_type, p.leads,
           p.long_window, p.successful_sessions, p.failed_sessions, p.policy_string, p.organization, p.quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[p.tier] AS trust, 0 AS more_reports,
           CASE WHEN p.failures IS NULL THEN p.failed_sessions ELSE 0 END AS undescribed_sessions
    FROM policy_result p
    WHERE p.received <= (SELECT t FROM instant)
      AND (p.tier = 1 OR NOT superseded(p.policy_domain, p.day, p.report_key, p.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, d.report_key, d.tier, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.successful_sessions, d.failed_sessions, '', d.organization, d.quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[d.tier], d.more_reports, d.undescribed_sessions
    FROM daily_policy d
    WHERE d.arrived <= (SELECT t FROM instant);

CREATE OR REPLACE VIEW counted_failure AS
    SELECT f.*, (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[f.tier] AS trust
    FROM failure_detail f
    WHERE f.received <= (SELECT t FROM instant)
      AND (f.tier = 1 OR NOT superseded(f.policy_domain, f.day, f.report_key, f.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, NULL, d.tier, NULL, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.result_type, d.failed_sessions, d.sending_mta_ip, d.receiving_mx_hostname, NULL,
           d.receiving_ip, NULL, d.failure_reason_code,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[d.tier]
    FROM daily_failure d
    WHERE d.arrived <= (SELECT t FROM instant);


REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
