"""The private PostgreSQL of a site that configured none, as an ordinary user and refused to root."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg2
import pytest

from conftest import SERVER_USER, as_user

USER = SERVER_USER if os.geteuid() == 0 else None
PATIENCE_S = 60


class Site:
    """A state directory of an ordinary user, and programs run as that user."""

    def __init__(self, driver):
        self.driver, self.started = driver, []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-st-"))
        self.state = self.root / "state"
        self.root.chmod(0o755)
        if USER:
            shutil.chown(self.root, USER)

    def command(self, *arguments):
        return as_user(USER, [str(self.driver), *map(str, arguments)])

    def run(self, verb, **options):
        return subprocess.run(self.command(verb, self.state), capture_output=True, text=True, **options)

    def daemon(self):
        process = subprocess.Popen(self.command("embedded", self.state), text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started.append(process)
        line = process.stdout.readline()
        assert line == "ready\n", process.stderr.read()
        return process

    def sql(self, role, statement):
        """As the user, since the socket asks the kernel who is there."""
        done = subprocess.run(as_user(USER, ["psql", "-XAt", "-h", str(self.state / "run"), "-U", role, "-d",
                                             "tlsrpt", "-c", statement]), capture_output=True, text=True,
                              cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def status(self):
        return self.run("status").stdout.split()

    def pid(self):
        return int(self.status()[-1])

    def remove(self):
        for process in self.started:
            process.stdin.close()
            process.wait()
            process.stdout.close()
            process.stderr.close()
        self.run("stop")
        shutil.rmtree(self.root)


@pytest.fixture
def site(build):
    made = Site(build / "tests/store_driver")
    yield made
    made.remove()


def wait_until(condition):
    for _ in range(PATIENCE_S * 20):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_root_is_refused(build, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    done = subprocess.run([build / "tests/store_driver", "embedded", tmp_path], capture_output=True, text=True)
    assert done.returncode == 78
    assert "must not run as root" in done.stderr


def test_it_is_made_used_and_stopped(site):
    assert site.status()[0] == "none"
    daemon = site.daemon()
    assert site.status()[1:3] == ["ready", "owned"]
    assert site.sql("tlsrpt_owner", "SHOW data_checksums") == "on"
    assert site.sql("tlsrpt_owner", "SHOW listen_addresses") == ""
    assert site.sql("tlsrpt_reader", "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database "
                                     "WHERE datname = 'tlsrpt'") == "UTF8 C.UTF-8"
    assert site.sql("tlsrpt_reader", "SHOW default_transaction_read_only") == "on"
    assert site.sql("tlsrpt_reader", "SELECT count(*) FROM report") == "0"
    pid = site.pid()
    daemon.stdin.close()
    assert daemon.wait() == 0, daemon.stderr.read()
    assert not is_alive(pid)
    assert site.status()[1:] == ["stopped", "0"]
    assert "shut down" in (site.state / "postgres.log").read_text()


def test_root_may_read_and_not_write(site):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    site.daemon()
    uri = f"postgresql:///tlsrpt?host={site.state}/run&user="
    psycopg2.connect(uri + "tlsrpt_reader").close()
    with pytest.raises(psycopg2.OperationalError, match="[Pp]eer authentication failed"):
        psycopg2.connect(uri + "tlsrpt_owner")


def test_others_are_refused(site):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    site.daemon()
    done = subprocess.run(as_user("games", ["psql", "-X", "-h", str(site.state / "run"), "-U", "tlsrpt_reader",
                                            "-d", "tlsrpt", "-c", "SELECT 1"]),
                          capture_output=True, text=True, cwd="/")
    assert done.returncode != 0
    assert "eer authentication failed" in done.stderr


def test_kill_9_takes_the_server_along_and_the_next_daemon_goes_on(site):
    first = site.daemon()
    site.sql("tlsrpt_owner", "CREATE TABLE tlsrpt.kept AS SELECT 42 AS n")
    pid = site.pid()
    first.kill()
    first.wait()
    second = site.daemon()     # at once, while the first one's server may still be stopping
    assert site.pid() != pid
    assert site.sql("tlsrpt_owner", "SELECT n FROM tlsrpt.kept") == "42"
    assert second.poll() is None


def test_an_orphan_is_taken_over(site):
    """A server without a daemon that was not launched to stay: as if its parent's death went unseen."""
    site.daemon().stdin.close()
    site.started[0].wait()
    postgres = subprocess.run(as_user(USER, ["pg_config", "--bindir"]), capture_output=True, text=True).stdout.strip()
    orphan = subprocess.Popen(as_user(USER, [f"{postgres}/postgres", "-D", str(site.state / "postgres"), "-k",
                                             str(site.state / "run"), "-c", "listen_addresses="]),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    wait_until(lambda: "ready" in site.status())
    threading_reap = site.daemon()
    orphan.wait()
    assert threading_reap.poll() is None
    assert site.pid() != orphan.pid


def test_a_crashed_server_is_started_again(site):
    daemon = site.daemon()
    pid = site.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))
    daemon.stdin.write("keep\n")
    daemon.stdin.flush()
    assert daemon.stdout.readline() == "ready\n", daemon.stderr.read()
    assert site.pid() not in (0, pid)
    assert site.sql("tlsrpt_reader", "SELECT count(*) FROM counted_report") == "0"


def test_a_stale_pid_file_of_another_process_does_not_matter(site):
    site.daemon().stdin.close()
    site.started[0].wait()
    sleeper = subprocess.Popen(as_user(USER, ["sleep", "600"]))
    try:
        wait_until(lambda: pathlib.Path(f"/proc/{sleeper.pid}/comm").read_text() == "sleep\n")
        lines = [sleeper.pid, site.state / "postgres", 1, 5432, site.state / "run", "", "", "ready"]
        stale = site.state / "postgres/postmaster.pid"
        stale.write_text("\n".join(map(str, lines)) + "\n")
        if USER:
            shutil.chown(stale, USER)
        site.daemon()
        assert site.pid() not in (0, sleeper.pid)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_launched_it_stays_and_a_daemon_joins(site):
    assert site.run("launch").returncode == 0
    assert site.run("launch").returncode == 0      # twice is fine
    pid = site.pid()
    daemon = site.daemon()
    assert site.status()[1] == "ready" and site.pid() == pid
    daemon.stdin.close()
    assert daemon.wait() == 0
    assert is_alive(pid)
    assert site.run("stop").returncode == 0
    assert not is_alive(pid)
    assert site.run("stop").returncode == 0


def test_it_starts_from_a_folder_that_its_user_may_not_enter(site):
    """A daemon started by root in /root becomes another user; PostgreSQL's programs go back to where they were."""
    script = 'mkdir "$0" && cd "$0" && chmod 000 . && exec "$@"'
    program = shutil.copy(site.driver, site.root)  # the build may be in such a folder, too
    command = as_user(USER, ["sh", "-c", script, site.root / "closed", program, "launch", site.state])
    done = subprocess.run(command, capture_output=True, text=True)
    (site.root / "closed").chmod(0o700)  # or it could not be removed
    assert done.returncode == 0, done.stderr
    assert site.run("stop").returncode == 0


def test_an_owned_one_is_shared_and_not_stopped(site):
    first = site.daemon()
    second = site.daemon()
    refused = site.run("stop")
    assert refused.returncode == 65 and "owns" in refused.stderr
    second.stdin.close()
    assert second.wait() == 0
    assert site.sql("tlsrpt_reader", "SELECT 1") == "1"
    assert first.poll() is None


def test_another_major_version_is_refused_with_the_way_out(site):
    site.daemon().stdin.close()
    site.started[0].wait()
    (site.state / "postgres/PG_VERSION").write_text("11\n")
    done = site.run("embedded")
    assert done.returncode == 78
    assert "PostgreSQL 11" in done.stderr and "run `tlsrptd database upgrade`" in done.stderr


def test_an_interrupted_initdb_is_done_again(site):
    left = site.state / "postgres.new/base"
    left.mkdir(parents=True)
    if USER:
        for path in [site.state, site.state / "postgres.new", left]:
            shutil.chown(path, USER)
    site.daemon()
    assert not left.exists()


def test_too_long_a_path_is_said(site):
    site.state = site.root / ("x" * 120)
    done = site.run("launch")
    assert done.returncode == 78
    assert "too long for a unix socket" in done.stderr
    site.state = site.root / "state"
