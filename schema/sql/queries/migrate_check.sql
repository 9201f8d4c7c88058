-- Has migration $1 run, and was it the text $2? (tlsrptd migrate)
SELECT CASE WHEN checksum = sha256(convert_to($2::text, 'UTF8')) THEN 'same' ELSE 'other' END
FROM tlsrpt.migration
WHERE version = $1::integer
