-- The mailbox $1, section $2, was looked through (tlsrptd), or $3 is why it was not.
SELECT tlsrpt.mailbox_tell($1::text, $2::text, $3::text)
