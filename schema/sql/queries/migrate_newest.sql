-- The newest program that has migrated this database and its newest migration (tlsrptd migrate).
SELECT (SELECT program FROM tlsrpt.migration ORDER BY version DESC LIMIT 1),
       (SELECT coalesce(max(version), 0) FROM tlsrpt.migration)
