-- The oldest and the newest program that fit this database (every program, when it connects).
SELECT oldest, newest FROM tlsrpt.program_fit()
