-- Drops the bytes of the reports of month $1 (tlsrptd prune, tlsrptd maintain).
SELECT tlsrpt.drop_raw_month($1::date)
