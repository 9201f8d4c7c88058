-- tlsrpt findings: until the end of the transaction enough memory to group millions of rows by hash, which is
-- several times as fast as sorting them, and no compiling of a query that runs once.
SELECT set_config('work_mem', '128MB', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true)
