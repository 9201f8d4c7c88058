-- Months that have had their time are dropped whole, and what they counted stays as daily sums. The views of
-- 0001 unite both, so that figures are the same before and after. Bytes as they came may go earlier.
--
-- How a month goes (tlsrptd prune, tlsrptd maintain): prune_begin() says, in a transaction of its own, that its
-- days are over: from then on collectors take no more reports of them, whether they came before or not. Then
-- fold_month(), in one transaction, waits for those who still write to it, sums up, and drops. A reader locks
-- daily_policy before it takes its snapshot, so that it sees the month or its sums, never neither or both.

-- Up to where reports were dropped; the latest row counts.
CREATE TABLE pruned (
    before  date PRIMARY KEY,            -- reports of this day and later ones are kept
    arrived timestamptz                  -- the latest arrival of what was summed up
);

-- The first day whose reports are kept one by one; null: nothing was dropped. A collector may not read the table.
CREATE FUNCTION pruned_before() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(before) FROM tlsrpt.pruned
$$;

-- What counted_policy and counted_report said of the reports that are gone, by day. A report of several policy
-- domains keeps its key, or it would be counted for each where senders are counted; so does one of absurd
-- figures, whose sum would be too large. All others are numbers in more_reports.
CREATE TABLE daily_policy (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea,
    tier          smallint NOT NULL,
    received      timestamptz NOT NULL,  -- the first of them
    arrived       timestamptz NOT NULL,  -- the last of them
    sender        text COLLATE "C" NOT NULL,
    policy_type   text NOT NULL,
    leads         boolean NOT NULL,
    long_window   boolean NOT NULL,
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL,
    undescribed_sessions bigint NOT NULL, -- failed, of policies that described no failure
    more_reports  integer NOT NULL,      -- besides report_key
    organization  text NOT NULL,
    quirks        text[] NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX daily_policy_domain_day ON daily_policy (policy_domain, day);

-- What counted_failure said of them, in the detail that `tlsrpt failures` lists.
CREATE TABLE daily_failure (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    tier          smallint NOT NULL,
    received      timestamptz NOT NULL,
    arrived       timestamptz NOT NULL,
    sender        text COLLATE "C" NOT NULL,
    policy_type   text NOT NULL,
    leads         boolean NOT NULL,
    long_window   boolean NOT NULL,
    result_type   text NOT NULL,
    failed_sessions       bigint NOT NULL,
    sending_mta_ip        text,
    receiving_mx_hostname text,
    receiving_ip          text,
    failure_reason_code   text
) PARTITION BY RANGE (day);
CREATE INDEX daily_failure_domain_day ON daily_failure (policy_domain, day);

-- The views of 0001 and, below UNION ALL, the sums. Where no month is summed up, or none of the days asked for,
-- the planner leaves the lower part out. Reports are count(DISTINCT report_key) + sum(more_reports).
CREATE OR REPLACE VIEW counted_report AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust, 0 AS more_reports
    FROM report r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)))
    UNION ALL
    SELECT d.policy_domain, d.day, d.report_key, d.tier, d.received, NULL, NULL, NULL, d.sender, NULL,
           d.organization, NULL, NULL, NULL, NULL, d.long_window, NULL, NULL, NULL, d.quirks,
           (ARRAY['verified', 'operator', 'unverified'])[d.tier], d.more_reports
    FROM daily_policy d
    WHERE d.leads AND d.arrived <= (SELECT t FROM instant);

-- policy_no is null in the sums.
CREATE OR REPLACE VIEW counted_policy AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust, 0 AS more_reports,
           NULL::bigint AS undescribed_sessions
    FROM policy_result r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)))
    UNION ALL
    SELECT d.policy_domain, d.day, d.report_key, d.tier, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.successful_sessions, d.failed_sessions, '{}', '{}',
           (ARRAY['verified', 'operator', 'unverified'])[d.tier], d.more_reports, d.undescribed_sessions
    FROM daily_policy d
    WHERE d.arrived <= (SELECT t FROM instant);

CREATE OR REPLACE VIEW counted_failure AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust
    FROM failure_detail r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)))
    UNION ALL
    SELECT d.policy_domain, d.day, NULL, d.tier, NULL, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.result_type, d.failed_sessions, d.sending_mta_ip, d.receiving_mx_hostname, NULL,
           d.receiving_ip, NULL, d.failure_reason_code,
           (ARRAY['verified', 'operator', 'unverified'])[d.tier]
    FROM daily_failure d
    WHERE d.arrived <= (SELECT t FROM instant);

-- As in 0001, and never a month that was dropped: asked under the lock under which it is said to be over.
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
    FOREACH parent IN ARRAY ARRAY['report_key', 'report', 'policy_result', 'failure_detail',
                                  'raw_report', 'conflict'] LOOP
        PERFORM tlsrpt.ensure_partition(parent, to_char(from_day, '_YYYYMM'), from_day, upto);
    END LOOP;
    RETURN true;
END
$$;

-- Says that the days before are over.
CREATE FUNCTION prune_begin(first_kept date) RETURNS date
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953264754, 2);
    INSERT INTO tlsrpt.pruned (before) VALUES (first_kept) ON CONFLICT DO NOTHING;
    RETURN first_kept;
END
$$;

-- Drops the tables of a month. Everybody waits for whoever is waited for here, so it is tried for less than a
-- second (before PostgreSQL looks for deadlocks, too), then again after a pause. Readers come first: nobody
-- else locks daily_policy; then the tables in the order in which a batch is written.
CREATE FUNCTION drop_month(parents text[], suffix text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
BEGIN
    FOR tries IN 1..20 LOOP
        BEGIN
            PERFORM set_config('lock_timeout', '800ms', true);
            LOCK TABLE ONLY tlsrpt.daily_policy IN ACCESS EXCLUSIVE MODE;
            FOREACH parent IN ARRAY parents LOOP
                EXECUTE format('LOCK TABLE ONLY tlsrpt.%I IN ACCESS EXCLUSIVE MODE', parent);
            END LOOP;
            FOREACH parent IN ARRAY parents LOOP
                EXECUTE format('DROP TABLE IF EXISTS tlsrpt.%I', parent || suffix);
            END LOOP;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(2);
        END;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'lock_not_available',
        MESSAGE = 'somebody reads for too long (a backup?) to drop a month now';
END
$$;

-- Drops the bytes of a month of reports, and says how many there were.
CREATE FUNCTION drop_raw_month(from_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    SELECT count(*) INTO n FROM tlsrpt.raw_report
    WHERE day >= from_day AND day < (from_day + interval '1 month')::date;
    PERFORM tlsrpt.drop_month(ARRAY['raw_report'], to_char(from_day, '_YYYYMM'));
    RETURN n;
END
$$;

-- Sums up a month and drops its reports; says how many there were. prune_begin() must have been committed.
CREATE FUNCTION fold_month(from_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parents CONSTANT text[] := ARRAY['report_key', 'report', 'policy_result', 'failure_detail', 'raw_report',
                                     'conflict'];
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
    FOREACH parent IN ARRAY parents LOOP
        IF to_regclass(format('tlsrpt.%I', parent || suffix)) IS NOT NULL THEN
            EXECUTE format('LOCK TABLE tlsrpt.%I IN SHARE MODE', parent || suffix);
        END IF;
    END LOOP;
    PERFORM tlsrpt.ensure_partition('daily_policy', suffix, from_day, upto),
            tlsrpt.ensure_partition('daily_failure', suffix, from_day, upto);

    INSERT INTO tlsrpt.daily_policy
    WITH own AS MATERIALIZED ( -- reports that keep their key
        SELECT k.report_key FROM tlsrpt.report_key k
        WHERE k.day >= from_day AND k.day < upto
        GROUP BY k.report_key HAVING count(DISTINCT k.policy_domain) > 1
        UNION
        SELECT p.report_key FROM tlsrpt.policy_result p
        WHERE p.day >= from_day AND p.day < upto
          AND (p.successful_sessions > absurd OR p.failed_sessions > absurd)
    ), described AS (
        SELECT DISTINCT f.policy_domain, f.day, f.report_key, f.tier, f.policy_no FROM tlsrpt.failure_detail f
        WHERE f.day >= from_day AND f.day < upto
    )
    SELECT p.policy_domain, p.day, o.report_key, p.tier, min(p.received), max(p.received), p.sender, p.policy_type, p.leads,
           p.long_window, sum(p.successful_sessions), sum(p.failed_sessions),
           coalesce(sum(p.failed_sessions) FILTER (WHERE d.policy_no IS NULL), 0),
           CASE WHEN o.report_key IS NULL THEN count(DISTINCT p.report_key) ELSE 0 END,
           coalesce(r.organization, ''), coalesce(r.quirks, '{}')
    FROM tlsrpt.counted_policy p
    LEFT JOIN tlsrpt.report r
           ON r.policy_domain = p.policy_domain AND r.day = p.day AND r.report_key = p.report_key
          AND r.tier = p.tier AND r.day >= from_day AND r.day < upto
    LEFT JOIN own o ON o.report_key = p.report_key
    LEFT JOIN described d
           ON d.policy_domain = p.policy_domain AND d.day = p.day AND d.report_key = p.report_key
          AND d.tier = p.tier AND d.policy_no = p.policy_no
    WHERE p.policy_no IS NOT NULL AND p.day >= from_day AND p.day < upto
    GROUP BY p.policy_domain, p.day, o.report_key, p.tier, p.sender, p.policy_type, p.leads, p.long_window,
             r.organization, r.quirks, CASE WHEN o.report_key IS NOT NULL THEN p.policy_no END;

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
    SELECT count(*) INTO n FROM tlsrpt.report r WHERE r.first AND r.day >= from_day AND r.day < upto;
    PERFORM tlsrpt.drop_month(parents, suffix);
    RETURN n;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
