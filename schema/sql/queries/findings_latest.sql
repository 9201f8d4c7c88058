-- tlsrpt findings, when nothing has come for long: the latest day (since 1970) before $1 of which a report can be
-- believed, for the domains $2 (null: all).
SELECT max(day) - date '1970-01-01'
FROM counted_policy
WHERE day < $1::date AND tier < 4
  AND ($2::text[] IS NULL OR policy_domain = ANY ($2::text[]))
