-- tlsrpt show --raw: the bytes as they came, of the best tier. $1 the id, $2 its day, $3 the trust asked for.
SELECT body
FROM (
    SELECT tier, body
    FROM raw_report
    WHERE day = $2::date
      AND left(encode(report_key, 'hex'), 16) = substr($1, 10)
      AND ($3::text[] IS NULL OR (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[tier] = ANY ($3::text[]))
    UNION ALL
    SELECT 9, body
    FROM quarantine
    WHERE arrival_day = $2::date
      AND left(encode(body_hash, 'hex'), 16) = substr($1, 10)
) AS b
ORDER BY tier
LIMIT 1
