-- Drops the days of the quarantine that are older than $1 days (tlsrptd maintain).
SELECT tlsrpt.drop_quarantine(current_date - $1::integer)
