-- Records the oldest ($1) and the newest ($2) program that fit (tlsrptd migrate).
INSERT INTO tlsrpt.setting (name, value)
VALUES ('oldest_program', $1::text), ('newest_program', $2::text)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
