-- Keeps the limits of what is only claimed: $1 bytes, $2 of one network, $3 days (tlsrptd maintain).
SELECT tlsrpt.keep_claims($1::bigint, $2::bigint, $3::integer)
