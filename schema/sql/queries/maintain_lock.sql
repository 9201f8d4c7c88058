-- Is nobody else maintaining this database? (tlsrptd maintain)
SELECT pg_try_advisory_xact_lock(1953264754, 3)
