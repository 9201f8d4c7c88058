-- tlsrpt check intake: seconds since a collector last kept the books, which it does every minute, and since the
-- last maintenance; null: never.
SELECT extract(epoch FROM now() - max(at) FILTER (WHERE what = 'fold'))::bigint,
       extract(epoch FROM now() - max(at) FILTER (WHERE what = 'maintain'))::bigint
FROM upkeep
