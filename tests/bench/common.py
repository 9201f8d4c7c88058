"""What the parts share: the programs, the packs, one durable PostgreSQL, and the table."""
import datetime
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
from conftest import Postgres, postgres_bin  # noqa: E402

TARGETS = ("tlsrptd", "tlsrpt", "bench_decode", "bench_store")
DAYS = 310  # workload.py spreads its reports over 300 days
TABLES = ("believed_policy", "believed_report", "believed_raw", "claimed_policy", "claimed_report", "claimed_raw",
          "quarantine")
# As on a small server of its own; both sides of every ratio live with them.
POSTGRES = ("-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "autovacuum_naptime=15s")
ROW = """INSERT INTO plain (domain, day, key, body) VALUES
('example.org', current_date, sha256(random()::text::bytea), repeat('x', 500)::bytea);\n"""


def read_pack(path):
    """The gzip of each report of a pack."""
    data, at = path.read_bytes(), 0
    while at + 8 <= len(data):
        size, _ = struct.unpack_from("<II", data, at)
        yield data[at + 8:at + 8 + size]
        at += 8 + size


class Bench:
    def __init__(self, chosen):
        self.short, self.long = chosen.short, chosen.long
        self.rounds = 2 if self.short else 5
        self.rows, self.server, self.server_made = [], None, 0
        self.work = SOURCE / "build/bench-data"
        self.work.mkdir(parents=True, exist_ok=True)
        self.build = pathlib.Path(chosen.build).resolve() if chosen.build else self.make()
        self.data = pathlib.Path(chosen.data).resolve() if chosen.data else self.make_packs("packs")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.server:
            self.server.remove()

    # ---- programs and data ----

    def make(self):
        build = SOURCE / "build/bench"
        ccache = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        for command in (["cmake", "--preset", "release", "-B", build, "-DBUILD_TESTING=ON", *ccache],
                        ["cmake", "--build", build, "--target", *TARGETS]):
            done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(done.stdout[-4000:] + done.stderr)
        return build

    def make_packs(self, name, seed=8460):
        """Packs whose last day is yesterday's, made anew each day; the folder."""
        first = datetime.date.today() - datetime.timedelta(DAYS)
        folder = self.work / f"{name}-{first}-{seed}{'-short' if self.short else ''}"
        if not (folder / "mix.pack").exists():
            for old in self.work.glob(f"{name}-*-{seed}{'-short' if self.short else ''}"):
                shutil.rmtree(old)
            subprocess.run([sys.executable, HERE / "workload.py", "--out", folder, "--seed", str(seed), "--first-day",
                            str(first), "--scale", "0.1" if self.short else "1"], check=True, stdout=subprocess.DEVNULL)
        return folder

    def program(self, name, *words):
        """What a program of ours prints, as numbers."""
        path = self.build / (f"tests/bench/{name}" if name.startswith("bench_") else name)
        done = subprocess.run([path, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr}")
        return [float(word) for word in done.stdout.split()]

    # ---- PostgreSQL ----

    def database(self):
        """A new, migrated database on a durable server; (name, uri)."""
        if self.server is None:
            self.server = Postgres(durable=True, options=POSTGRES)
        name = self.server.create_database()
        uri = self.server.uri(name)
        subprocess.run([self.build / "tlsrptd", "migrate", "--db", uri], check=True, stdout=subprocess.DEVNULL)
        self.server.sql(name, "CREATE TABLE plain (domain text, day date, key bytea PRIMARY KEY, body bytea)")
        return name, uri

    def empty(self, name):
        """The tables as after migrate; what the server has put off is done before the clock starts."""
        self.server.sql(name, "TRUNCATE " + ", ".join(f"tlsrpt.{table}" for table in TABLES) + ", plain")
        self.server.sql(name, "CHECKPOINT")

    def one_row_commits(self, uri, connections, seconds):
        """Transactions a second of one small INSERT each: what group commit is measured against."""
        script = self.work / "one_row.sql"
        script.write_text(ROW)
        done = subprocess.run([f"{postgres_bin()}/pgbench", "-n", "-c", str(connections), "-j", str(min(connections, 2)),
                               "-T", str(seconds), "-f", script, uri], capture_output=True, text=True, check=True)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])

    # ---- the table ----

    def add(self, name, ours, limit=None, must=None, aim=None, scale=1):
        """One row. Lists are figures of rounds: their medians are shown, and the ratio is that of the medians."""
        ours, limit = (statistics.median(x) if isinstance(x, (list, tuple)) else x for x in (ours, limit))
        ratio = None if limit is None else ours / limit * scale
        self.rows.append({"name": name, "ours": ours, "limit": limit, "ratio": ratio, "must": must, "aim": aim})

    @staticmethod
    def verdict(row):
        """Less is better where the aim is below what is a must, or where the name says so."""
        if row["must"] is None:
            return ""
        got = row["ours"] if row["ratio"] is None else row["ratio"]
        less = row["aim"] < row["must"] if row["aim"] is not None else True
        for word in ("aim", "must"):
            if row[word] is not None and (got <= row[word] if less else got >= row[word]):
                return word
        return "SHORT"

    def print_table(self):
        def number(x):
            return "" if x is None else f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"

        print(f"{'':62} {'ours':>10} {'limit':>10} {'ratio':>7} {'must':>6} {'aim':>6}  reaches")
        for row in self.rows:
            print(f"{row['name']:62} {number(row['ours']):>10} {number(row['limit']):>10} {number(row['ratio']):>7} "
                  f"{number(row['must']):>6} {number(row['aim']):>6}  {self.verdict(row)}", flush=True)
