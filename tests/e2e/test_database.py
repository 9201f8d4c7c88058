"""Copies of a database: backup, restore, the move to a server, a newer PostgreSQL."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import pytest

from conftest import SERVER_USER, as_user, postgres_bin
from test_prune import wait_until, write_archive

USER = SERVER_USER if os.geteuid() == 0 else None
AS_OF = "2099-01-01"
ASKED = [("summary",), ("domains",), ("senders",), ("failures",), ("reports",), ("findings",), ("coverage",),
         ("policies",), ("readiness",), ("summary", "--as-of", "yesterday")]
METRICS = ("metric_sessions", "metric_reports", "metric_failures", "metric_lag", "metric_sender", "metric_day")


class Site:
    """A state directory of an ordinary user with its embedded database."""

    def __init__(self, build):
        self.build = build
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-db-"))
        self.root.chmod(0o755)
        if USER:
            shutil.chown(self.root, USER)
        self.conf = self.root / "conf"
        self.conf.write_text(f'state_dir = "{self.root}/state"\nuser = "nobody"\n')

    def tlsrptd(self, *words, code=0, environment=(), **more):
        done = subprocess.run([self.build / "tlsrptd", *words, "-c", self.conf], capture_output=True, text=True,
                              env={**os.environ, **dict(environment)}, **more)
        log = self.root / "state/postgres.log"
        assert done.returncode == code, done.stdout + done.stderr + (log.read_text()[-3000:] if log.exists() else "")
        assert "Sanitizer" not in done.stderr
        return done.stdout + done.stderr

    def ask(self, *words, db=()):
        done = subprocess.run([self.build / "tlsrpt", *words, "--format", "json", *(db or ("-c", self.conf))],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answers(self, db=()):
        return {words: self.ask(*words, db=db) for words in ASKED}

    def sql(self, statement, role="tlsrpt_reader"):
        done = subprocess.run(as_user(USER, ["psql", "-XAt", "-h", f"{self.root}/state/run", "-U", role, "-d", "tlsrpt",
                                             "-c", statement]), capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def remove(self):
        self.tlsrptd("database", "stop")
        shutil.rmtree(self.root)


@pytest.fixture
def make_site(build):
    made = []

    def make():
        made.append(Site(build))
        return made[-1]
    yield make
    for site in made:
        site.remove()


@pytest.fixture
def site(make_site):
    """Six weeks of reports, a quarantine, and months that were summed up."""
    site = make_site()
    archive = site.root / "archive"
    today = datetime.date.today()
    for number, days_ago in enumerate([600, 500, *range(1, 40)]):
        folder = archive / str(number)
        folder.mkdir(parents=True)
        write_archive(folder, today - datetime.timedelta(days=days_ago), count=4)
    (archive / "broken.json").write_text('{"organization-name": "Broken", "date-range": {"start-')
    site.archive = archive
    site.tlsrptd("database", "start")
    assert "164 stored" in site.tlsrptd("import", archive, "--vouch")
    site.tlsrptd("prune", "--keep-reports", "400d")
    assert "pruned before" in subprocess.run([site.build / "tlsrpt", "reports", "-c", site.conf], capture_output=True,
                                             text=True).stderr
    return site


def metrics(ask):
    return {view: ask(f"SELECT * FROM tlsrpt.{view} ORDER BY v DESC".replace("v DESC", "1, 2")) for view in METRICS}


def test_whoever_meets_an_older_database_says_that_it_migrates(make_site):
    site = make_site()
    assert "info migrating to=0001_initial\n" in site.tlsrptd("maintain")
    assert site.tlsrptd("maintain") == ""


def test_the_move_to_a_server_changes_no_answer(site, database, tlsrptd, tmp_path):
    server = ("--db", database.uri)
    before, totals = site.answers(), metrics(site.sql)
    assert all(len(json.loads(text)) for words, text in before.items() if words[0] in ("summary", "reports"))
    site.tlsrptd("database", "backup", tmp_path / "dump")
    assert oct((tmp_path / "dump").stat().st_mode)[-3:] == "600"
    assert os.listdir(tmp_path).count("dump.part") == 0
    subprocess.run([tlsrptd, "database", "restore", *server, tmp_path / "dump"], check=True, capture_output=True)
    assert site.answers(server) == before
    psql = ["psql", "-XAt", database.role_uri("tlsrpt_reader"), "-c"]

    def ask(statement):
        return subprocess.run([*psql, statement], check=True, capture_output=True, text=True).stdout

    assert metrics(ask) == totals
    # the same reports again, some of them of days that were dropped, count nothing there either
    done = subprocess.run([tlsrptd, "import", site.archive, "--vouch", *server], capture_output=True, text=True)
    assert "156 there already" in done.stdout and "8 of days that were summed up" in done.stdout, done.stdout
    subprocess.run([tlsrptd, "maintain", *server], check=True, capture_output=True)
    assert site.answers(server) == before
    fallen = [(view, was, now) for view, was, now in ((view, totals[view], metrics(ask)[view]) for view in METRICS)
              if view != "metric_reports" and was != now]
    assert fallen == []
    # as its four roles, with what each may and no more
    assert database.value("SELECT count(*) FROM tlsrpt.report", role="tlsrpt_reader") == 156
    assert database.sql("SELECT proname FROM pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) p "
                        "WHERE f.pronamespace = 'tlsrpt'::regnamespace AND p.grantee = 0") == [] 
    assert database.sql("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = "
                        "'tlsrpt'::regnamespace") == [("tlsrpt_owner",)]


def test_into_another_embedded_one_and_into_no_full_one(site, make_site, tmp_path):
    before = site.answers()
    site.tlsrptd("database", "backup", tmp_path / "dump")
    other = make_site()
    other.tlsrptd("database", "start")
    assert "fits version" in other.tlsrptd("database", "restore", tmp_path / "dump")
    assert other.answers() == before
    assert "holds reports" in other.tlsrptd("database", "restore", tmp_path / "dump", code=65)
    assert other.answers() == before


def test_a_damaged_file_changes_nothing(site, make_site, tmp_path):
    site.tlsrptd("database", "backup", tmp_path / "dump")
    whole = (tmp_path / "dump").read_bytes()
    other = make_site()
    other.tlsrptd("database", "start")
    for name, text in (("cut", whole[:len(whole) * 2 // 3]), ("other", b"no dump at all"), ("empty", b"")):
        (tmp_path / name).write_bytes(text)
        assert "pg_restore failed" in other.tlsrptd("database", "restore", tmp_path / name, code=75)
        assert other.ask("summary") == "[]\n"
    assert "cannot read" in other.tlsrptd("database", "restore", tmp_path / "missing", code=65)
    other.tlsrptd("database", "restore", tmp_path / "dump")
    assert other.answers() == site.answers()


def test_a_backup_is_complete_or_not_there(site, tmp_path):
    (tmp_path / "dump").write_text("the last one")
    assert "cannot write" in site.tlsrptd("database", "backup", tmp_path / "no/dump", code=78)
    full = tmp_path / "full"
    os.symlink("/dev/full", f"{full}.part")
    assert "no backup was made" in site.tlsrptd("database", "backup", full, code=75)
    assert not full.exists() and not os.path.lexists(f"{full}.part")
    assert (tmp_path / "dump").read_text() == "the last one"
    for words in (("backup",), ("restore",), ("backup", "a", "b"), ("upgrade", "a"), ("nonsense",)):
        assert "see tlsrptd database --help" in site.tlsrptd("database", *words, code=64)


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(site, make_site, tmp_path):
    """And nothing by halves."""
    count, stop = [], threading.Event()

    def load():
        for number in range(10000):
            if stop.is_set():
                return
            folder = site.root / f"load{number}"
            folder.mkdir()
            write_archive(folder, datetime.date.today() - datetime.timedelta(days=50 + number), count=5)
            site.tlsrptd("import", folder, "--vouch")
            count.append(5)

    thread = threading.Thread(daemon=True, target=load)
    thread.start()
    wait_until(lambda: len(count) > 2)
    acknowledged = len(count) * 5
    site.tlsrptd("database", "backup", tmp_path / "dump")
    reached = len(count)
    wait_until(lambda: len(count) > reached)
    stop.set()
    thread.join()
    other = make_site()
    other.tlsrptd("database", "restore", tmp_path / "dump")
    other.tlsrptd("database", "start")
    loaded = "FROM report WHERE day BETWEEN current_date - 2000 AND current_date - 50"
    kept = int(other.sql(f"SELECT count(*) {loaded}"))
    assert acknowledged <= kept <= sum(count)
    assert other.sql("SELECT count(*) FROM report") == \
        other.sql("SELECT count(*) FROM raw_report") == other.sql("SELECT count(*) FROM policy_result")


# ---- another PostgreSQL


def fake_newer(folder):
    """Programs that tell tlsrptd that they are of PostgreSQL 99, and pg_upgrade what they really are: only one
    version is installed here, and pg_upgrade goes from a version to itself as well."""
    folder.mkdir()
    for program in os.listdir(postgres_bin()):
        os.symlink(f"{postgres_bin()}/{program}", folder / program)
    (folder / "postgres").unlink()
    (folder / "postgres").write_text(f"""#!/bin/sh
case "$1 $(cat /proc/$PPID/comm)" in
"--version tlsrptd") echo "postgres (PostgreSQL) 99.1";;
*) exec {postgres_bin()}/postgres "$@";;
esac
""")
    (folder / "postgres").chmod(0o755)
    folder.chmod(0o755)
    return {"TLSRPT_POSTGRES": str(folder)}


def test_an_upgrade_keeps_all_and_the_old_data(site):
    newer = fake_newer(site.root / "bin")
    before = site.answers()
    old = site.sql("SHOW server_version").split(".")[0]
    assert "stop it first" in site.tlsrptd("database", "upgrade", environment=newer, code=65)
    assert site.answers() == before
    site.tlsrptd("database", "stop")
    state = site.root / "state"
    identity = (state / "postgres/global/pg_control").read_bytes()[:8]
    said = site.tlsrptd("database", "upgrade", environment=newer)
    assert f"PostgreSQL {old} is 99 now" in said and f"{state}/postgres.{old}" in said
    kept = state / f"postgres.{old}"
    assert (kept / "global/pg_control").read_bytes()[:8] == identity
    assert (state / "postgres/global/pg_control").read_bytes()[:8] != identity
    assert not (state / "postgres.upgrade").exists()
    site.tlsrptd("database", "start")
    assert site.sql("SHOW data_checksums") == "on\n"
    assert site.answers() == before
    assert "of the newest" not in said
    site.tlsrptd("database", "stop")
    assert "is in the way" in site.tlsrptd("database", "upgrade", environment=newer, code=78)
    assert "of the newest PostgreSQL here already" in site.tlsrptd("database", "upgrade")
    # the way back
    shutil.rmtree(state / "postgres")
    kept.rename(state / "postgres")
    site.tlsrptd("database", "start")
    assert site.answers() == before


@pytest.mark.parametrize("program", ["initdb", "pg_upgrade"])
def test_an_upgrade_that_fails_or_is_killed_has_changed_nothing(site, program):
    newer = fake_newer(site.root / "bin")
    before = site.answers()
    site.tlsrptd("database", "stop")
    (site.root / "bin" / program).unlink()
    (site.root / "bin" / program).write_text("#!/bin/sh\nmkdir -p \"$2\"; kill -9 $PPID\n")
    (site.root / "bin" / program).chmod(0o755)
    site.tlsrptd("database", "upgrade", environment=newer, code=-9)
    site.tlsrptd("database", "start")
    assert site.answers() == before
    site.tlsrptd("database", "stop")
    (site.root / "bin" / program).write_text("#!/bin/sh\nexit 1\n")
    assert f"{program} failed" in site.tlsrptd("database", "upgrade", environment=newer, code=78)
    (site.root / "bin" / program).unlink()
    os.symlink(f"{postgres_bin()}/{program}", site.root / "bin" / program)
    site.tlsrptd("database", "upgrade", environment=newer)
    site.tlsrptd("database", "start")
    assert site.answers() == before
