-- Page "now" and tlsrpt findings, when none can be believed: the senders of reports that nobody vouches for, from
-- which confirmed host and how many, most first.
SELECT sender, CASE WHEN peer_name <> '' THEN peer_name END AS host, count(*) AS reports,
       extract(epoch FROM max(received))::bigint AS last_received
FROM claimed_report
WHERE received <= (SELECT t FROM instant)
GROUP BY sender, peer_name
ORDER BY reports DESC, sender, peer_name
LIMIT 500
