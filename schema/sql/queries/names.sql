-- tlsrpt, when a domain or sender that was asked for is not there: those that are, for "did you mean". From the
-- running totals and what was added since, never history.
SELECT CASE kind WHEN 'sender' THEN 'sender' ELSE 'domain' END AS kind, name FROM metric_name
UNION
SELECT 'domain', policy_domain FROM tally
UNION
SELECT 'sender', sender FROM tally WHERE tier < 3
ORDER BY 1, 2
