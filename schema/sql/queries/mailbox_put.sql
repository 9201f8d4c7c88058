-- How far the mailbox $1 is fetched from now on (tlsrptd): UIDVALIDITY, the highest UID that is dealt with, and
-- those below it that are not.
SELECT tlsrpt.mailbox_put($1::text, $2::bigint, $3::bigint, $4::bigint[])
