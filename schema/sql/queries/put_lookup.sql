-- Which policy domains of a batch are there already, and whether with the same bytes (tlsrptd).
SELECT n, same
FROM tlsrpt.find_reports($1::text[], $2::date[], $3::bytea[], $4::smallint[], $5::bytea[], $6::date, $7::date)
