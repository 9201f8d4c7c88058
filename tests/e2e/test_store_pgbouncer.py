"""pgbouncer in transaction mode may stand between: no state outlives a transaction."""
import os
import shutil
import socket
import subprocess
import time

import pytest

import store
from conftest import SERVER_USER, as_user
from store import report

PATIENCE_S = 60


@pytest.fixture
def pooled(build, database):
    """URIs through a pgbouncer that has one connection for everybody of a role, so that each sees what the others
    would leave behind."""
    store.migrate(build, database)
    folder = database.server.dir / f"pgbouncer-{database.name}"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_USER)
    users = folder / "users"
    users.write_text("".join(f'"{role}" ""\n' for role in ["tlsrpt_collector", "tlsrpt_reader"]))
    ini = folder / "pgbouncer.ini"
    ini.write_text(f"""[databases]
* = host={database.server.dir}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 1
logfile = {folder}/log
""")
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    process = subprocess.Popen(as_user(SERVER_USER, [program, "-q", str(ini)]), cwd=folder)
    for _ in range(PATIENCE_S * 20):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(folder / ".s.PGSQL.6432")) == 0:
                break
        assert process.poll() is None
        time.sleep(0.05)
    yield lambda role: f"postgresql://{role}@/{database.name}?host={folder}&port=6432"
    process.terminate()
    process.wait()


def test_writers_and_readers_share_a_connection(build, database, pooled):
    writers = [store.Driver(build, pooled("tlsrpt_collector")) for _ in range(3)]
    for number in range(5):
        batch = [report(f"{number}-{i}", ["a.example", "b.example"]) for i in range(20)]
        batch[3]["organization"] = "hex:ff"
        batch[4].update(start=store.start_of(number * 60), raw="the first")
        for writer in writers:
            writer.send(batch)
        outcomes = sorted(sum((writer.receive() for writer in writers), []))
        assert outcomes == ["duplicate"] * 38 + ["quarantined"] * 3 + ["stored"] * 19
    assert writers[0].put(report("0-4", ["a.example", "b.example"], start=store.start_of(0), raw="other")) == ["conflict"]
    for writer in writers:
        writer.close()
    for as_of, want in [("", "95"), (store.start_of(200), "1"), ("", "95")]:
        done = store.run(build, "read", pooled("tlsrpt_reader"), as_of,
                         "SELECT count(*) FROM counted_report WHERE policy_domain = 'a.example'", 1)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == want
    assert database.value("SELECT count(*) FROM tlsrpt.conflict") == 1
