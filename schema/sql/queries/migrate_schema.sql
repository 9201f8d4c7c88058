-- Makes the schema, and acts as its owner for the rest of the transaction, so that everything in it
-- belongs to one role whoever migrates (tlsrptd migrate).
DO $$
DECLARE
    owner text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tlsrpt') THEN
        owner := (SELECT rolname FROM pg_roles
                  WHERE rolname = 'tlsrpt_owner' AND pg_has_role(current_user, oid, 'MEMBER'));
        EXECUTE format('CREATE SCHEMA tlsrpt AUTHORIZATION %I', coalesce(owner, current_user));
    END IF;
    owner := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'tlsrpt');
    EXECUTE format('SET LOCAL ROLE %I', owner);
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
