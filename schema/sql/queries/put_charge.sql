-- Claims were kept: so many bytes each from these sources, which must not have more than their limits (tlsrptd).
SELECT tlsrpt.charge_claims($1::text[], $2::bigint[])
