-- Makes the month of day $1 (days since 1970), as the owner, however long ago it is (tlsrptd import).
SELECT tlsrpt.ensure_month(date '1970-01-01' + $1::integer)
