-- Makes the schema, and acts as its owner for the rest of the transaction, so that everything in it
-- belongs to one role whoever migrates (tlsrptd migrate). Where we may not, the error says what would help.
DO $$
DECLARE
    owner text;
    help  text;
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tlsrpt') THEN
            owner := (SELECT rolname FROM pg_roles
                      WHERE rolname = 'tlsrpt_owner' AND pg_has_role(current_user, oid, 'MEMBER'));
            help := format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user);
            EXECUTE format('CREATE SCHEMA tlsrpt AUTHORIZATION %I', coalesce(owner, current_user));
        END IF;
        owner := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'tlsrpt');
        help := (SELECT string_agg(format('ALTER TABLE %s OWNER TO %I', oid::regclass, owner), '; ' ORDER BY relname)
                 FROM pg_class
                 WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind IN ('r', 'p')
                   AND pg_get_userbyid(relowner) <> owner);
        IF help IS NOT NULL THEN -- prune of 0.2.0 left its sums to whoever ran it
            EXECUTE help;
        END IF;
        help := format('GRANT %I TO %I', owner, current_user);
        EXECUTE format('SET LOCAL ROLE %I', owner);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s; let a superuser run: %s;', sqlerrm, help);
    END;
    SET LOCAL search_path = tlsrpt, pg_catalog;
    IF to_regclass('tlsrpt.migration') IS NULL THEN
        CREATE TABLE tlsrpt.migration (
            version  integer PRIMARY KEY,
            name     text NOT NULL,
            checksum bytea NOT NULL,
            applied  timestamptz NOT NULL DEFAULT now(),
            program  text NOT NULL
        );
    END IF;
END
$$
