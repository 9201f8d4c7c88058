-- Runs with search_path = tlsrpt, in one transaction with its row in the table "migration".
--
-- Domains and senders are ASCII, so they compare as bytes (COLLATE "C") in every index look-up and sort.
--
-- Wide rows: each carries policy_domain, day, sender and received itself, so that no figure needs a join.
-- policy_domain is the first column of every key and day is in it too, so that the tables can be
-- distributed by domain and are partitioned by month. Rows are only ever added. There are no triggers
-- and no foreign keys: one transaction writes all rows of a report, and a month is dropped everywhere.

-- What the program and the database must agree on: oldest_program, newest_program (as in 0.1.0).
CREATE TABLE setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- The versions that fit; all that a collector may know of the table above.
CREATE FUNCTION program_fit(OUT oldest text, OUT newest text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(value) FILTER (WHERE name = 'oldest_program'),
           max(value) FILTER (WHERE name = 'newest_program')
    FROM tlsrpt.setting
$$;

-- The narrow key table: the only one that a collector may read. One row for each policy domain of a
-- report and tier (1 verified, 2 operator, 3 unverified).
CREATE TABLE report_key (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,       -- SHA-256, schema/key.h
    tier          smallint NOT NULL,
    received      timestamptz NOT NULL,
    body_hash     bytea NOT NULL,       -- SHA-256 of the bytes as they came
    PRIMARY KEY (policy_domain, day, report_key, tier)
) PARTITION BY RANGE (day);

-- One row for each policy domain of a report.
CREATE TABLE report (
    policy_domain    text COLLATE "C" NOT NULL,
    day              date NOT NULL,
    report_key       bytea NOT NULL,
    tier             smallint NOT NULL,
    received         timestamptz NOT NULL,
    first            boolean NOT NULL,   -- of the rows of one report, the one that holds raw bytes
    policy_domains   text[] NOT NULL,    -- all of ours in this report in the row that is first; in the others their own
    transport        smallint NOT NULL,
    sender           text COLLATE "C" NOT NULL,
    submitter        text NOT NULL,
    organization     text NOT NULL,
    contact_info     text,
    report_id        text NOT NULL,
    window_start     timestamptz NOT NULL,
    window_end       timestamptz NOT NULL,
    long_window      boolean NOT NULL,   -- over 36 hours: no part of day arithmetic
    peer             text NOT NULL,
    peer_name        text NOT NULL,
    trust_reason     text NOT NULL,
    quirks           text[] NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX report_domain_day ON report (policy_domain, day);

-- One row for each element of "policies".
CREATE TABLE policy_result (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    policy_no     integer NOT NULL,      -- its place in the report, from 0
    received      timestamptz NOT NULL,
    sender        text COLLATE "C" NOT NULL,
    policy_type   text NOT NULL,
    leads         boolean NOT NULL,      -- the type that is counted where one number is wanted
    long_window   boolean NOT NULL,
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL,
    policy_string text[] NOT NULL,
    mx_host       text[] NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX policy_result_domain_day ON policy_result (policy_domain, day);

-- One row for each element of "failure-details".
CREATE TABLE failure_detail (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    policy_no     integer NOT NULL,
    detail_no     integer NOT NULL,
    received      timestamptz NOT NULL,
    sender        text COLLATE "C" NOT NULL,
    policy_type   text NOT NULL,
    leads         boolean NOT NULL,
    long_window   boolean NOT NULL,
    result_type   text NOT NULL,
    failed_sessions        bigint NOT NULL,
    sending_mta_ip         text,
    receiving_mx_hostname  text,
    receiving_mx_helo      text,
    receiving_ip           text,
    additional_information text,
    failure_reason_code    text
) PARTITION BY RANGE (day);
CREATE INDEX failure_detail_domain_day ON failure_detail (policy_domain, day);

-- The bytes of a report as they came, once, under its first policy domain.
CREATE TABLE raw_report (
    policy_domain text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    body_hash     bytea NOT NULL,
    body          bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX raw_report_domain_day ON raw_report (policy_domain, day);
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

-- What could not be understood, and mail that may not be believed: kept, listed, in no figure.
CREATE TABLE quarantine (
    arrival_day   date NOT NULL,
    body_hash     bytea NOT NULL,        -- SHA-256 of the input: its identity here
    received      timestamptz NOT NULL,
    status        smallint NOT NULL,     -- 2 quarantined, 3 ignored
    transport     smallint NOT NULL,
    peer          text NOT NULL,
    peer_name     text NOT NULL,
    source        text NOT NULL,         -- /24, /64 or d=: the greediest loses first
    policy_domains text NOT NULL,        -- what it seems to be about, or ''
    reason        text NOT NULL,
    body          bytea NOT NULL,        -- the whole input
    PRIMARY KEY (arrival_day, body_hash)
) PARTITION BY RANGE (arrival_day);
ALTER TABLE quarantine ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX quarantine_body_hash ON quarantine (body_hash);

-- Quarantined input that a later version understood, and stored: no longer listed as quarantined.
CREATE TABLE reparsed (
    arrival_day date NOT NULL,
    body_hash   bytea NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (arrival_day, body_hash)
);

-- What the limits of the quarantine have cost: a row for each source and run that lost something.
CREATE TABLE eviction (
    at      timestamptz NOT NULL DEFAULT now(),
    cause   text NOT NULL,               -- age or bytes
    source  text NOT NULL,
    reports bigint NOT NULL,
    bytes   bigint NOT NULL
);

-- Makes the partition of the one table that holds the days from..upto, upto excluded. CREATE .. LIKE and
-- ATTACH, since PARTITION OF would lock readers out.
CREATE FUNCTION ensure_partition(parent text, suffix text, from_day date, upto date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass(format('tlsrpt.%I', parent || suffix)) IS NULL THEN
        EXECUTE format('CREATE TABLE tlsrpt.%I (LIKE tlsrpt.%I INCLUDING ALL)', parent || suffix, parent);
        EXECUTE format('ALTER TABLE tlsrpt.%I ATTACH PARTITION tlsrpt.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, parent || suffix, from_day, upto);
    END IF;
END
$$;

-- Makes the month of a day in every table of reports. False when the day lies beyond what a stranger may
-- ask for: the owner may ask for any.
CREATE FUNCTION ensure_month(wanted date) RETURNS boolean
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
    FOREACH parent IN ARRAY ARRAY['report_key', 'report', 'policy_result', 'failure_detail',
                                  'raw_report', 'conflict'] LOOP
        PERFORM tlsrpt.ensure_partition(parent, to_char(from_day, '_YYYYMM'), from_day, upto);
    END LOOP;
    RETURN true;
END
$$;

-- The same for a day of the quarantine, which goes by the day of arrival.
CREATE FUNCTION ensure_quarantine_day(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (wanted < current_date - 400 OR wanted > current_date + 10)
       AND NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(1953264754, 2);
    PERFORM tlsrpt.ensure_partition('quarantine', to_char(wanted, '_YYYYMMDD'), wanted, wanted + 1);
    RETURN true;
END
$$;

-- Notes other bytes under a known identity and tier, eight at most. A collector may not read the table.
CREATE FUNCTION note_conflict(in_domain text, in_day date, in_key bytea, in_tier smallint, in_hash bytea,
                              in_received timestamptz, in_transport smallint, in_peer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953264755, hashtext(in_domain || encode(in_key, 'hex')));
    INSERT INTO tlsrpt.conflict
    SELECT in_domain, in_day, in_key, in_tier, in_hash, in_received, in_transport, in_peer
    WHERE EXISTS (SELECT FROM tlsrpt.report_key k
                  WHERE k.policy_domain = in_domain AND k.day = in_day AND k.report_key = in_key
                    AND k.tier = in_tier AND k.body_hash <> in_hash)
      AND (SELECT count(*) FROM tlsrpt.conflict c
           WHERE c.policy_domain = in_domain AND c.day = in_day AND c.report_key = in_key
             AND c.tier = in_tier) < 8
    ON CONFLICT DO NOTHING;
END
$$;

-- Is this input in the quarantine already, whatever the day? A collector may not read the table.
CREATE FUNCTION in_quarantine(in_hash bytea) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tlsrpt.quarantine q WHERE q.body_hash = in_hash);
END
$$;

-- The instant that answers are given as of: store_snapshot() sets it for its transaction.
CREATE VIEW instant AS
    SELECT coalesce(nullif(current_setting('tlsrpt.as_of', true), '')::timestamptz, 'infinity') AS t;

-- What counts as of that instant: of one report that came in several tiers, the best by then. Rows of the
-- best tier there is need no look-up. Ask for days as constants (day >= $1 AND day < $2), so that months
-- are left out of the plan.
CREATE VIEW counted_report AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust
    FROM report r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)));

CREATE VIEW counted_policy AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust
    FROM policy_result r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)));

CREATE VIEW counted_failure AS
    SELECT r.*, (ARRAY['verified', 'operator', 'unverified'])[r.tier] AS trust
    FROM failure_detail r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT EXISTS (
          SELECT FROM report_key k
          WHERE k.policy_domain = r.policy_domain AND k.day = r.day AND k.report_key = r.report_key
            AND k.tier < r.tier AND k.received <= (SELECT t FROM instant)));

-- The quarantine as of that instant, without what was understood by then.
CREATE VIEW open_quarantine AS
    SELECT q.*
    FROM quarantine q
    WHERE q.received <= (SELECT t FROM instant)
      AND NOT EXISTS (SELECT FROM reparsed p
                      WHERE p.arrival_day = q.arrival_day AND p.body_hash = q.body_hash
                        AND p.at <= (SELECT t FROM instant));

-- Drops the days of the quarantine before `first_kept`, notes in "eviction" what that cost, and says how
-- many reports it was. The owner's.
CREATE FUNCTION drop_quarantine(first_kept date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part  name;
    total bigint := 0;
    n     bigint;
BEGIN
    INSERT INTO tlsrpt.eviction (cause, source, reports, bytes)
    SELECT 'age', source, count(*), sum(octet_length(body))
    FROM tlsrpt.quarantine WHERE arrival_day < first_kept GROUP BY source;
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'tlsrpt.quarantine'::regclass
                  AND c.relname < 'quarantine_' || to_char(first_kept, 'YYYYMMDD') LOOP
        EXECUTE format('SELECT count(*) FROM tlsrpt.%I', part) INTO n;
        EXECUTE format('DROP TABLE tlsrpt.%I', part);
        total := total + n;
    END LOOP;
    DELETE FROM tlsrpt.reparsed WHERE arrival_day < first_kept;
    RETURN total;
END
$$;

-- New functions are open to all unless said otherwise; grant_roles.sql opens those that a role needs.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
