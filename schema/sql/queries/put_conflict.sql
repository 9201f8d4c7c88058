-- Notes that a known report came with other bytes (tlsrptd).
SELECT tlsrpt.note_conflict($1::text, $2::date, $3::bytea, $4::smallint, $5::bytea, $6::timestamptz,
                            $7::smallint, $8::text)
