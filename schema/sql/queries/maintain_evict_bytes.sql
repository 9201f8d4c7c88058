-- When the quarantine holds more than $1 bytes: each source keeps at most what makes the sum fit, so the one
-- that holds most loses first, and of it the oldest; and none keeps more than $2 (tlsrptd maintain).
WITH held AS (
    SELECT source, sum(octet_length(body))::numeric AS bytes
    FROM tlsrpt.quarantine GROUP BY source
), fair AS (
    -- From the smallest source up: what is left for each of the others if they shared the rest.
    SELECT source, bytes,
           ($1::numeric - (sum(bytes) OVER smaller - bytes))
           / (count(*) OVER () - row_number() OVER smaller + 1) AS share
    FROM held WINDOW smaller AS (ORDER BY bytes, source)
), cap AS (
    SELECT least(share, nullif($2::numeric, 0)) AS bytes FROM fair WHERE bytes > share ORDER BY fair.bytes, source LIMIT 1
), newest_first AS (
    SELECT arrival_day, body_hash, source, octet_length(body) AS bytes,
           sum(octet_length(body)) OVER (PARTITION BY source ORDER BY received DESC, body_hash) AS upto
    FROM tlsrpt.quarantine
    WHERE EXISTS (SELECT FROM cap)
), gone AS (
    DELETE FROM tlsrpt.quarantine q
    USING newest_first n, cap
    WHERE q.arrival_day = n.arrival_day AND q.body_hash = n.body_hash AND n.upto > cap.bytes
    RETURNING n.source, n.bytes
), noted AS (
    INSERT INTO tlsrpt.eviction (cause, source, reports, bytes)
    SELECT 'bytes', source, count(*), sum(bytes) FROM gone GROUP BY source
)
SELECT count(*) FROM gone
