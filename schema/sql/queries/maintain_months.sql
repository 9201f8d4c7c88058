-- Months from $1 before to three after this one, and the next days of the quarantine (tlsrptd migrate and
-- maintain).
SELECT (SELECT count(*) FILTER (WHERE tlsrpt.ensure_month((current_date + n * interval '1 month')::date))
        FROM generate_series(-$1::integer, 3) AS n
        WHERE n >= 0
           OR to_regclass('tlsrpt.believed_policy' || to_char(current_date + n * interval '1 month', '_YYYYMM')) IS NULL),
       (SELECT count(*) FILTER (WHERE tlsrpt.ensure_quarantine_day(current_date + n))
        FROM generate_series(-1, 7) AS n)
