-- Page "heat map": what each sender reported of each day, the one with most sessions since $6 first; those
-- after the first $7 together, without a name. Of believed reports, unless $5 asks for others.
WITH cell AS (
    SELECT sender, day,
           sum(successful_sessions) + sum(failed_sessions) AS sessions, sum(failed_sessions) AS failed_sessions,
           least(greatest(date_part('epoch', min(received))::bigint / 3600
                          - (day - date '1970-01-01' + 1) * 24, 0), 10000) AS lag_hours
    FROM counted_policy
    WHERE leads
      AND day BETWEEN $1::date AND $2::date
      AND ($3::text[] IS NULL OR policy_domain = ANY ($3::text[]))
      AND ($4::text[] IS NULL OR sender = ANY ($4::text[]))
      AND CASE WHEN $5::text[] IS NULL THEN tier < 4 ELSE trust = ANY ($5::text[]) END
    GROUP BY sender, day
), rank AS (
    SELECT sender, least(row_number() OVER (ORDER BY sum(sessions) FILTER (WHERE day >= $6::date) DESC NULLS LAST,
                                                     sender), $7::bigint + 1) AS place
    FROM cell GROUP BY sender
)
SELECT CASE WHEN place <= $7::bigint THEN sender END AS sender, day,
       sum(sessions) AS sessions, sum(failed_sessions) AS failed_sessions, min(lag_hours) AS lag_hours
FROM cell JOIN rank USING (sender)
GROUP BY place, CASE WHEN place <= $7::bigint THEN sender END, day
ORDER BY place, day
