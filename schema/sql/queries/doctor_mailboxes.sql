-- Mailboxes that cannot be looked through (tlsrpt doctor, tlsrpt check intake). One that was told of days ago is no
-- longer configured, or the collector is not at work, which is told elsewhere.
SELECT 'critical', 'mailbox-failing',
       format('reports in the mailbox "%s" have not been fetched since %s: %s', name,
              to_char(failing AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), fault),
       'mend what it says, then `tlsrptd fetch "' || name || '"` tries at once'
FROM mailbox
WHERE failing IS NOT NULL AND told > now() - interval '2 days'
ORDER BY failing, place
