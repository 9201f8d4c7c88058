-- The same for what is only claimed (tlsrptd).
SELECT n, same
FROM tlsrpt.find_claimed($1::text[], $2::date[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::date, $8::date)
