-- tlsrptd reparse: the quarantine but for what was understood since; $1 a status (2, 3) or null for both.
SELECT q.arrival_day, encode(q.body_hash, 'hex'), extract(epoch FROM q.received)::bigint, q.status, q.transport,
       q.peer, q.peer_name, encode(q.body, 'hex')
FROM quarantine q
WHERE ($1::smallint IS NULL OR q.status = $1::smallint)
  AND NOT EXISTS (SELECT FROM reparsed p WHERE p.arrival_day = q.arrival_day AND p.body_hash = q.body_hash)
ORDER BY q.arrival_day, q.body_hash
