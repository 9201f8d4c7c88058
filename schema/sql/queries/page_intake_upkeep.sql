-- Page "intake": when which work was last done, and what the quarantine holds (its status as a number).
SELECT what, extract(epoch FROM at)::bigint AS at, NULL::bigint AS reports, NULL::numeric AS bytes FROM upkeep
UNION ALL
SELECT status::text, extract(epoch FROM at)::bigint, reports, bytes FROM quarantine_size
ORDER BY what DESC
