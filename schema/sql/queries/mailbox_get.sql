-- How far the mailbox $1 was fetched (tlsrptd): nulls when that is not known.
SELECT m.uidvalidity, m.uid_done, m.again FROM tlsrpt.mailbox_get($1::text) AS m
