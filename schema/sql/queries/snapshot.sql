-- Begins every answer: `instant` is what $1 says (seconds since 1970; null: all) until the end of the
-- transaction.
SELECT set_config('tlsrpt.as_of', coalesce(to_timestamp($1::bigint)::text, ''), true)
