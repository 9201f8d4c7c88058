-- Page "intake": why reports are in the quarantine, the reason of most first.
SELECT reason, status, count(*) AS reports, count(DISTINCT source) AS sources,
       extract(epoch FROM max(received))::bigint AS last_received
FROM open_quarantine
WHERE arrival_day BETWEEN $1::date AND $2::date
GROUP BY reason, status
ORDER BY reports DESC, reason, status
LIMIT 50
