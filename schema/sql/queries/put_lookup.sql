-- Which policy domains of a batch are there already, and whether with the same bytes (tlsrptd). OFFSET 0
-- keeps it one index look-up each, whatever the statistics say; the days $6 to $7 leave months out of the
-- plan.
SELECT u.n, k.body_hash = u.body_hash
FROM unnest($1::text[], $2::date[], $3::bytea[], $4::smallint[], $5::bytea[])
         WITH ORDINALITY AS u (policy_domain, day, report_key, tier, body_hash, n),
     LATERAL (SELECT r.body_hash FROM tlsrpt.report_key r
              WHERE r.policy_domain = u.policy_domain AND r.day = u.day AND r.report_key = u.report_key
                AND r.tier = u.tier AND r.day BETWEEN $6::date AND $7::date
              OFFSET 0) AS k
