-- The roles that migrate_roles.sql might not create (tlsrptd migrate).
SELECT role
FROM unnest(ARRAY['tlsrpt_owner', 'tlsrpt_collector', 'tlsrpt_reparse', 'tlsrpt_reader']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
