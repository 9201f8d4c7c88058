-- The partitioned tables whose statistics are older than a day, which autovacuum leaves alone (tlsrptd
-- maintain).
SELECT coalesce(string_agg(format('ANALYZE %s', c.oid::regclass), '; '), '')
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relkind = 'p'
  AND coalesce(s.last_analyze, '-infinity') < now() - interval '20 hours'
