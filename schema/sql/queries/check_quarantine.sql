-- tlsrpt check quarantine: how many inputs came into the quarantine since $1 (seconds since 1970), ignored mail
-- left out, how many bytes, and why the latest of them.
SELECT count(*), coalesce(sum(octet_length(body)), 0),
       (SELECT l.reason FROM open_quarantine l
        WHERE l.arrival_day >= (to_timestamp($1::bigint) AT TIME ZONE 'UTC')::date
          AND l.received >= to_timestamp($1::bigint) AND l.status = 2
        ORDER BY l.received DESC, l.body_hash LIMIT 1)
FROM open_quarantine q
WHERE q.arrival_day >= (to_timestamp($1::bigint) AT TIME ZONE 'UTC')::date
  AND q.received >= to_timestamp($1::bigint) AND q.status = 2
