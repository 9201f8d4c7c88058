-- The tables of reports, half as large: a row for each report (report), for each element of its "policies"
-- (policy_result, failure-details included), and for its bytes (raw_report). The keys are those of policy_result;
-- a collector asks for them by find_reports(), and reads no table of reports any more. Collectors of before
-- cannot write to this: their mail waits in the MTA's queue, and their HTTPS posts in the spool, until they are
-- upgraded.

-- Readers first (as in drop_month() of 0003), then in the order in which a batch is written: nobody waits in a circle.
LOCK TABLE daily_policy, report_key, report, policy_result, failure_detail, raw_report, conflict, tally, tally_failure
    IN ACCESS EXCLUSIVE MODE;

CREATE TYPE failure AS (
    failed_sessions        bigint,
    result_type            text,
    sending_mta_ip         text,
    receiving_mx_hostname  text,
    receiving_mx_helo      text,
    receiving_ip           text,
    additional_information text,
    failure_reason_code    text
);

DROP VIEW counted_report, counted_policy, counted_failure;
DROP INDEX report_received, report_domain_day, policy_result_domain_day, failure_detail_domain_day,
           raw_report_domain_day;
ALTER TABLE report_key DROP CONSTRAINT report_key_pkey;
ALTER TABLE conflict DROP CONSTRAINT conflict_pkey;

-- Out of the way of the new ones.
DO $$
DECLARE
    one name;
BEGIN
    FOR one IN SELECT c.relname FROM pg_class c
               WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relkind IN ('r', 'p')
                 AND c.relname ~ '^(report_key|report|policy_result|failure_detail|raw_report|conflict)(_\d{6})?$' LOOP
        EXECUTE format('ALTER TABLE tlsrpt.%I RENAME TO %I', one, 'was_' || one);
    END LOOP;
END
$$;

-- One row for each element of "policies" whose domain is ours.
CREATE TABLE policy_result (
    received            timestamptz NOT NULL,
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL,
    day                 date NOT NULL,
    tier                smallint NOT NULL,   -- 1 verified, 2 operator, 3 unverified
    nth                 smallint NOT NULL,   -- its place among those of its domain, from 0: no identity is without 0
    policy_no           smallint NOT NULL,   -- its place in the report, from 0
    leads               boolean NOT NULL,    -- the type that is counted where one number is wanted
    long_window         boolean NOT NULL,    -- over 36 hours: no part of day arithmetic
    report_key          bytea NOT NULL,      -- 16 bytes, schema/key.h
    raw_hash            bytea,               -- SHA-256 of the bytes as they came; where nth is 0
    policy_domain       text COLLATE "C" NOT NULL,
    sender              text COLLATE "C" NOT NULL,
    policy_type         text NOT NULL,
    organization        text,                -- where it leads, and quirks too
    quirks              text[],              -- null: none
    policy_string       text NOT NULL,       -- its lines
    mx_host             text[],              -- null: what policy_string says after "mx: "
    failures            failure[],           -- null: it describes none
    PRIMARY KEY (policy_domain, day, report_key, tier, nth)
) PARTITION BY RANGE (day);
CREATE INDEX policy_result_failures ON policy_result (policy_domain, day) WHERE failures IS NOT NULL;

-- One row for each report and tier: what is not in the rows of its policies.
CREATE TABLE report (
    received       timestamptz NOT NULL,
    window_start   timestamptz NOT NULL,
    window_end     timestamptz NOT NULL,
    day            date NOT NULL,
    tier           smallint NOT NULL,
    transport      smallint NOT NULL,
    long_window    boolean NOT NULL,
    report_key     bytea NOT NULL,
    policy_domain  text COLLATE "C" NOT NULL,
    policy_domains text[],                   -- all of ours in this report; null: the one beside
    sender         text COLLATE "C" NOT NULL,
    submitter      text,                     -- null: the same
    organization   text NOT NULL,
    contact_info   text,
    report_id      text NOT NULL,
    peer           text NOT NULL,
    peer_name      text NOT NULL,
    trust_reason   text NOT NULL,
    quirks         text[]                    -- null: none
) PARTITION BY RANGE (day);
CREATE INDEX report_received ON report (received);
CREATE INDEX report_day ON report USING brin (day) WITH (pages_per_range = 32);

-- The bytes of a report as they came, under the policy domain of its row in "report".
CREATE TABLE raw_report (
    day           date NOT NULL,
    tier          smallint NOT NULL,
    report_key    bytea NOT NULL,
    policy_domain text COLLATE "C" NOT NULL,
    body          bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX raw_report_day ON raw_report USING brin (day) WITH (pages_per_range = 32);
ALTER TABLE raw_report ALTER COLUMN body SET STORAGE EXTERNAL;

-- The same identity and tier with other bytes: the first is kept, up to eight others are noted.
CREATE TABLE conflict (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    body_hash     bytea NOT NULL,
    received      timestamptz NOT NULL,
    transport     smallint NOT NULL,
    peer          text NOT NULL,
    PRIMARY KEY (policy_domain, day, report_key, tier, body_hash)
) PARTITION BY RANGE (day);

-- The tables that have a partition for each month, in the order in which a batch is written.
CREATE FUNCTION month_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY['policy_result', 'report', 'raw_report', 'conflict']
$$;

-- What is there already, month by month.
DO $$
DECLARE
    suffix   text;
    from_day date;
    upto     date;
    parent   text;
BEGIN
    -- Whatever statistics there are: all of a month is read, once.
    PERFORM set_config('enable_nestloop', 'off', true), set_config('work_mem', '128MB', true),
            set_config('jit', 'off', true);
    FOR suffix IN SELECT right(c.relname, 7) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                  WHERE i.inhparent = 'tlsrpt.was_report_key'::regclass ORDER BY 1 LOOP
        from_day := to_date(suffix, '_YYYYMM');
        upto := (from_day + interval '1 month')::date;
        FOREACH parent IN ARRAY tlsrpt.month_tables() LOOP
            -- Bytes that were pruned stay so.
            CONTINUE WHEN to_regclass('tlsrpt.was_' || parent || suffix) IS NULL;
            PERFORM tlsrpt.ensure_partition(parent, suffix, from_day, upto);
        END LOOP;
        INSERT INTO policy_result
        SELECT p.received, p.successful_sessions, p.failed_sessions, p.day, p.tier,
               row_number() OVER own - 1, p.policy_no, p.leads, p.long_window, substr(p.report_key, 1, 16),
               CASE row_number() OVER own WHEN 1 THEN k.body_hash END, p.policy_domain, p.sender,
               p.policy_type, CASE WHEN p.leads THEN r.organization END,
               CASE WHEN p.leads THEN nullif(r.quirks, '{}') END,
               array_to_string(p.policy_string, E'\n'),
               nullif(p.mx_host, ARRAY(SELECT substr(line, 5)
                                       FROM string_to_table(array_to_string(p.policy_string, E'\n'), E'\n') AS line
                                       WHERE starts_with(line, 'mx: '))),
               f.failures
        FROM was_policy_result p
        JOIN was_report_key k USING (policy_domain, day, report_key, tier)
        JOIN was_report r USING (policy_domain, day, report_key, tier)
        LEFT JOIN (SELECT policy_domain, day, report_key, tier, policy_no,
                          array_agg((failed_sessions, result_type, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo,
                                     receiving_ip, additional_information, failure_reason_code)::failure
                                    ORDER BY detail_no) AS failures
                   FROM was_failure_detail WHERE day >= from_day AND day < upto
                   GROUP BY 1, 2, 3, 4, 5) AS f USING (policy_domain, day, report_key, tier, policy_no)
        WHERE p.day >= from_day AND p.day < upto AND k.day >= from_day AND k.day < upto
          AND r.day >= from_day AND r.day < upto
        WINDOW own AS (PARTITION BY p.policy_domain, p.day, p.report_key, p.tier ORDER BY p.policy_no);
        INSERT INTO report
        SELECT received, window_start, window_end, day, tier, transport, long_window, substr(report_key, 1, 16),
               policy_domain, nullif(policy_domains, ARRAY[policy_domain]), sender, nullif(submitter, sender),
               organization, contact_info, report_id, peer, peer_name, trust_reason, nullif(quirks, '{}')
        FROM was_report WHERE first AND day >= from_day AND day < upto ORDER BY received;
        INSERT INTO raw_report
        SELECT day, tier, substr(report_key, 1, 16), policy_domain, body
        FROM was_raw_report WHERE day >= from_day AND day < upto ORDER BY day;
        INSERT INTO conflict
        SELECT policy_domain, day, substr(report_key, 1, 16), tier, body_hash, received, transport, peer
        FROM was_conflict WHERE day >= from_day AND day < upto;
    END LOOP;
END
$$;
UPDATE daily_policy SET report_key = substr(report_key, 1, 16) WHERE report_key IS NOT NULL;

DROP TABLE was_report_key, was_report, was_policy_result, was_failure_detail, was_raw_report, was_conflict;

-- Which policy domains of a batch are there already, and whether with the same bytes: the n-th. The days leave
-- months out of the plan; OFFSET 0 keeps it one index look-up each, whatever the statistics say.
CREATE FUNCTION find_reports(domains text[], days date[], keys bytea[], tiers smallint[], hashes bytea[],
                             first_day date, last_day date) RETURNS TABLE (n bigint, same boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT u.n, p.raw_hash = u.raw_hash
    FROM unnest(domains, days, keys, tiers, hashes)
             WITH ORDINALITY AS u (policy_domain, day, report_key, tier, raw_hash, n),
         LATERAL (SELECT r.raw_hash FROM tlsrpt.policy_result r
                  WHERE r.policy_domain = u.policy_domain AND r.day = u.day AND r.report_key = u.report_key
                    AND r.tier = u.tier AND r.nth = 0 AND r.day BETWEEN first_day AND last_day
                  OFFSET 0) AS p;
END
$$;

-- Notes other bytes under a known identity and tier, eight at most. A collector may not read the table.
CREATE OR REPLACE FUNCTION note_conflict(in_domain text, in_day date, in_key bytea, in_tier smallint, in_hash bytea,
                                         in_received timestamptz, in_transport smallint, in_peer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953264755, hashtext(in_domain || encode(in_key, 'hex')));
    INSERT INTO tlsrpt.conflict
    SELECT in_domain, in_day, in_key, in_tier, in_hash, in_received, in_transport, in_peer
    WHERE EXISTS (SELECT FROM tlsrpt.policy_result p
                  WHERE p.policy_domain = in_domain AND p.day = in_day AND p.report_key = in_key
                    AND p.tier = in_tier AND p.nth = 0 AND p.raw_hash <> in_hash)
      AND (SELECT count(*) FROM tlsrpt.conflict c
           WHERE c.policy_domain = in_domain AND c.day = in_day AND c.report_key = in_key
             AND c.tier = in_tier) < 8
    ON CONFLICT DO NOTHING;
END
$$;

-- The details of failure, one by one.
CREATE VIEW failure_detail AS
    SELECT p.policy_domain, p.day, p.report_key, p.tier, p.policy_no, (f.n - 1)::integer AS detail_no, p.received,
           p.sender, p.policy_type, p.leads, p.long_window, f.result_type, f.failed_sessions, f.sending_mta_ip,
           f.receiving_mx_hostname, f.receiving_mx_helo, f.receiving_ip, f.additional_information,
           f.failure_reason_code
    FROM policy_result p, unnest(p.failures) WITH ORDINALITY
             AS f (failed_sessions, result_type, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo,
                   receiving_ip, additional_information, failure_reason_code, n)
    WHERE p.failures IS NOT NULL;

-- Did the report come in a better tier, too, as of the instant? A function, so that nobody plans a look into every
-- month who asks for reports of the best tier there is.
CREATE FUNCTION superseded(in_domain text, in_day date, in_key bytea, in_tier smallint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tlsrpt.policy_result p
                   WHERE p.policy_domain = in_domain AND p.day = in_day AND p.report_key = in_key
                     AND p.tier < in_tier AND p.nth = 0 AND p.received <= (SELECT t FROM tlsrpt.instant));
END
$$;

-- What counts as of the instant: of one report that came in several tiers, the best by then. Rows of the best
-- tier there is need no look-up. Ask for days as constants (day >= $1 AND day < $2), so that months are left out
-- of the plan; where no month is summed up, or none of the days asked for, the planner leaves out what is below
-- UNION ALL, too.
--
-- Reports that are kept one by one.
CREATE VIEW counted_report AS
    SELECT r.policy_domain, r.day, r.report_key, r.tier, r.received,
           coalesce(r.policy_domains, ARRAY[r.policy_domain]) AS policy_domains, r.transport, r.sender,
           coalesce(r.submitter, r.sender) AS submitter, r.organization, r.contact_info, r.report_id, r.window_start,
           r.window_end, r.long_window, r.peer, r.peer_name, r.trust_reason, coalesce(r.quirks, '{}') AS quirks,
           (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust
    FROM report r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT superseded(r.policy_domain, r.day, r.report_key, r.tier));

-- Reports are count(DISTINCT report_key) + sum(more_reports). policy_no is null in the sums. What is not described
-- are the failures of policies that describe none.
CREATE VIEW counted_policy AS
    SELECT p.policy_domain, p.day, p.report_key, p.tier, p.policy_no, p.received, p.sender, p.policy_type, p.leads,
           p.long_window, p.successful_sessions, p.failed_sessions, p.policy_string, p.organization, p.quirks,
           (ARRAY['verified', 'operator', 'unverified'])[p.tier] AS trust, 0 AS more_reports,
           CASE WHEN p.failures IS NULL THEN p.failed_sessions ELSE 0 END AS undescribed_sessions
    FROM policy_result p
    WHERE p.received <= (SELECT t FROM instant)
      AND (p.tier = 1 OR NOT superseded(p.policy_domain, p.day, p.report_key, p.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, d.report_key, d.tier, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.successful_sessions, d.failed_sessions, '', d.organization, d.quirks,
           (ARRAY['verified', 'operator', 'unverified'])[d.tier], d.more_reports, d.undescribed_sessions
    FROM daily_policy d
    WHERE d.arrived <= (SELECT t FROM instant);

CREATE VIEW counted_failure AS
    SELECT f.*, (ARRAY['verified', 'operator', 'unverified'])[f.tier] AS trust
    FROM failure_detail f
    WHERE f.received <= (SELECT t FROM instant)
      AND (f.tier = 1 OR NOT superseded(f.policy_domain, f.day, f.report_key, f.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, NULL, d.tier, NULL, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.result_type, d.failed_sessions, d.sending_mta_ip, d.receiving_mx_hostname, NULL,
           d.receiving_ip, NULL, d.failure_reason_code,
           (ARRAY['verified', 'operator', 'unverified'])[d.tier]
    FROM daily_failure d
    WHERE d.arrived <= (SELECT t FROM instant);

-- The tally takes the failures that a row describes along, by a result type of RFC 8460 or "other": sums in the same
-- order. What is in it by now is folded.
SELECT admit_names(), fold_tally();
ALTER TABLE tally ADD result_types text[], ADD result_sessions bigint[]; -- null: none

CREATE OR REPLACE VIEW tally_labelled AS
    SELECT t.ctid AS place, t.day, t.tier, t.transport, t.received, t.lag_s, t.successful_sessions,
           t.failed_sessions,
           CASE WHEN t.tier = 3 THEN coalesce(u.name, (SELECT 'other' FROM metric_full WHERE kind = 'unverified domain'))
                ELSE coalesce(d.name, (SELECT 'other' FROM metric_full WHERE kind = 'domain')) END AS domain_label,
           CASE WHEN t.tier = 3 THEN ''
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
          WHERE tier < 3 AND result_types IS NOT NULL AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY policy_domain, result_type;
DROP VIEW tally_failure_labelled;
DROP TABLE tally_failure;

-- Moves the tally into the totals; rows with a name that came after the admission wait for the next fold.
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
        WHERE tier < 3 AND result_types IS NOT NULL GROUP BY 1, 2
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
        SELECT upto_s, sum(reports), sum(seconds) FROM gain WHERE upto_s IS NOT NULL AND tier < 3 GROUP BY 1
        ON CONFLICT (upto_s) DO UPDATE
        SET reports = t.reports + excluded.reports, seconds = t.seconds + excluded.seconds
    ), senders AS (
        INSERT INTO tlsrpt.total_sender AS t
        SELECT sender_label, max(received) FROM gain WHERE tier < 3 GROUP BY 1
        ON CONFLICT (sender) DO UPDATE SET received = greatest(t.received, excluded.received)
    ), intakes AS (
        INSERT INTO tlsrpt.intake_day AS t
        SELECT (at AT TIME ZONE 'UTC')::date, collector, transport, tier, outcome, sum(reports) FROM done_intake
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (day, collector, transport, tier, outcome) DO UPDATE SET reports = t.reports + excluded.reports
    )
    SELECT sum(reports) FROM gain
$$;

-- The sums of a month belong to the owner, too, whoever prunes.
ALTER FUNCTION ensure_partition(text, text, date, date) SECURITY DEFINER;

-- Makes the month of a day in every table of reports. False when the day lies beyond what a stranger may ask for
-- (the owner may ask for any), and for a month that was dropped: asked under the lock under which that is said.
CREATE OR REPLACE FUNCTION ensure_month(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    from_day date := date_trunc('month', wanted::timestamp)::date;
    upto     date := (from_day + interval '1 month')::date;
    parent   text;
BEGIN
    IF (upto <= current_date - 400 OR from_day > current_date + 124)
       AND NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(1953264754, 2);
    IF from_day < tlsrpt.pruned_before() THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY tlsrpt.month_tables() LOOP
        PERFORM tlsrpt.ensure_partition(parent, to_char(from_day, '_YYYYMM'), from_day, upto);
    END LOOP;
    RETURN true;
END
$$;

-- Sums up a month and drops its reports; says how many there were. prune_begin() must have been committed.
CREATE OR REPLACE FUNCTION fold_month(from_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    suffix  CONSTANT text := to_char(from_day, '_YYYYMM');
    upto    CONSTANT date := (from_day + interval '1 month')::date;
    absurd  CONSTANT bigint := 1000000000000; -- sessions: millions of such rows fit a bigint
    parent  text;
    n       bigint;
BEGIN
    IF from_day >= tlsrpt.pruned_before() IS NOT FALSE THEN
        RAISE EXCEPTION 'the month of % is not over', from_day;
    END IF;
    PERFORM set_config('work_mem', '128MB', true), set_config('jit', 'off', true);
    FOREACH parent IN ARRAY tlsrpt.month_tables() LOOP
        IF to_regclass(format('tlsrpt.%I', parent || suffix)) IS NOT NULL THEN
            EXECUTE format('LOCK TABLE tlsrpt.%I IN SHARE MODE', parent || suffix);
        END IF;
    END LOOP;
    PERFORM tlsrpt.ensure_partition('daily_policy', suffix, from_day, upto),
            tlsrpt.ensure_partition('daily_failure', suffix, from_day, upto);

    INSERT INTO tlsrpt.daily_policy
    WITH own AS MATERIALIZED ( -- reports that keep their key
        SELECT p.report_key FROM tlsrpt.policy_result p
        WHERE p.day >= from_day AND p.day < upto
        GROUP BY p.report_key
        HAVING count(DISTINCT p.policy_domain) > 1 OR max(p.successful_sessions) > absurd OR max(p.failed_sessions) > absurd
    )
    SELECT p.policy_domain, p.day, o.report_key, p.tier, min(p.received), max(p.received), p.sender, p.policy_type, p.leads,
           p.long_window, sum(p.successful_sessions), sum(p.failed_sessions), sum(p.undescribed_sessions),
           CASE WHEN o.report_key IS NULL THEN count(DISTINCT p.report_key) ELSE 0 END,
           coalesce(p.organization, ''), coalesce(p.quirks, '{}')
    FROM tlsrpt.counted_policy p
    LEFT JOIN own o ON o.report_key = p.report_key
    WHERE p.policy_no IS NOT NULL AND p.day >= from_day AND p.day < upto
    GROUP BY p.policy_domain, p.day, o.report_key, p.tier, p.sender, p.policy_type, p.leads, p.long_window,
             p.organization, p.quirks, CASE WHEN o.report_key IS NOT NULL THEN p.policy_no END;

    INSERT INTO tlsrpt.daily_failure
    SELECT f.policy_domain, f.day, f.tier, min(f.received), max(f.received), f.sender, f.policy_type, f.leads,
           f.long_window, f.result_type, sum(f.failed_sessions), f.sending_mta_ip, f.receiving_mx_hostname, f.receiving_ip,
           f.failure_reason_code
    FROM tlsrpt.counted_failure f
    WHERE f.detail_no IS NOT NULL AND f.day >= from_day AND f.day < upto
    GROUP BY f.policy_domain, f.day, f.tier, f.sender, f.policy_type, f.leads, f.long_window, f.result_type,
             f.sending_mta_ip, f.receiving_mx_hostname, f.receiving_ip, f.failure_reason_code,
             CASE WHEN f.failed_sessions > absurd THEN (f.report_key, f.policy_no, f.detail_no) END;

    UPDATE tlsrpt.pruned
    SET arrived = greatest(arrived, (SELECT max(d.arrived) FROM tlsrpt.daily_policy d
                                     WHERE d.day >= from_day AND d.day < upto))
    WHERE before = tlsrpt.pruned_before();
    SELECT count(*) INTO n FROM tlsrpt.report r WHERE r.day >= from_day AND r.day < upto;
    PERFORM tlsrpt.drop_month(tlsrpt.month_tables(), suffix);
    RETURN n;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
