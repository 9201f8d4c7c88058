-- tlsrptd reparse: this input of the quarantine is understood, and stored.
INSERT INTO tlsrpt.reparsed (arrival_day, body_hash, at)
VALUES ($1::date, decode($2, 'hex'), now())
ON CONFLICT DO NOTHING
