-- A transaction that changes nothing and whose COMMIT waits, like any, for the disk and for the standby
-- (tlsrptd, when all of a batch is there already).
BEGIN; SET LOCAL statement_timeout = '30s';
SELECT pg_logical_emit_message(true, 'tlsrpt', '');
SET LOCAL statement_timeout = 0; COMMIT
