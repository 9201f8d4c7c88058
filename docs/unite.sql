-- Makes a database that shows several databases of ours (shards) as one, for reading only. In a new one, as
-- a superuser: run `tlsrptd migrate`; make a server of postgres_fdw for each shard, named shard_..., with
-- user mappings to its tlsrpt_reader; then run this with psql. It holds no report, so after an upgrade of
-- the shards drop it and make it again. docs/scaling.md shows the whole.
--
-- Every table becomes a parent without keys, whose children are the tables of the shards; the views and
-- functions stay as the migrations made them.
BEGIN;
SET LOCAL search_path = tlsrpt, pg_catalog;
SET LOCAL client_min_messages = warning;

DO $$
DECLARE
    own   text[] := ARRAY['migration', 'setting', 'metric_cap']; -- this database's own
    one   text;
    shard text;
    shown record;
    views text[];
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_server WHERE srvname LIKE 'shard\_%') THEN
        RAISE EXCEPTION 'no foreign server is named shard_...';
    END IF;
    IF EXISTS (SELECT FROM report) OR EXISTS (SELECT FROM quarantine) THEN
        RAISE EXCEPTION 'this database holds reports: unite only one that holds none';
    END IF;
    -- Views hold on to the tables that they were made for, so they are made again, in order.
    SELECT array_agg(format('CREATE OR REPLACE VIEW tlsrpt.%I AS %s', relname, pg_get_viewdef(oid)) ORDER BY oid)
    INTO views FROM pg_class WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind = 'v';

    FOR one IN SELECT relname FROM pg_class
               WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                 AND relname <> ALL (own) ORDER BY relname LOOP
        EXECUTE format('CREATE TABLE united (LIKE %I)', one);
        EXECUTE format('DROP TABLE %I CASCADE', one);
        EXECUTE format('ALTER TABLE united RENAME TO %I', one);
        EXECUTE format('ALTER TABLE %I OWNER TO tlsrpt_owner', one);
        EXECUTE format('GRANT SELECT ON %I TO tlsrpt_reader', one);
        FOR shard IN SELECT srvname FROM pg_foreign_server WHERE srvname LIKE 'shard\_%' ORDER BY srvname LOOP
            EXECUTE format('CREATE FOREIGN TABLE %I () INHERITS (%I) SERVER %I
                            OPTIONS (schema_name ''tlsrpt'', table_name %L)', one || '_' || shard, one, shard, one);
        END LOOP;
    END LOOP;

    FOREACH one IN ARRAY views LOOP
        EXECUTE one;
    END LOOP;
    FOR shown IN SELECT relname FROM pg_class
                 WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind = 'v' LOOP
        EXECUTE format('ALTER VIEW %I OWNER TO tlsrpt_owner', shown.relname);
        EXECUTE format('GRANT SELECT ON %I TO tlsrpt_reader', shown.relname);
    END LOOP;
END
$$;
COMMIT;
