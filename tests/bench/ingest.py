#!/usr/bin/python3
"""Reports a second through store_put(), beside one-row inserts by pgbench: interleaved rounds on one durable
PostgreSQL, since only the ratio says something on a shared machine.

    cmake --preset release -DBUILD_TESTING=ON -B build/bench && ninja -C build/bench tlsrptd store_bench
    tests/bench/ingest.py [BUILD_DIR]     (default build/bench)
"""
import pathlib
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
from conftest import Postgres, postgres_bin  # noqa: E402

ROUNDS, SECONDS, CONNECTIONS = 3, 4, 4
ROW = """INSERT INTO plain (domain, day, key, body) VALUES
('example.org', current_date, sha256(random()::text::bytea), repeat('x', 600)::bytea);\n"""


def put(driver, uri, batch):
    done = subprocess.run([driver, uri, str(CONNECTIONS), str(batch), str(SECONDS)], capture_output=True, text=True,
                          check=True)
    return float(done.stdout)


def insert(uri, script):
    done = subprocess.run([f"{postgres_bin()}/pgbench", "-n", "-c", str(CONNECTIONS), "-j", "2", "-T", str(SECONDS),
                           "-f", script, uri], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def main():
    build = SOURCE / (sys.argv[1] if len(sys.argv) > 1 else "build/bench")
    server = Postgres(durable=True)
    try:
        uri = server.uri(server.create_database())
        subprocess.run([build / "tlsrptd", "migrate", "--db", uri], check=True, stdout=subprocess.DEVNULL)
        name = uri.split("?")[0].rsplit("/", 1)[1]
        server.sql(name, "CREATE TABLE plain (domain text, day date, key bytea PRIMARY KEY, body bytea)")
        figures = {"store_put, 100 a batch": [], "store_put, 10 a batch": [], "one-row inserts": []}
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(ROW)
            script.flush()
            for _ in range(ROUNDS):
                figures["store_put, 100 a batch"].append(put(build / "tests/store_bench", uri, 100))
                figures["one-row inserts"].append(insert(uri, script.name))
                figures["store_put, 10 a batch"].append(put(build / "tests/store_bench", uri, 10))
        base = statistics.median(figures["one-row inserts"])
        for what, values in figures.items():
            middle = statistics.median(values)
            print(f"{what:24} {middle:8.0f}/s  {middle / base:5.2f} times one-row inserts  "
                  f"({min(values):.0f} to {max(values):.0f})")
    finally:
        server.remove()


main()
