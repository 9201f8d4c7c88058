-- What is believed (tiers 1 verified, 2 operator, 3 confirmed) and what is only claimed (4 unverified; 3 until now) in
-- tables of the same shape side by side, each with months of its own: what anybody may send can be bounded, dropped
-- and left out of a plan as a whole, and no claim stands where a report belongs that is believed.
--
-- An identity leads to one report: it holds the policy domains that the report names, and that of a claim the network
-- that sent it. Beside the hash of the bytes stands the hash of what was understood: the same content is a resend,
-- whatever its wrapping. Collectors of before cannot write to this; their reports wait (0005 says where).

-- Readers first (as in drop_month() of 0003), then in the order in which a batch is written: nobody waits in a circle.
LOCK TABLE daily_policy, policy_result, report, raw_report, conflict, tally, intake_count IN ACCESS EXCLUSIVE MODE;

DROP VIEW counted_report, counted_policy, counted_failure, failure_detail;
DROP FUNCTION find_reports(text[], date[], bytea[], smallint[], bytea[], date, date),
              note_conflict(text, date, bytea, smallint, bytea, timestamptz, smallint, text);
ALTER TABLE policy_result DROP CONSTRAINT policy_result_pkey;
ALTER TABLE conflict DROP CONSTRAINT conflict_pkey;
DROP INDEX policy_result_failures, report_received, report_day, raw_report_day;

-- Out of the way of the new ones.
DO $$
DECLARE
    one name;
BEGIN
    FOR one IN SELECT c.relname FROM pg_class c
               WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relkind IN ('r', 'p')
                 AND c.relname ~ '^(policy_result|report|raw_report|conflict)(_\d{6})?$' LOOP
        EXECUTE format('ALTER TABLE tlsrpt.%I RENAME TO %I', one, 'was_' || one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['daily_policy', 'daily_failure', 'tally', 'intake_count', 'total_sessions', 'total_day',
                               'total_reports', 'intake_day'] LOOP
        EXECUTE format('UPDATE tlsrpt.%I SET tier = 4 WHERE tier = 3', one);
    END LOOP;
END
$$;

-- One row for each element of "policies" whose domain is ours.
CREATE TABLE believed_policy (
    received            timestamptz NOT NULL,
    successful_sessions bigint NOT NULL,
    failed_sessions     bigint NOT NULL,
    day                 date NOT NULL,
    tier                smallint NOT NULL,   -- schema/report/vocab.h
    nth                 smallint NOT NULL,   -- its place among those of its domain, from 0: no identity is without 0
    policy_no           smallint NOT NULL,   -- its place in the report, from 0
    leads               boolean NOT NULL,    -- the type that is counted where one number is wanted
    long_window         boolean NOT NULL,    -- over 36 hours: no part of day arithmetic
    report_key          bytea NOT NULL,      -- 16 bytes, schema/report/key.h
    content_hash        bytea,               -- 16 bytes of what was understood; where nth is 0. 32: of the bytes, before 0.4.0
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
CREATE INDEX believed_policy_failures ON believed_policy (policy_domain, day) WHERE failures IS NOT NULL;

-- One row for each report and tier: what is not in the rows of its policies.
CREATE TABLE believed_report (
    received       timestamptz NOT NULL,
    window_start   timestamptz NOT NULL,
    window_end     timestamptz NOT NULL,
    day            date NOT NULL,
    tier           smallint NOT NULL,
    transport      smallint NOT NULL,
    long_window    boolean NOT NULL,
    report_key     bytea NOT NULL,
    raw_hash       bytea NOT NULL,           -- SHA-256 of the bytes as they came
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
CREATE INDEX believed_report_received ON believed_report (received);
CREATE INDEX believed_report_day ON believed_report USING brin (day) WITH (pages_per_range = 32);

-- The bytes of a report as they came, under the policy domain of its row in "believed_report".
CREATE TABLE believed_raw (
    day           date NOT NULL,
    tier          smallint NOT NULL,
    report_key    bytea NOT NULL,
    policy_domain text COLLATE "C" NOT NULL,
    body          bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX believed_raw_day ON believed_raw USING brin (day) WITH (pages_per_range = 32);
ALTER TABLE believed_raw ALTER COLUMN body SET STORAGE EXTERNAL;

-- The same for claims. What one network claims under an identity, another may contest: both are kept, but not twice
-- the same.
CREATE TABLE claimed_policy (
    LIKE believed_policy INCLUDING ALL,
    believed_key bytea NOT NULL              -- report_key of the same report if it was believed
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX claimed_policy_content ON claimed_policy (policy_domain, day, believed_key, content_hash) WHERE nth = 0;
CREATE TABLE claimed_report (
    LIKE believed_report INCLUDING ALL,
    believed_key bytea NOT NULL,
    source       text COLLATE "C" NOT NULL,  -- the network, or d=: the greediest loses first
    bytes        integer NOT NULL            -- what its rows and its own bytes take, about
) PARTITION BY RANGE (day);
CREATE INDEX claimed_report_source ON claimed_report (source, received);
CREATE TABLE claimed_raw (LIKE believed_raw INCLUDING ALL) PARTITION BY RANGE (day);

ALTER TABLE believed_policy ADD CHECK (tier < 4);
ALTER TABLE believed_report ADD CHECK (tier < 4);
ALTER TABLE believed_raw ADD CHECK (tier < 4);
ALTER TABLE claimed_policy ADD CHECK (tier = 4);
ALTER TABLE claimed_report ADD CHECK (tier = 4);
ALTER TABLE claimed_raw ADD CHECK (tier = 4);

-- The same identity and tier with other content: the first is kept, up to eight others are noted.
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
CREATE OR REPLACE FUNCTION month_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY['believed_policy', 'believed_report', 'believed_raw', 'claimed_policy', 'claimed_report', 'claimed_raw',
                 'conflict']
$$;

-- As in schema/report/key.c: a text, what is hashed in pieces, and key_of_report() of the policy domains that are kept.
CREATE FUNCTION was_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(int8send(octet_length(value)) || convert_to(value, 'UTF8'), '\xffffffffffffffff')
$$;
CREATE FUNCTION was_hash(bytes bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    WHILE octet_length(bytes) > 16384 LOOP
        bytes := sha256(substr(bytes, 1, 16384)) || substr(bytes, 16385);
    END LOOP;
    RETURN sha256(bytes);
END
$$;
CREATE FUNCTION was_source(peer text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN peer = '' THEN '' ELSE network(set_masklen(peer::inet, CASE family(peer::inet) WHEN 4 THEN 24 ELSE 64 END))::text END;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN peer;
END
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
    CREATE TABLE was_identity (
        day date, old_key bytea, tier smallint, report_key bytea, believed_key bytea, raw_hash bytea, source text
    );
    FOR suffix IN SELECT right(c.relname, 7) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                  WHERE i.inhparent = 'tlsrpt.was_policy_result'::regclass ORDER BY 1 LOOP
        from_day := to_date(suffix, '_YYYYMM');
        upto := (from_day + interval '1 month')::date;
        FOREACH parent IN ARRAY tlsrpt.month_tables() LOOP
            -- Bytes that were pruned stay so.
            CONTINUE WHEN parent LIKE '%raw' AND to_regclass('tlsrpt.was_raw_report' || suffix) IS NULL;
            PERFORM tlsrpt.ensure_partition(parent, suffix, from_day, upto);
        END LOOP;
        TRUNCATE was_identity;
        INSERT INTO was_identity
        SELECT r.day, r.report_key, CASE r.tier WHEN 3 THEN 4 ELSE r.tier END,
               substr(CASE r.tier WHEN 3 THEN sha256(k.whole || was_field(s.source)) ELSE k.whole END, 1, 16),
               substr(k.whole, 1, 16), n.raw_hash, s.source
        FROM was_report r
        JOIN (SELECT day, report_key, tier,
                     string_agg(was_field(policy_domain), '' ORDER BY policy_domain) FILTER (WHERE nth = 0) AS names,
                     (array_agg(raw_hash ORDER BY policy_no) FILTER (WHERE raw_hash IS NOT NULL))[1] AS raw_hash
              FROM was_policy_result WHERE day >= from_day AND day < upto
              GROUP BY 1, 2, 3) AS n USING (day, report_key, tier),
        LATERAL (SELECT was_hash(was_field(r.sender) || was_field(r.organization) || was_field(r.contact_info)
                                 || was_field(r.report_id) || int8send(extract(epoch FROM r.window_start)::bigint)
                                 || int8send(extract(epoch FROM r.window_end)::bigint) || n.names) AS whole) AS k,
        LATERAL (SELECT CASE WHEN r.tier = 3 AND r.transport > 1 AND r.peer_name <> '' THEN 'd=' || r.peer_name
                             ELSE was_source(r.peer) END AS source) AS s
        WHERE r.day >= from_day AND r.day < upto;
        ANALYZE was_identity;
        INSERT INTO believed_policy
        SELECT p.received, p.successful_sessions, p.failed_sessions, p.day, p.tier, p.nth, p.policy_no, p.leads,
               p.long_window, i.report_key, p.raw_hash, p.policy_domain, p.sender, p.policy_type, p.organization,
               p.quirks, p.policy_string, p.mx_host, p.failures
        FROM was_policy_result p JOIN was_identity i ON i.day = p.day AND i.old_key = p.report_key AND i.tier = p.tier
        WHERE p.day >= from_day AND p.day < upto AND p.tier < 3;
        INSERT INTO claimed_policy
        SELECT p.received, p.successful_sessions, p.failed_sessions, p.day, 4, p.nth, p.policy_no, p.leads,
               p.long_window, i.report_key, p.raw_hash, p.policy_domain, p.sender, p.policy_type, p.organization,
               p.quirks, p.policy_string, p.mx_host, p.failures, i.believed_key
        FROM was_policy_result p JOIN was_identity i ON i.day = p.day AND i.old_key = p.report_key AND i.tier = 4
        WHERE p.day >= from_day AND p.day < upto AND p.tier = 3;
        INSERT INTO believed_report
        SELECT r.received, r.window_start, r.window_end, r.day, r.tier, r.transport, r.long_window, i.report_key,
               i.raw_hash, r.policy_domain, r.policy_domains, r.sender, r.submitter, r.organization, r.contact_info,
               r.report_id, r.peer, r.peer_name, r.trust_reason, r.quirks
        FROM was_report r JOIN was_identity i ON i.day = r.day AND i.old_key = r.report_key AND i.tier = r.tier
        WHERE r.day >= from_day AND r.day < upto AND r.tier < 3 ORDER BY r.received;
        INSERT INTO claimed_report
        SELECT r.received, r.window_start, r.window_end, r.day, 4, r.transport, r.long_window, i.report_key,
               i.raw_hash, r.policy_domain, r.policy_domains, r.sender, r.submitter, r.organization, r.contact_info,
               r.report_id, r.peer, r.peer_name, r.trust_reason, r.quirks, i.believed_key, i.source, 2000
        FROM was_report r JOIN was_identity i ON i.day = r.day AND i.old_key = r.report_key AND i.tier = 4
        WHERE r.day >= from_day AND r.day < upto AND r.tier = 3 ORDER BY r.received;
        INSERT INTO believed_raw
        SELECT b.day, b.tier, i.report_key, b.policy_domain, b.body
        FROM was_raw_report b JOIN was_identity i ON i.day = b.day AND i.old_key = b.report_key AND i.tier = b.tier
        WHERE b.day >= from_day AND b.day < upto AND b.tier < 3 ORDER BY b.day;
        INSERT INTO claimed_raw
        SELECT b.day, 4, i.report_key, b.policy_domain, b.body
        FROM was_raw_report b JOIN was_identity i ON i.day = b.day AND i.old_key = b.report_key AND i.tier = 4
        WHERE b.day >= from_day AND b.day < upto AND b.tier = 3 ORDER BY b.day;
        INSERT INTO conflict
        SELECT c.policy_domain, c.day, i.report_key, i.tier, c.body_hash, c.received, c.transport, c.peer
        FROM was_conflict c
        JOIN was_identity i ON i.day = c.day AND i.old_key = c.report_key AND i.tier = CASE c.tier WHEN 3 THEN 4 ELSE c.tier END
        WHERE c.day >= from_day AND c.day < upto;
    END LOOP;
END
$$;
DROP TABLE was_policy_result, was_report, was_raw_report, was_conflict, was_identity;
DROP FUNCTION was_field(text), was_hash(bytea), was_source(text);

-- Both together, for who asks for any report.
CREATE VIEW policy_result AS
    SELECT p.*, p.report_key AS believed_key FROM believed_policy p
    UNION ALL
    SELECT received, successful_sessions, failed_sessions, day, 4::smallint, nth, policy_no, leads, long_window,
           report_key, content_hash, policy_domain, sender, policy_type, organization, quirks, policy_string, mx_host,
           failures, believed_key
    FROM claimed_policy;

CREATE VIEW report AS
    SELECT r.*, r.report_key AS believed_key, ''::text COLLATE "C" AS source FROM believed_report r
    UNION ALL
    SELECT received, window_start, window_end, day, 4::smallint, transport, long_window, report_key, raw_hash,
           policy_domain, policy_domains, sender, submitter, organization, contact_info, report_id, peer, peer_name,
           trust_reason, quirks, believed_key, source
    FROM claimed_report;

CREATE VIEW raw_report AS
    SELECT day, tier, report_key, policy_domain, body FROM believed_raw
    UNION ALL
    SELECT day, 4::smallint, report_key, policy_domain, body FROM claimed_raw;

-- The details of failure, one by one.
CREATE VIEW failure_detail AS
    SELECT p.policy_domain, p.day, p.report_key, p.tier, p.policy_no, (f.n - 1)::integer AS detail_no, p.received,
           p.sender, p.policy_type, p.leads, p.long_window, f.result_type, f.failed_sessions, f.sending_mta_ip,
           f.receiving_mx_hostname, f.receiving_mx_helo, f.receiving_ip, f.additional_information,
           f.failure_reason_code, p.believed_key
    FROM policy_result p, unnest(p.failures) WITH ORDINALITY
             AS f (failed_sessions, result_type, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo,
                   receiving_ip, additional_information, failure_reason_code, n)
    WHERE p.failures IS NOT NULL;

-- Reports of which several networks claim several things, with no believed one to decide: none is worth more than
-- another.
CREATE VIEW contested AS
    SELECT policy_domain, day, believed_key, count(*) AS claims
    FROM claimed_policy
    WHERE nth = 0 AND received <= (SELECT t FROM instant)
    GROUP BY policy_domain, day, believed_key
    HAVING count(*) > 1;

-- Which policy domains of a batch are there already, and whether with the same content: the n-th. OFFSET 0 keeps it one
-- index look-up each, whatever the statistics say.
CREATE FUNCTION find_believed(domains text[], days date[], keys bytea[], tiers smallint[], contents bytea[],
                              hashes bytea[], first_day date, last_day date) RETURNS TABLE (n bigint, same boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT u.n, p.content_hash IN (u.content, u.raw)
    FROM unnest(domains, days, keys, tiers, contents, hashes)
             WITH ORDINALITY AS u (policy_domain, day, report_key, tier, content, raw, n),
         LATERAL (SELECT r.content_hash FROM tlsrpt.believed_policy r
                  WHERE r.policy_domain = u.policy_domain AND r.day = u.day AND r.report_key = u.report_key
                    AND r.tier = u.tier AND r.nth = 0 AND r.day BETWEEN first_day AND last_day
                  OFFSET 0) AS p;
END
$$;

-- The same of claims: what this network said under the identity, and whether any other said the same.
CREATE FUNCTION find_claimed(domains text[], days date[], keys bytea[], believed_keys bytea[], contents bytea[],
                             hashes bytea[], first_day date, last_day date) RETURNS TABLE (n bigint, same boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT u.n, bool_or(p.content_hash IN (u.content, u.raw))
    FROM unnest(domains, days, keys, believed_keys, contents, hashes)
             WITH ORDINALITY AS u (policy_domain, day, report_key, believed_key, content, raw, n),
         LATERAL (SELECT r.report_key, r.content_hash FROM tlsrpt.claimed_policy r
                  WHERE r.policy_domain = u.policy_domain AND r.day = u.day AND r.believed_key = u.believed_key
                    AND r.nth = 0 AND r.day BETWEEN first_day AND last_day
                  OFFSET 0) AS p
    WHERE p.report_key = u.report_key OR p.content_hash IN (u.content, u.raw)
    GROUP BY u.n;
END
$$;

-- Notes other content under a known identity and tier, eight at most. A collector may not read the table.
CREATE FUNCTION note_conflict(in_domain text, in_day date, in_key bytea, in_tier smallint, in_content bytea,
                              in_hash bytea, in_received timestamptz, in_transport smallint, in_peer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953264755, hashtext(in_domain || encode(in_key, 'hex')));
    IF NOT EXISTS (SELECT FROM tlsrpt.policy_result p
                   WHERE p.policy_domain = in_domain AND p.day = in_day AND p.report_key = in_key
                     AND p.tier = in_tier AND p.nth = 0 AND p.content_hash NOT IN (in_content, in_hash))
       OR (SELECT count(*) FROM tlsrpt.conflict c
           WHERE c.policy_domain = in_domain AND c.day = in_day AND c.report_key = in_key AND c.tier = in_tier) >= 8 THEN
        RETURN;
    END IF;
    INSERT INTO tlsrpt.conflict VALUES (in_domain, in_day, in_key, in_tier, in_hash, in_received, in_transport, in_peer)
    ON CONFLICT DO NOTHING;
END
$$;

-- Did the report come in a better tier, too, as of the instant? A function, so that nobody plans a look into every
-- month who asks for reports of the best tier there is.
CREATE OR REPLACE FUNCTION superseded(in_domain text, in_day date, in_key bytea, in_tier smallint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tlsrpt.believed_policy p
                   WHERE p.policy_domain = in_domain AND p.day = in_day AND p.report_key = in_key
                     AND p.tier < in_tier AND p.nth = 0 AND p.received <= (SELECT t FROM tlsrpt.instant));
END
$$;

-- What counts as of the instant: of one report that came in several tiers, the best by then. Rows of the best
-- tier there is need no look-up. Ask for days as constants (day >= $1 AND day < $2), so that months are left out
-- of the plan, and for tier < 4 where claims are not wanted, so that they are; where no month is summed up, or none of
-- the days asked for, the planner leaves out what is last below UNION ALL, too.
--
-- Reports that are kept one by one.
CREATE VIEW counted_report AS
    SELECT r.policy_domain, r.day, r.report_key, r.tier, r.received,
           coalesce(r.policy_domains, ARRAY[r.policy_domain]) AS policy_domains, r.transport, r.sender,
           coalesce(r.submitter, r.sender) AS submitter, r.organization, r.contact_info, r.report_id, r.window_start,
           r.window_end, r.long_window, r.peer, r.peer_name, r.trust_reason, coalesce(r.quirks, '{}') AS quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[r.tier] AS trust
    FROM report r
    WHERE r.received <= (SELECT t FROM instant)
      AND (r.tier = 1 OR NOT superseded(r.policy_domain, r.day, r.believed_key, r.tier));

-- Reports are count(DISTINCT report_key) + sum(more_reports). policy_no is null in the sums. What is not described
-- are the failures of policies that describe none.
CREATE VIEW counted_policy AS
    SELECT p.policy_domain, p.day, p.report_key, p.tier, p.policy_no, p.received, p.sender, p.policy_type, p.leads,
           p.long_window, p.successful_sessions, p.failed_sessions, p.policy_string, p.organization, p.quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[p.tier] AS trust, 0 AS more_reports,
           CASE WHEN p.failures IS NULL THEN p.failed_sessions ELSE 0 END AS undescribed_sessions,
           CASE p.tier WHEN 4 THEN p.believed_key END AS claim
    FROM policy_result p
    WHERE p.received <= (SELECT t FROM instant)
      AND (p.tier = 1 OR NOT superseded(p.policy_domain, p.day, p.believed_key, p.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, d.report_key, d.tier, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.successful_sessions, d.failed_sessions, '', d.organization, d.quirks,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[d.tier], d.more_reports, d.undescribed_sessions,
           NULL
    FROM daily_policy d
    WHERE d.arrived <= (SELECT t FROM instant);

CREATE VIEW counted_failure AS
    SELECT f.policy_domain, f.day, f.report_key, f.tier, f.policy_no, f.detail_no, f.received, f.sender, f.policy_type,
           f.leads, f.long_window, f.result_type, f.failed_sessions, f.sending_mta_ip, f.receiving_mx_hostname,
           f.receiving_mx_helo, f.receiving_ip, f.additional_information, f.failure_reason_code,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[f.tier] AS trust
    FROM failure_detail f
    WHERE f.received <= (SELECT t FROM instant)
      AND (f.tier = 1 OR NOT superseded(f.policy_domain, f.day, f.believed_key, f.tier))
    UNION ALL
    SELECT d.policy_domain, d.day, NULL, d.tier, NULL, NULL, d.received, d.sender, d.policy_type, d.leads,
           d.long_window, d.result_type, d.failed_sessions, d.sending_mta_ip, d.receiving_mx_hostname, NULL,
           d.receiving_ip, NULL, d.failure_reason_code,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[d.tier]
    FROM daily_failure d
    WHERE d.arrived <= (SELECT t FROM instant);

-- The totals, with the numbers of the tiers as they are now.
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

-- The bytes of a month, believed or not.
CREATE OR REPLACE FUNCTION drop_raw_month(from_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    SELECT count(*) INTO n FROM tlsrpt.raw_report
    WHERE day >= from_day AND day < (from_day + interval '1 month')::date;
    PERFORM tlsrpt.drop_month(ARRAY['believed_raw', 'claimed_raw'], to_char(from_day, '_YYYYMM'));
    RETURN n;
END
$$;

-- What claims may take, all in all and of one network, and what they do. The limits are the latest maintenance's.
CREATE TABLE claim_limit (
    most          bigint NOT NULL,
    most_a_source bigint NOT NULL,
    held          bigint NOT NULL
);
INSERT INTO claim_limit VALUES (4294967296, 268435456, 0);
CREATE TABLE claim_usage (
    source  text COLLATE "C" PRIMARY KEY,
    bytes   bigint NOT NULL,
    reports bigint NOT NULL
);
CREATE INDEX claim_usage_bytes ON claim_usage (bytes);

-- What claims are held, as they are: what was added while a connection was lost included. The owner's.
CREATE FUNCTION recount_claims() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1953264754, 5);
    DELETE FROM tlsrpt.claim_usage;
    INSERT INTO tlsrpt.claim_usage
    SELECT source, sum(bytes), count(*) FROM tlsrpt.claimed_report GROUP BY source;
    UPDATE tlsrpt.claim_limit SET held = (SELECT coalesce(sum(bytes), 0) FROM tlsrpt.claim_usage) RETURNING held INTO n;
    RETURN n;
END
$$;

-- Drops the oldest claims of a source until so many bytes are free, and notes what that cost. Under the lock of
-- recount_claims().
CREATE FUNCTION drop_claims(in_source text, wanted bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    lost record;
BEGIN
    WITH oldest AS (
        SELECT policy_domain, coalesce(policy_domains, ARRAY[policy_domain]) AS domains, day, report_key, bytes,
               sum(bytes) OVER (ORDER BY received, day, report_key) - bytes AS before
        FROM tlsrpt.claimed_report WHERE source = in_source
    ), gone AS MATERIALIZED (
        SELECT * FROM oldest WHERE before < wanted
    ), rows_gone AS (
        DELETE FROM tlsrpt.claimed_policy p USING gone g
        WHERE p.policy_domain = ANY (g.domains) AND p.day = g.day AND p.report_key = g.report_key
    ), raw_gone AS (
        DELETE FROM tlsrpt.claimed_raw b USING gone g
        WHERE b.policy_domain = g.policy_domain AND b.day = g.day AND b.report_key = g.report_key
    ), reports_gone AS (
        DELETE FROM tlsrpt.claimed_report r USING gone g
        WHERE r.source = in_source AND r.policy_domain = g.policy_domain AND r.day = g.day AND r.report_key = g.report_key
    )
    SELECT count(*) AS reports, coalesce(sum(bytes), 0)::bigint AS bytes INTO lost FROM gone;
    IF lost.reports > 0 THEN
        INSERT INTO tlsrpt.eviction (cause, source, reports, bytes) VALUES ('unverified', in_source, lost.reports, lost.bytes);
    END IF;
    UPDATE tlsrpt.claim_usage SET bytes = greatest(claim_usage.bytes - lost.bytes, 0),
                                  reports = greatest(claim_usage.reports - lost.reports, 0) WHERE source = in_source;
    DELETE FROM tlsrpt.claim_usage WHERE source = in_source AND reports = 0;
    UPDATE tlsrpt.claim_limit SET held = greatest(held - lost.bytes, 0);
    RETURN lost.reports;
END
$$;

-- Keeps the limits: a source that has more than its share, then, while all is too much, the one that has most.
CREATE FUNCTION bound_claims(sources text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    limits tlsrpt.claim_limit;
    one    tlsrpt.claim_usage;
    n      bigint := 0;
BEGIN
    SELECT * INTO limits FROM tlsrpt.claim_limit;
    FOR one IN SELECT * FROM tlsrpt.claim_usage
               WHERE source = ANY (sources) AND bytes > limits.most_a_source LOOP
        n := n + tlsrpt.drop_claims(one.source, one.bytes - limits.most_a_source / 10 * 9);
    END LOOP;
    FOR tries IN 1..1000 LOOP
        SELECT * INTO limits FROM tlsrpt.claim_limit;
        EXIT WHEN limits.held <= limits.most;
        SELECT * INTO one FROM tlsrpt.claim_usage ORDER BY bytes DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        n := n + tlsrpt.drop_claims(one.source, greatest(least(limits.held - limits.most / 100 * 97, one.bytes / 4), 1));
    END LOOP;
    RETURN n;
END
$$;

-- A batch of claims was kept: so much each of these sources. Says how many older ones had to go for it.
CREATE FUNCTION charge_claims(sources text[], sizes bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1953264754, 5);
    INSERT INTO tlsrpt.claim_usage AS u
    SELECT c.source, sum(c.bytes), count(*) FROM unnest(sources, sizes) AS c (source, bytes)
    WHERE c.bytes >= 0 GROUP BY c.source
    ON CONFLICT (source) DO UPDATE SET bytes = u.bytes + excluded.bytes, reports = u.reports + excluded.reports;
    UPDATE tlsrpt.claim_limit SET held = held + (SELECT coalesce(sum(c.bytes), 0)::bigint FROM unnest(sizes) AS c (bytes)
                                                 WHERE c.bytes >= 0);
    RETURN tlsrpt.bound_claims(sources);
END
$$;

-- The limits from now on, counted anew, and kept; 0 is no limit. Months of claims that ended `days` ago are dropped
-- whole. The owner's.
CREATE FUNCTION keep_claims(in_most bigint, in_most_a_source bigint, days integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month date;
    n     bigint := 0;
BEGIN
    FOR month IN SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'tlsrpt.claimed_report'::regclass AND days > 0
                   AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= current_date - days LOOP
        INSERT INTO tlsrpt.eviction (cause, source, reports, bytes)
        SELECT 'unverified', source, count(*), sum(bytes) FROM tlsrpt.claimed_report
        WHERE day >= month AND day < (month + interval '1 month')::date GROUP BY source;
        SELECT n + count(*) INTO n FROM tlsrpt.claimed_report
        WHERE day >= month AND day < (month + interval '1 month')::date;
        IF EXISTS (SELECT FROM tlsrpt.claimed_report WHERE day >= month AND day < (month + interval '1 month')::date) THEN
            EXECUTE format('TRUNCATE tlsrpt.%I, tlsrpt.%I', 'claimed_policy' || to_char(month, '_YYYYMM'),
                           'claimed_report' || to_char(month, '_YYYYMM'));
            IF to_regclass('tlsrpt.claimed_raw' || to_char(month, '_YYYYMM')) IS NOT NULL THEN
                EXECUTE format('TRUNCATE tlsrpt.%I', 'claimed_raw' || to_char(month, '_YYYYMM'));
            END IF;
        END IF;
    END LOOP;
    UPDATE tlsrpt.claim_limit
    SET most = coalesce(nullif(in_most, 0), 9223372036854775807),
        most_a_source = coalesce(nullif(in_most_a_source, 0), 9223372036854775807);
    PERFORM tlsrpt.recount_claims();
    RETURN n + tlsrpt.bound_claims(ARRAY(SELECT source FROM tlsrpt.claim_usage));
END
$$;

-- What a stranger left, for who asks for it to be removed: by the address that posted it, its sender, its policy
-- domain, and since when it came; null is any. The owner's.
CREATE FUNCTION forget_claims(peers cidr, in_sender text, in_domain text, since timestamptz, really boolean,
                              OUT reports bigint, OUT bytes bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CREATE TEMP TABLE forgotten ON COMMIT DROP AS
    SELECT r.policy_domain, coalesce(r.policy_domains, ARRAY[r.policy_domain]) AS domains, r.day, r.report_key, r.bytes
    FROM tlsrpt.claimed_report r
    WHERE (since IS NULL OR r.received >= since)
      AND (in_sender IS NULL OR r.sender = in_sender)
      AND (in_domain IS NULL OR in_domain = ANY (coalesce(r.policy_domains, ARRAY[r.policy_domain])))
      AND (peers IS NULL OR CASE WHEN r.peer ~ '^[0-9a-f.:]+$' THEN r.peer::inet <<= peers END);
    SELECT count(*), coalesce(sum(f.bytes), 0) INTO reports, bytes FROM pg_temp.forgotten f;
    IF NOT really THEN
        RETURN;
    END IF;
    ANALYZE pg_temp.forgotten;
    DELETE FROM tlsrpt.claimed_policy p USING pg_temp.forgotten g
    WHERE p.policy_domain = ANY (g.domains) AND p.day = g.day AND p.report_key = g.report_key;
    DELETE FROM tlsrpt.claimed_raw b USING pg_temp.forgotten g
    WHERE b.policy_domain = g.policy_domain AND b.day = g.day AND b.report_key = g.report_key;
    DELETE FROM tlsrpt.conflict c USING pg_temp.forgotten g
    WHERE c.policy_domain = ANY (g.domains) AND c.day = g.day AND c.report_key = g.report_key AND c.tier = 4;
    DELETE FROM tlsrpt.claimed_report r USING pg_temp.forgotten g
    WHERE r.policy_domain = g.policy_domain AND r.day = g.day AND r.report_key = g.report_key;
    PERFORM tlsrpt.recount_claims();
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tlsrpt FROM PUBLIC;
