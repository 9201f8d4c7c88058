-- What is old enough to go, the oldest month first: the bytes of reports ($1 days are kept) and the reports
-- themselves ($2 days); 0 keeps for ever (tlsrptd prune, tlsrptd maintain).
WITH cut AS (
    SELECT date_trunc('month', current_date - nullif($1::integer, 0))::date AS raw,
           date_trunc('month', current_date - nullif($2::integer, 0))::date AS reports
), part AS (
    SELECT p.relname AS parent, to_date(right(c.relname, 6), 'YYYYMM') AS month, pg_total_relation_size(c.oid) AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    WHERE p.relnamespace = 'tlsrpt'::regnamespace
      AND p.relname = ANY (tlsrpt.month_tables())
), old AS (
    SELECT 'reports' AS what, month, sum(bytes)::bigint AS bytes
    FROM part, cut WHERE month < cut.reports GROUP BY month
    UNION ALL
    SELECT 'raw', month, sum(bytes)::bigint
    FROM part, cut
    WHERE parent IN ('believed_raw', 'claimed_raw') AND month < cut.raw AND month < cut.reports IS NOT TRUE
    GROUP BY month
)
SELECT what, month, bytes,
       CASE what
           WHEN 'raw' THEN (SELECT count(*) FROM tlsrpt.raw_report r
                            WHERE r.day >= month AND r.day < (month + interval '1 month')::date)
           ELSE (SELECT count(*) FROM tlsrpt.report r
                 WHERE r.day >= month AND r.day < (month + interval '1 month')::date)
       END
FROM old
ORDER BY month, what
