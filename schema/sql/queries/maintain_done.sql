-- Notes that the owner's work was done (tlsrptd maintain).
WITH done AS (
    INSERT INTO tlsrpt.upkeep VALUES ('maintain', now())
    ON CONFLICT (what) DO UPDATE SET at = excluded.at
    RETURNING 1
)
SELECT count(*) FROM done
