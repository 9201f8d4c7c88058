-- What the role of this connection may do that it should not: $1 is whose work it does, reader or collector,
-- $2 the setting that names it (tlsrpt doctor).
WITH me AS (
    SELECT current_user AS name, $1::text AS work,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
           pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'tlsrpt'), 'MEMBER') AS owner,
           (SELECT bool_or(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c
            WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relname ~ '^(believed|claimed)_\D|report$') AS reads,
           (SELECT bool_or(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')) FROM pg_class c
            WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relname ~ '^(believed|claimed)_\D') AS writes
)
SELECT 'warning', check_name, what,
       format('let %s name the role tlsrpt_%s (tlsrptd(8), DATABASE)', $2::text, work)
FROM me, LATERAL (VALUES
    (super, 'role-superuser',
     format('the %s connects as %I, a superuser: who takes it over has the whole server', work, name)),
    (owner AND NOT super, 'role-owner',
     format('the %s connects as %I, which owns the tables: who takes it over can change and delete all reports',
            work, name)),
    (work = 'collector' AND reads AND NOT owner, 'role-collector-reads',
     format('the collector connects as %I, which may read all reports: it needs to add rows only', name)),
    (work = 'reader' AND writes AND NOT owner, 'role-reader-writes',
     format('the reader connects as %I, which may write: it needs to read only', name))
) AS fault (found, check_name, what)
WHERE found
