-- Removes what was only claimed: $1 whose addresses, $2 the sender, $3 the policy domain, $4 since when it came (seconds
-- since 1970); null is any. Unless $5 it only says what would go (tlsrptd forget).
SELECT reports, bytes
FROM tlsrpt.forget_claims($1::cidr, $2::text, $3::text, to_timestamp($4::bigint), $5::boolean)
