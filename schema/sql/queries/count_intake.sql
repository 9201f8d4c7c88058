-- Appends what this process made of deliveries since it last did (tlsrptd): $1 its host, then transports,
-- tiers, outcomes, how many.
INSERT INTO tlsrpt.intake_count (collector, transport, tier, outcome, reports)
SELECT $1::text, n.transport, n.tier, n.outcome, n.reports
FROM unnest($2::smallint[], $3::smallint[], $4::text[], $5::bigint[]) AS n (transport, tier, outcome, reports)
