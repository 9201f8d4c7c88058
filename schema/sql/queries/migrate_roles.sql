-- Creates the roles that are missing, if we may (tlsrptd migrate). Roles belong to the whole server, so
-- another database may create them at the same time.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['tlsrpt_owner', 'tlsrpt_collector', 'tlsrpt_reparse', 'tlsrpt_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I LOGIN', role);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
        END;
        BEGIN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = tlsrpt', role, current_database());
            IF role = 'tlsrpt_reader' THEN
                EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on',
                               role, current_database());
            END IF;
        EXCEPTION
            WHEN insufficient_privilege OR undefined_object THEN NULL;
        END;
    END LOOP;
    IF NOT pg_has_role(current_user, 'tlsrpt_owner', 'MEMBER') THEN
        EXECUTE format('GRANT tlsrpt_owner TO %I', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN NULL;
END
$$
