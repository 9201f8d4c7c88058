-- Nobody writes or makes months from here on: what writers lock, in their order, before a migration takes any of it one
-- by one and waits in a circle (tlsrptd migrate, when there is something to migrate).
DO $$
DECLARE
    one text;
BEGIN
    PERFORM pg_advisory_xact_lock(1953264754, 2);
    FOREACH one IN ARRAY CASE WHEN to_regclass('tlsrpt.report_key') IS NULL -- since 0005
        THEN ARRAY['daily_policy', 'policy_result', 'report', 'raw_report', 'conflict', 'tally', 'intake_count']
        ELSE ARRAY['daily_policy', 'report_key', 'report', 'policy_result', 'failure_detail', 'raw_report', 'tally',
                   'tally_failure', 'conflict', 'intake_count'] END LOOP
        IF (SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = to_regclass('tlsrpt.' || one)) THEN
            EXECUTE format('LOCK TABLE tlsrpt.%I IN ACCESS EXCLUSIVE MODE', one);
        END IF;
    END LOOP;
END
$$
