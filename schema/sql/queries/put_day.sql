-- Makes a day of the quarantine (tlsrptd).
SELECT tlsrpt.ensure_quarantine_day($1::date)
