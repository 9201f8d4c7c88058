-- Why a dump must not be restored here; null: it may (tlsrptd database restore).
SELECT CASE
    WHEN EXISTS (SELECT FROM tlsrpt.report) OR EXISTS (SELECT FROM tlsrpt.quarantine)
         OR EXISTS (SELECT FROM tlsrpt.daily_policy)
    THEN 'the database holds reports: restore into an empty one'
    WHEN NOT has_database_privilege(current_database(), 'CREATE')
    THEN format('let a superuser run: GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user)
    WHEN (SELECT count(*) FROM pg_roles
          WHERE rolname IN ('tlsrpt_owner', 'tlsrpt_collector', 'tlsrpt_reparse', 'tlsrpt_reader')) < 4
    THEN 'roles are missing: `tlsrptd migrate` says how to have them made'
END
