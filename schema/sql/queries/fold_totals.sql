-- Moves the tally into the running totals; at most $1 policy domains and $2 senders have a name there (tlsrptd).
SELECT tlsrpt.fold_totals($1::bigint, $2::bigint)
