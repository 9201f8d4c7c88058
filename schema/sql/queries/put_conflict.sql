-- Notes that a known report came with other bytes (tlsrptd).
SELECT tlsrpt.note_conflict($1::text, date '1970-01-01' + $2::integer, $3::bytea, $4::smallint, $5::bytea,
                            to_timestamp($6::bigint), $7::smallint, $8::text)
