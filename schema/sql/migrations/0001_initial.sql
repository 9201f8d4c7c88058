-- Wide rows: each carries policy_domain, day, sender and received itself, so that no figure needs a join.
-- policy_domain is the first column of every key and day is in it too, so that the tables can be
-- distributed by domain and are partitioned by month. Rows are only ever added. There are no triggers
-- and no foreign keys: one transaction writes all rows of a report, and a month is dropped everywhere.

-- What the program and the database must agree on: oldest_program, newest_program (as in 0.1.0).
CREATE TABLE setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- The narrow key table: the only one that a collector may read. One row for each policy domain of a
-- report and tier (1 verified, 2 operator, 3 unverified).
CREATE TABLE report_key (
    policy_domain text NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,       -- SHA-256, schema/key.h
    tier          smallint NOT NULL,
    received      timestamptz NOT NULL,
    body_hash     bytea NOT NULL,       -- SHA-256 of the bytes as they came
    PRIMARY KEY (policy_domain, day, report_key, tier)
) PARTITION BY RANGE (day);

-- One row for each policy domain of a report.
CREATE TABLE report (
    policy_domain    text NOT NULL,
    day              date NOT NULL,
    report_key       bytea NOT NULL,
    tier             smallint NOT NULL,
    received         timestamptz NOT NULL,
    first            boolean NOT NULL,   -- of the rows of one report, the one that holds raw bytes
    policy_domains   text[] NOT NULL,    -- all of ours in this report
    transport        smallint NOT NULL,
    sender           text NOT NULL,
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
    policy_domain text NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    policy_no     integer NOT NULL,      -- its place in the report, from 0
    received      timestamptz NOT NULL,
    sender        text NOT NULL,
    policy_type   text NOT NULL,
    leading       boolean NOT NULL,      -- the type that is counted where one number is wanted
    long_window   boolean NOT NULL,
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL,
    policy_string text[] NOT NULL,
    mx_host       text[] NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX policy_result_domain_day ON policy_result (policy_domain, day);

-- One row for each element of "failure-details".
CREATE TABLE failure_detail (
    policy_domain text NOT NULL,
    day           date NOT NULL,
    report_key    bytea NOT NULL,
    tier          smallint NOT NULL,
    policy_no     integer NOT NULL,
    detail_no     integer NOT NULL,
    received      timestamptz NOT NULL,
    sender        text NOT NULL,
    policy_type   text NOT NULL,
    leading       boolean NOT NULL,
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
    policy_domain text NOT NULL,
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
    policy_domain text NOT NULL,
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
