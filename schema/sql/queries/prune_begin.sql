-- Says that month $1 and all before it are over (tlsrptd prune, tlsrptd maintain).
SELECT tlsrpt.prune_begin(($1::date + interval '1 month')::date)
