-- Page "intake": how long after the end of their day reports come; hours, null: longer.
SELECT CASE WHEN upto_s < 9223372036854775807 THEN upto_s / 3600 END AS upto_hours, reports
FROM metric_lag
ORDER BY upto_s
