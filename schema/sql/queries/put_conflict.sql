-- Notes that a known report came with other content (tlsrptd).
SELECT tlsrpt.note_conflict($1::text, date '1970-01-01' + $2::integer, $3::bytea, $4::smallint, $5::bytea, $6::bytea,
                            to_timestamp($7::bigint), $8::smallint, $9::text)
