-- What a crash or a failover of this server would lose of what it has acknowledged, by its settings (tlsrptd
-- serve, tlsrptd config check, tlsrpt doctor). A replica has no say in it.
WITH server AS (
    SELECT current_setting('synchronous_commit') AS commit,
           current_setting('synchronous_standby_names') AS synchronous,
           greatest((SELECT count(*) FROM pg_stat_replication
                     WHERE coalesce(state, 'streaming') IN ('streaming', 'catchup')),
                    (SELECT count(*) FROM pg_replication_slots
                     WHERE slot_type = 'physical' AND NOT temporary)) AS standbys
)
SELECT severity, name, what, fix
FROM server, LATERAL (VALUES
    (current_setting('fsync') = 'off', 'critical', 'fsync-off',
     'PostgreSQL runs with fsync = off: when its host crashes, acknowledged reports and the whole database may '
     || 'be lost',
     'set fsync = on in postgresql.conf and reload'),
    (commit = 'off', 'critical', 'synchronous-commit-off',
     'PostgreSQL runs with synchronous_commit = off: reports are acknowledged before they are on disk, and a '
     || 'crash loses the latest',
     'set synchronous_commit = on, for the role tlsrpt_collector at least'),
    (current_setting('full_page_writes') = 'off', 'warning', 'full-page-writes-off',
     'PostgreSQL runs with full_page_writes = off: a crash in the middle of a write may damage the database',
     'set full_page_writes = on, unless the file system never writes half a page'),
    (standbys > 0 AND synchronous = '', 'warning', 'standby-asynchronous',
     format('%s of this PostgreSQL, and asynchronous: a failover loses the reports acknowledged just before it',
            CASE standbys WHEN 1 THEN 'there is a standby' ELSE format('there are %s standbys', standbys) END),
     'name them in synchronous_standby_names (ANY 1 (...) waits for the first), or accept the loss'),
    (synchronous <> '' AND commit = 'local', 'warning', 'standby-not-waited-for',
     'synchronous_standby_names is set, but synchronous_commit = local waits for none of them: a failover loses '
     || 'the reports acknowledged just before it',
     'set synchronous_commit = on, for the role tlsrpt_collector at least')
) AS fault (found, severity, name, what, fix)
WHERE found AND NOT pg_is_in_recovery()
