"""A private, real PostgreSQL for each test session, and a database of its own for each test.

The server runs as an ordinary user (PostgreSQL refuses root), listens on a unix socket only and is
gone afterwards, even when pytest is killed. With pytest-xdist each worker has its own.

With TLSRPT_POOLER set, the programs under test reach their databases through a pgbouncer in
transaction mode, tests themselves do not.
"""
import glob
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2
import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SERVER_USER = "nobody"  # whose server it is when the tests run as root
ROLES = ("postgres", "tlsrpt_owner", "tlsrpt_collector", "tlsrpt_reparse", "tlsrpt_reader")
START_S = 60            # patience with a loaded machine; no test measures it


def build_dir():
    """Where the programs under test are: TLSRPT_BUILD, else build/asan, else build/dev."""
    named = os.environ.get("TLSRPT_BUILD")
    candidates = [named] if named else ["build/asan", "build/dev"]
    for candidate in candidates:
        path = SOURCE / candidate
        if (path / "tlsrptd").exists():
            return path
    raise RuntimeError(f"no tlsrptd in {candidates}: build it, or set TLSRPT_BUILD")


@pytest.fixture(scope="session")
def build():
    return build_dir()


@pytest.fixture(scope="session")
def tlsrptd(build):
    return str(build / "tlsrptd")


@pytest.fixture(scope="session")
def tlsrpt(build):
    return str(build / "tlsrpt")


def postgres_bin():
    """The folder of PostgreSQL's programs, which Debian keeps off the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"),
                   key=lambda path: int(path.split("/")[4]))
    on_path = shutil.which("postgres")
    if not found and not on_path:
        raise RuntimeError("no PostgreSQL server programs found")
    return os.path.dirname(found[-1] if found else os.path.realpath(on_path))


def as_user(user, command):
    """The command line that runs `command` as another user, when we are root."""
    if os.geteuid() != 0 or user is None:
        return list(command)
    entry = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
            "--", *command]


def sweep():
    """Removes what killed test runs left: their process is gone, and so is their server."""
    for left in pathlib.Path(tempfile.gettempdir()).glob("tlsrpt-pg-*-*"):
        pid = left.name.split("-")[2]
        if not (os.path.exists(f"/proc/{pid}") or (left / "data/postmaster.pid").exists()):
            shutil.rmtree(left, ignore_errors=True)


class Postgres:
    """One private server. `uri(database, role)` is what libpq and psycopg2 take."""

    def __init__(self, durable=False, options=()):
        # A socket's path is limited to 107 bytes, so not below pytest's long tmp_path.
        sweep()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"tlsrpt-pg-{os.getpid()}-"))
        self.user = SERVER_USER if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.dir, self.user)
        self.dir.chmod(0o755)
        self.data = self.dir / "data"
        self.options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.dir}",
                        "-c", "max_connections=60", "-c", "shared_buffers=32MB",
                        "-c", "log_min_messages=warning", *options]
        if not durable:
            self.options += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self.process = self.pooler = None
        self.numbers = itertools.count(1)
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        self.start()

    def run(self, program, *arguments):
        command = as_user(self.user, [f"{postgres_bin()}/{program}", *arguments])
        subprocess.run(command, check=True, cwd=self.dir, stdout=subprocess.DEVNULL)

    def start(self):
        command = as_user(self.user, [f"{postgres_bin()}/postgres", "-D", str(self.data), *self.options])
        # setpriv's --pdeathsig outlives its exec, so the server cannot outlive pytest.
        command = ["setpriv", "--pdeathsig", "INT", "--", *command] if self.user is None else \
            command[:1] + ["--pdeathsig", "INT"] + command[1:]
        log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen(command, cwd=self.dir, stdout=log, stderr=log,
                                        start_new_session=True)
        log.close()
        self.wait()

    def wait(self):
        for _ in range(START_S * 20):
            try:
                psycopg2.connect(self.uri("postgres")).close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not start:\n" + (self.dir / "log").read_text())

    def stop(self, how=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def children(self):
        """PID and name of each: `postgres: postgres t1 [local] COPY`, `postgres: walwriter`."""
        listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
                                capture_output=True, text=True).stdout
        return [(int(pid), name) for pid, name in (line.split(None, 1) for line in listed.splitlines())]

    def kill_all(self):
        """As when the power goes: postmaster first, so that it can tell nobody."""
        pids = [pid for pid, _ in self.children()]
        self.process.kill()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def start_again(self):
        """The next postmaster is refused while a process of the last still has its memory."""
        for _ in range(50):
            try:
                return self.start()
            except RuntimeError:
                time.sleep(0.2)
        return self.start()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def uri(self, database, role="postgres"):
        return f"postgresql://{role}@/{database}?host={self.dir}"

    def create_database(self, name=None):
        name = name or f"t{next(self.numbers)}"
        self.sql("postgres", f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, database, statement, parameters=None, role="postgres"):
        """Runs one statement in a transaction of its own (none for CREATE DATABASE); its rows."""
        connection = psycopg2.connect(self.uri(database, role))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class Pooler:
    """A pgbouncer in transaction mode before a server, for those who come as one of `roles`."""

    def __init__(self, server, roles, pool_size):
        self.server, self.roles = server, roles
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pooler-", dir=server.dir))
        if server.user:
            shutil.chown(self.dir, server.user)
        (self.dir / "users").write_text("".join(f'"{role}" ""\n' for role in roles))
        (self.dir / "users").chmod(0o644)
        (self.dir / "pgbouncer.ini").write_text(f"""[databases]
* = host={server.dir}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {self.dir}
auth_type = trust
auth_file = {self.dir}/users
pool_mode = transaction
default_pool_size = {pool_size}
server_idle_timeout = 5
server_login_retry = 0.2
logfile = {self.dir}/log
""")
        (self.dir / "pgbouncer.ini").chmod(0o644)
        self.dir.chmod(0o755)
        self.start()

    def start(self):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen(as_user(self.server.user, [program, "-q", f"{self.dir}/pgbouncer.ini"]),
                                        cwd=self.dir)
        for _ in range(START_S * 20):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(f"{self.dir}/.s.PGSQL.6432") == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("pgbouncer does not start:\n" + (self.dir / "log").read_text())

    def uri(self, database, role):
        return f"postgresql://{role}@/{database}?host={self.dir}&port=6432" if role in self.roles \
            else self.server.uri(database, role)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()

    def kill(self):
        self.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def postgres():
    """The session's server. Roles live in the server, so they are shared by its databases."""
    server = Postgres()
    if os.environ.get("TLSRPT_POOLER"):
        server.pooler = Pooler(server, ROLES, 4)
    yield server
    if server.pooler:
        server.pooler.stop()
    server.remove()


class Database:
    """An empty database: `uri` for its superuser, `role_uri(role)` for one of the four roles."""

    def __init__(self, server, name):
        self.server, self.name, self.uri = server, name, (server.pooler or server).uri(name, "postgres")

    def role_uri(self, role):
        return (self.server.pooler or self.server).uri(self.name, role)

    def sql(self, statement, parameters=None, role="postgres"):
        return self.server.sql(self.name, statement, parameters, role)

    def value(self, statement, parameters=None, role="postgres"):
        return self.sql(statement, parameters, role)[0][0]


@pytest.fixture
def database(postgres):
    """A new, empty database; `tlsrptd migrate --db URI` makes it ours (see `migrated`)."""
    name = postgres.create_database()
    yield Database(postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def migrated(database, tlsrptd):
    """A new database after `tlsrptd migrate`."""
    done = subprocess.run([tlsrptd, "migrate", "--db", database.uri], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return database
