-- Running totals for metrics: no scrape reads history, no counter depends on a clock, and none ever falls.
--
-- A batch adds to the tally in its own transaction, so the tally holds exactly the reports that the totals do
-- not have yet: it is what lies past the watermark, whatever clocks, restarts and restored dumps do. A fold moves
-- it into the totals, in one statement. A scrape reads the totals and the tally in one snapshot.
--
-- Names are labels only once they were admitted, as many as a cap allows, and then for good. Until a fold has
-- decided, a name that may yet be admitted is in no figure: were it counted as "other" meanwhile, "other"
-- would fall.

-- One row for each policy domain of a report: the sessions of its leading policy type.
CREATE TABLE tally (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    tier          smallint NOT NULL,
    transport     smallint NOT NULL,
    sender        text COLLATE "C" NOT NULL,
    received      timestamptz NOT NULL,
    lag_s         bigint,                -- from the window's end; null unless it is the report's first row
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL
);

-- The failures that it describes, by a result type of RFC 8460 or "other".
CREATE TABLE tally_failure (
    policy_domain   text COLLATE "C" NOT NULL,
    tier            smallint NOT NULL,
    result_type     text NOT NULL,
    failed_sessions bigint NOT NULL
);

-- What came of deliveries: each process appends what it has done since it last did.
CREATE TABLE intake_count (
    at        timestamptz NOT NULL DEFAULT now(),
    collector text NOT NULL,             -- host name
    transport smallint NOT NULL,
    tier      smallint NOT NULL,         -- 0: not accepted
    outcome   text NOT NULL,             -- collector/verdict.c
    reports   bigint NOT NULL
);

-- Names that are labels, and how many may be: policy domains and senders of reports that are believed, and
-- policy domains that only others name, who could otherwise use up the room.
CREATE TABLE metric_name (
    kind text NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE TABLE metric_cap (
    kind text PRIMARY KEY,
    most bigint NOT NULL
);
INSERT INTO metric_cap VALUES ('domain', 200), ('unverified domain', 200), ('sender', 200);

-- The totals. Sums of what strangers claim fit no bigint.
CREATE TABLE total_sessions (
    policy_domain text COLLATE "C" NOT NULL,
    tier          smallint NOT NULL,
    successful    numeric NOT NULL,
    failed        numeric NOT NULL,
    PRIMARY KEY (policy_domain, tier)
);
CREATE TABLE total_day (
    day           date NOT NULL,
    policy_domain text COLLATE "C" NOT NULL,
    tier          smallint NOT NULL,
    successful    numeric NOT NULL,
    failed        numeric NOT NULL,
    PRIMARY KEY (day, policy_domain, tier)
);
CREATE TABLE total_failures (
    policy_domain text COLLATE "C" NOT NULL,
    result_type   text NOT NULL,
    failed        numeric NOT NULL,
    PRIMARY KEY (policy_domain, result_type)
);
CREATE TABLE total_reports (
    transport smallint NOT NULL,
    tier      smallint NOT NULL,
    outcome   text NOT NULL,
    reports   numeric NOT NULL,
    PRIMARY KEY (transport, tier, outcome)
);
CREATE TABLE total_lag (
    upto_s  bigint PRIMARY KEY,
    reports numeric NOT NULL,
    seconds numeric NOT NULL
);
CREATE TABLE total_sender (
    sender   text COLLATE "C" PRIMARY KEY,
    received timestamptz NOT NULL
);
CREATE TABLE intake_day (
    day       date NOT NULL,
    collector text NOT NULL,
    transport smallint NOT NULL,
    tier      smallint NOT NULL,
    outcome   text NOT NULL,
    reports   numeric NOT NULL,
    PRIMARY KEY (day, collector, transport, tier, outcome)
);

-- When something was last done: "fold", "maintain".
CREATE TABLE upkeep (
    what text PRIMARY KEY,
    at   timestamptz NOT NULL
);

CREATE TABLE quarantine_size (
    status  smallint PRIMARY KEY,
    reports bigint NOT NULL,
    bytes   numeric NOT NULL,
    at      timestamptz NOT NULL
);

-- The bucket of the lag histogram: its upper bound; the last stands for infinity.
CREATE FUNCTION lag_bound(seconds bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY[3600, 10800, 21600, 43200, 86400, 129600, 172800, 259200, 604800, 2592000,
                  9223372036854775807])[1 + width_bucket(seconds - 1, ARRAY[
            3600, 10800, 21600, 43200, 86400, 129600, 172800, 259200, 604800, 2592000]::bigint[])]
$$;

-- All of them are shown, empty or not.
INSERT INTO total_lag
SELECT DISTINCT lag_bound(s), 0, 0
FROM unnest(ARRAY[0, 10800, 21600, 43200, 86400, 129600, 172800, 259200, 604800, 2592000, 2592001]) AS s;

-- Caps, how many more names they allow, and those that are reached.
CREATE VIEW metric_room AS
    SELECT c.kind, greatest(c.most - count(n.name), 0) AS room
    FROM metric_cap c LEFT JOIN metric_name n USING (kind)
    GROUP BY c.kind, c.most;
CREATE VIEW metric_full AS
    SELECT kind FROM metric_room WHERE room = 0;

-- The tally with its labels; null: not decided yet. Senders matter where they are believed. Each kind is joined
-- by itself, which the planner hashes.
CREATE VIEW tally_labelled AS
    SELECT t.ctid AS place, t.day, t.tier, t.transport, t.received, t.lag_s, t.successful_sessions,
           t.failed_sessions,
           CASE WHEN t.tier = 3 THEN coalesce(u.name, (SELECT 'other' FROM metric_full WHERE kind = 'unverified domain'))
                ELSE coalesce(d.name, (SELECT 'other' FROM metric_full WHERE kind = 'domain')) END AS domain_label,
           CASE WHEN t.tier = 3 THEN ''
                ELSE coalesce(s.name, (SELECT 'other' FROM metric_full WHERE kind = 'sender')) END AS sender_label
    FROM tally t
    LEFT JOIN metric_name d ON d.kind = 'domain' AND d.name = t.policy_domain
    LEFT JOIN metric_name u ON u.kind = 'unverified domain' AND u.name = t.policy_domain
    LEFT JOIN metric_name s ON s.kind = 'sender' AND s.name = t.sender;

CREATE VIEW tally_failure_labelled AS
    SELECT f.ctid AS place, f.tier, f.result_type, f.failed_sessions,
           CASE WHEN f.tier = 3 THEN ''
                ELSE coalesce(d.name, (SELECT 'other' FROM metric_full WHERE kind = 'domain')) END AS domain_label
    FROM tally_failure f
    LEFT JOIN metric_name d ON d.kind = 'domain' AND d.name = f.policy_domain;

-- Totals and tally together: what a scrape shows.
CREATE VIEW metric_sessions AS
    SELECT policy_domain, tier, sum(successful) AS successful, sum(failed) AS failed
    FROM (SELECT policy_domain, tier, successful, failed FROM total_sessions
          UNION ALL
          SELECT domain_label, tier, successful_sessions, failed_sessions FROM tally_labelled
          WHERE domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY policy_domain, tier;

CREATE VIEW metric_day AS
    SELECT day, policy_domain, tier, sum(successful) AS successful, sum(failed) AS failed
    FROM (SELECT day, policy_domain, tier, successful, failed FROM total_day
          UNION ALL
          SELECT day, domain_label, tier, successful_sessions, failed_sessions FROM tally_labelled
          WHERE domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY day, policy_domain, tier;

CREATE VIEW metric_failures AS
    SELECT policy_domain, result_type, sum(failed) AS failed
    FROM (SELECT policy_domain, result_type, failed FROM total_failures
          UNION ALL
          SELECT domain_label, result_type, failed_sessions FROM tally_failure_labelled
          WHERE domain_label IS NOT NULL AND tier < 3) AS t
    GROUP BY policy_domain, result_type;

-- What was stored is known to the row; the rest as the processes say.
CREATE VIEW metric_reports AS
    SELECT transport, tier, outcome, sum(reports) AS reports
    FROM (SELECT transport, tier, outcome, reports FROM total_reports
          UNION ALL
          SELECT transport, tier, 'stored', 1 FROM tally_labelled
          WHERE lag_s IS NOT NULL AND domain_label IS NOT NULL AND sender_label IS NOT NULL
          UNION ALL
          SELECT transport, tier, outcome, reports FROM intake_count WHERE outcome <> 'stored') AS t
    GROUP BY transport, tier, outcome;

CREATE VIEW metric_lag AS
    SELECT upto_s, sum(reports) AS reports, sum(seconds) AS seconds
    FROM (SELECT upto_s, reports, seconds FROM total_lag
          UNION ALL
          SELECT lag_bound(lag_s), 1, lag_s FROM tally_labelled
          WHERE lag_s IS NOT NULL AND tier < 3 AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY upto_s;

CREATE VIEW metric_sender AS
    SELECT sender, max(received) AS received
    FROM (SELECT sender, received FROM total_sender
          UNION ALL
          SELECT sender_label, received FROM tally_labelled
          WHERE tier < 3 AND domain_label IS NOT NULL AND sender_label IS NOT NULL) AS t
    GROUP BY sender;

-- What came of deliveries, day by day, up to now.
CREATE VIEW intake AS
    SELECT day, collector, transport, tier, outcome, sum(reports) AS reports
    FROM (SELECT day, collector, transport, tier, outcome, reports FROM intake_day
          UNION ALL
          SELECT (at AT TIME ZONE 'UTC')::date, collector, transport, tier, outcome, reports FROM intake_count) AS i
    GROUP BY day, collector, transport, tier, outcome;

-- Admits names of the tally while there is room: the better believed first, then the earlier.
CREATE FUNCTION admit_names() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off AS $$
    INSERT INTO tlsrpt.metric_name (kind, name)
    SELECT kind, name
    FROM (SELECT kind, name, row_number() OVER (PARTITION BY kind ORDER BY min(tier), min(received), name) AS place
          FROM (SELECT CASE tier WHEN 3 THEN 'unverified domain' ELSE 'domain' END AS kind, policy_domain AS name, tier,
                       received
                FROM tlsrpt.tally
                UNION ALL
                SELECT 'sender', sender, tier, received FROM tlsrpt.tally WHERE tier < 3) AS t
          WHERE NOT EXISTS (SELECT FROM tlsrpt.metric_name n WHERE n.kind = t.kind AND n.name = t.name)
          GROUP BY kind, name) AS candidate
    JOIN tlsrpt.metric_room USING (kind)
    WHERE place <= room
$$;

-- Moves the tally into the totals; rows with a name that came after the admission wait for the next fold.
CREATE FUNCTION fold_tally() RETURNS numeric
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off AS $$
    WITH done AS (
        DELETE FROM tlsrpt.tally t USING tlsrpt.tally_labelled l
        WHERE t.ctid = l.place AND l.domain_label IS NOT NULL AND l.sender_label IS NOT NULL
        RETURNING l.*
    ), done_failure AS (
        DELETE FROM tlsrpt.tally_failure t USING tlsrpt.tally_failure_labelled l
        WHERE t.ctid = l.place AND l.domain_label IS NOT NULL
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
        SELECT domain_label, result_type, sum(failed_sessions) FROM done_failure WHERE tier < 3 GROUP BY 1, 2
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

-- Counting what the quarantine holds means reading it: at once while it is small, every ten minutes else.
CREATE FUNCTION measure_quarantine() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO tlsrpt.quarantine_size AS t
    SELECT status, count(body), coalesce(sum(octet_length(body)), 0), now()
    FROM unnest('{2,3}'::smallint[]) AS status LEFT JOIN tlsrpt.open_quarantine USING (status)
    WHERE coalesce((SELECT sum(reports) < 10000 OR min(at) < now() - interval '10 minutes'
                    FROM tlsrpt.quarantine_size), true)
    GROUP BY status
    ON CONFLICT (status) DO UPDATE SET reports = excluded.reports, bytes = excluded.bytes, at = excluded.at
$$;

-- Folds, unless another one is at it: false then. What was "other" under the caps of before stays so; the new
-- ones hold from the next fold on.
CREATE FUNCTION fold_totals(max_domains bigint, max_senders bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(1953264754, 4) THEN
        RETURN false;
    END IF;
    PERFORM tlsrpt.admit_names();
    PERFORM tlsrpt.fold_tally();
    PERFORM tlsrpt.measure_quarantine();
    DELETE FROM tlsrpt.total_day WHERE day < current_date - 60;
    UPDATE tlsrpt.metric_cap
    SET most = least(CASE kind WHEN 'sender' THEN max_senders ELSE max_domains END, 10000);
    INSERT INTO tlsrpt.upkeep VALUES ('fold', now())
    ON CONFLICT (what) DO UPDATE SET at = excluded.at;
    RETURN true;
END
$$;

-- What is here already, for the first fold.
INSERT INTO tally
SELECT r.policy_domain, r.day, r.tier, r.transport, r.sender, r.received,
       CASE WHEN r.first THEN greatest(extract(epoch FROM r.received - r.window_end)::bigint, 0) END,
       coalesce(p.successful, 0), coalesce(p.failed, 0)
FROM report r
LEFT JOIN (SELECT policy_domain, day, report_key, tier,
                  least(sum(successful_sessions), 9223372036854775807)::bigint AS successful,
                  least(sum(failed_sessions), 9223372036854775807)::bigint AS failed
           FROM policy_result WHERE leads GROUP BY 1, 2, 3, 4) AS p USING (policy_domain, day, report_key, tier);

INSERT INTO tally_failure
SELECT policy_domain, tier,
       CASE WHEN lower(result_type) IN (
           'starttls-not-supported', 'certificate-host-mismatch', 'certificate-expired', 'certificate-not-trusted',
           'validation-failure', 'tlsa-invalid', 'dnssec-invalid', 'dane-required', 'sts-policy-fetch-error',
           'sts-policy-invalid', 'sts-webpki-invalid') THEN lower(result_type) ELSE 'other' END,
       least(sum(failed_sessions), 9223372036854775807)::bigint
FROM failure_detail WHERE leads GROUP BY 1, 2, 3;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
