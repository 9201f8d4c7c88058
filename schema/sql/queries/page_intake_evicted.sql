-- Page "intake": what the limits of the quarantine cost, the latest first.
SELECT extract(epoch FROM at)::bigint AS at, cause, source, reports, bytes
FROM eviction
WHERE at >= $1::date AND at < $2::date + 1
ORDER BY at DESC, bytes DESC
LIMIT 50
