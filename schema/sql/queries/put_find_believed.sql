-- Which policy domains of a batch are there already, and whether with the same content (tlsrptd).
SELECT n, same
FROM tlsrpt.find_believed($1::text[], $2::date[], $3::bytea[], $4::smallint[], $5::bytea[], $6::bytea[], $7::date, $8::date)
