-- The first day whose reports are kept, in days since 1970; null: all are (tlsrptd).
SELECT tlsrpt.pruned_before() - date '1970-01-01'
