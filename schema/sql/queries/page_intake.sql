-- Page "intake": what came of the deliveries of each day.
SELECT day,
       coalesce(sum(reports) FILTER (WHERE outcome = 'stored'), 0) AS accepted,
       coalesce(sum(reports) FILTER (WHERE outcome IN ('duplicate', 'conflict')), 0) AS duplicates,
       coalesce(sum(reports) FILTER (WHERE outcome = 'quarantined'), 0) AS quarantined,
       coalesce(sum(reports) FILTER (WHERE outcome = 'ignored'), 0) AS ignored,
       coalesce(sum(reports) FILTER (WHERE outcome IN ('not-ours', 'unrecognized', 'too-big')), 0) AS refused,
       coalesce(sum(reports) FILTER (WHERE outcome = 'try-later'), 0) AS put_off
FROM intake
WHERE day BETWEEN $1::date AND $2::date
GROUP BY day
ORDER BY day DESC
