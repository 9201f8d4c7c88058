"""Through the store into PostgreSQL, beside COPY BINARY of the same rows and beside one-row commits; bytes kept."""
BATCH = 100
INSERT_S = 2


def measure(bench):
    name, uri = bench.database()
    pack = bench.data / "mix.pack"
    for connections in (1, 4):
        put, copy, insert = [], [], []
        bench.empty(name)
        for turn in range(bench.rounds):
            for mode, rates in (("put", put), ("copy", copy)):
                kept, seconds = bench.program("bench_store", uri, mode, connections, BATCH, pack,
                                              f"{mode}-{connections}-{turn}")
                rates.append(kept / seconds)
            insert.append(bench.one_row_commits(uri, connections, 1 if bench.short else INSERT_S))
        what = f"ingest, {connections} connection{'s' * (connections > 1)}, reports/s"
        bench.add(f"{what}, of COPY BINARY", put, copy, .75, .90)
        bench.add(f"{what}, of one-row INSERT + commit", put, insert, 3, 4.5)
    bytes_kept(bench, name, uri, pack)


def bytes_kept(bench, name, uri, pack):
    def size_and_wal():
        bench.server.sql(name, "CHECKPOINT")
        return bench.server.sql(name, f"""SELECT sum(pg_total_relation_size(inhrelid)), pg_current_wal_lsn() - '0/0'
            FROM pg_inherits WHERE inhparent::regclass::text LIKE 'tlsrpt.%%'""", (1,))[0]

    bench.empty(name)
    size, wal = size_and_wal()
    reports, _ = bench.program("bench_store", uri, "put", 4, BATCH, pack, "bytes", 2 if bench.short else 10)
    bigger, further = size_and_wal()
    known = reports / 99  # of a hundred reports one was put before the clock, and counts
    bench.add("bytes kept a mixed report, KB, raw bytes included", float(bigger - size) / (reports + known) / 1000,
              None, 2.0, 1.7)
    bench.add("WAL a mixed report, KB", float(further - wal) / (reports + known) / 1000, None, 2.8, 2.3)
