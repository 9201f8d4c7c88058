-- Notes that migration $1, named $2, with the text $3, was run by program $4 (tlsrptd migrate).
INSERT INTO tlsrpt.migration (version, name, checksum, program)
VALUES ($1::integer, $2::text, sha256(convert_to($3::text, 'UTF8')), $4::text)
