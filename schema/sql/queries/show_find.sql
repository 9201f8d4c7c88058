-- tlsrpt show: what an id, or the beginning of one, may mean: reports first. $2 and $3 are the days that it
-- allows, $4 the trust asked for.
SELECT DISTINCT id, kind
FROM (
    SELECT to_char(day, 'YYYYMMDD') || '-' || left(encode(report_key, 'hex'), 16) AS id, 'report' AS kind,
           (ARRAY['verified', 'operator', 'confirmed', 'unverified'])[tier] AS trust
    FROM report
    WHERE received <= (SELECT t FROM instant)
      AND day BETWEEN $2::date AND $3::date
    UNION ALL
    SELECT to_char(arrival_day, 'YYYYMMDD') || '-' || left(encode(body_hash, 'hex'), 16), 'quarantine',
           CASE status WHEN 3 THEN 'ignored' END
    FROM quarantine
    WHERE received <= (SELECT t FROM instant)
      AND arrival_day BETWEEN $2::date AND $3::date
) AS r
WHERE starts_with(id, $1)
  AND ($4::text[] IS NULL OR trust = ANY ($4::text[]))
ORDER BY kind DESC, id
LIMIT 6
