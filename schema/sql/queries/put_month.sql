-- Makes the month of a day that a report names, if it may (tlsrptd).
SELECT tlsrpt.ensure_month($1::date)
