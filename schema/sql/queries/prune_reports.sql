-- Sums up the month $1 and drops its reports (tlsrptd prune, tlsrptd maintain).
SELECT tlsrpt.fold_month($1::date)
