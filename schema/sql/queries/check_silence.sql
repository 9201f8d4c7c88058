-- tlsrpt check silence: seconds from the latest arrival of a report that counts to $1 (seconds since 1970), of
-- the domains $2 and senders $3 (null: all), among reports of the latest 92 days; null when there is none. Where
-- all are meant the running totals know it.
SELECT greatest($1::bigint - extract(epoch FROM t)::bigint, 0) * CASE WHEN t IS NOT NULL THEN 1 END
FROM (SELECT coalesce(
    (SELECT max(received) FROM metric_sender
     WHERE $2::text[] IS NULL AND $3::text[] IS NULL AND (SELECT t FROM instant) = 'infinity'),
    (SELECT max(received) FROM counted_policy
     WHERE day >= (to_timestamp($1::bigint) AT TIME ZONE 'UTC')::date - 92 AND tier < 4
       AND ($2::text[] IS NULL OR policy_domain = ANY ($2::text[]))
       AND ($3::text[] IS NULL OR sender = ANY ($3::text[])))) AS t) AS latest
