-- tlsrpt show: one input of the quarantine, ignored mail included. $1 its id, $2 its day of arrival.
SELECT $1::text AS id, extract(epoch FROM q.received)::bigint AS received, q.transport,
       CASE q.status WHEN 3 THEN 'ignored' END AS trust, q.status,
       to_json(CASE q.policy_domains WHEN '' THEN '{}' ELSE string_to_array(q.policy_domains, ' ') END)
           AS policy_domains,
       q.reason, q.peer, q.peer_name, q.source, octet_length(q.body) AS bytes,
       encode(q.body_hash, 'hex') AS body_sha256,
       (SELECT extract(epoch FROM p.at)::bigint FROM reparsed p
        WHERE p.arrival_day = q.arrival_day AND p.body_hash = q.body_hash
          AND p.at <= (SELECT t FROM instant)) AS understood,
       q.body
FROM quarantine q
WHERE q.arrival_day = $2::date
  AND left(encode(q.body_hash, 'hex'), 16) = substr($1, 10)
