-- Keeps one input in the quarantine, once (tlsrptd). No conflict target: it would need SELECT.
INSERT INTO tlsrpt.quarantine (arrival_day, body_hash, received, status, transport, peer, peer_name, source,
                               policy_domains, reason, body)
SELECT date '1970-01-01' + $1::integer, $2::bytea, to_timestamp($3::bigint), $4::smallint, $5::smallint,
       $6::text, $7::text, $8::text, $9::text, $10::text, $11::bytea
WHERE NOT tlsrpt.in_quarantine($2::bytea)
ON CONFLICT DO NOTHING
