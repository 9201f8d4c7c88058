-- Makes the months of the days that a batch names, those that it may (tlsrptd).
SELECT count(*) FILTER (WHERE tlsrpt.ensure_month(month))
FROM (SELECT DISTINCT date_trunc('month', day::timestamp)::date AS month
      FROM unnest($1::date[]) AS day) AS months
