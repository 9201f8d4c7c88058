-- Makes a day of the quarantine (tlsrptd).
SELECT tlsrpt.ensure_quarantine_day(date '1970-01-01' + $1::integer)
