-- Begins every answer: `instant` is what $1 says (seconds since 1970; null: all) until the end of the
-- transaction. And what was summed up and dropped: days before this one, with the latest of its arrivals.
SELECT set_config('tlsrpt.as_of', coalesce(to_timestamp($1::bigint)::text, ''), true),
       max(before) - date '1970-01-01', ceil(extract(epoch FROM max(arrived)))::bigint
FROM pruned
