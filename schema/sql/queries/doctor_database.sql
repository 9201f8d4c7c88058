-- What is unsafe or overdue in the database: $1 the time here, $2 the limit of the quarantine in bytes,
-- $3 the newest migration of this program (tlsrpt doctor).
WITH db AS (
    SELECT extract(epoch FROM clock_timestamp()) - $1::numeric AS ahead,
           (SELECT coalesce(max(version), 0) FROM migration) AS migrated,
           (SELECT coalesce(sum(octet_length(body)), 0) FROM quarantine) AS held,
           (SELECT coalesce(sum(reports), 0) FROM eviction WHERE cause = 'bytes' AND at > now() - interval '7 days')
               AS dropped,
           coalesce((SELECT max(at) FROM upkeep WHERE what = 'maintain'), (SELECT max(applied) FROM migration))
               AS maintained,
           to_regclass('believed_report_' || to_char(current_date + interval '1 month', 'YYYYMM')) IS NOT NULL AS next_month
)
SELECT severity, name, what, fix
FROM db, LATERAL (VALUES
    (abs(ahead) > 5, CASE WHEN abs(ahead) > 300 THEN 'critical' ELSE 'warning' END, 'clock',
     format('the clock of the database is %s s %s this host: lag, silence and certificates are judged wrongly',
            round(abs(ahead)), CASE WHEN ahead > 0 THEN 'ahead of' ELSE 'behind' END),
     'let both hosts take their time by NTP (timedatectl)'),
    (migrated < $3::integer, 'warning', 'schema-behind',
     format('the database has migration %s of %s: parts of this version do not work yet', migrated, $3::integer),
     'run `tlsrptd migrate`, once, when all programs that use it are of this version'),
    (maintained < now() - interval '2 days' OR NOT next_month,
     CASE WHEN next_month THEN 'warning' ELSE 'critical' END, 'maintenance-overdue',
     format('maintenance last ran on %s: it makes room for new months, folds totals and keeps the limits',
            to_char(maintained, 'YYYY-MM-DD')),
     'run `tlsrptd maintain` now, and daily from a timer (systemctl enable --now tlsrpt-maintain.timer)'),
    (dropped > 0, 'warning', 'quarantine-dropped',
     format('%s inputs were dropped from the quarantine in the last week, since it was full', dropped),
     'look at `tlsrpt reports --status quarantined,ignored`, then `tlsrptd reparse` or a larger '
     || 'quarantine/max_bytes'),
    (dropped = 0 AND held > 0.8 * $2::numeric, 'warning', 'quarantine-full',
     format('the quarantine holds %s of %s bytes: soon the oldest of it is dropped', held, $2::numeric),
     'look at `tlsrpt reports --status quarantined,ignored`, then `tlsrptd reparse` or a larger '
     || 'quarantine/max_bytes')
) AS fault (found, severity, name, what, fix)
WHERE found
