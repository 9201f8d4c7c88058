"""tlsrpt doctor on this host and its database: each planted fault gives its line, and no other."""
import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import time

import pytest

from conftest import Database, Postgres
from daemon import Daemon
from dns_server import NameServer
from https_server import Authority
from rows import add_report, policy

CONF = """
state_dir = "{state}"
user = "{user}"
domains = {{{domains}}}
database {{ uri = "{collector}" reader_uri = "{reader}" }}
https {{
    {listen}
    {certificate}
}}
resolver {{ forwarders = {{"{forwarder}"}} }}
{more}
"""


@pytest.fixture(scope="module")
def server(tlsrptd):
    server = Postgres(durable=True)
    server.create_database("migrated")
    subprocess.run([tlsrptd, "migrate", "--db", server.uri("migrated")], check=True, capture_output=True)
    yield server
    server.remove()


@pytest.fixture
def database(server):
    server.sql("postgres", "CREATE DATABASE copy TEMPLATE migrated")
    yield Database(server, "copy")
    server.drop_database("copy")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def names():
    server = NameServer(["example.com. MX 10 mx.example.com.", "example.com. MX 20 mx.provider.test."])
    yield server
    server.stop()


class Host:
    """A configuration in which nothing is amiss but what `change` plants."""

    def __init__(self, tlsrpt, folder, database, authority, names):
        self.tlsrpt, self.folder, self.database, self.authority = tlsrpt, folder, database, authority
        self.state = folder / "state"
        self.state.mkdir()
        folder.chmod(0o755)
        self.values = dict(state=self.state, forwarder=names.forwarder, user="nobody" if os.geteuid() == 0 else "root", domains="", more="",
                           collector=database.role_uri("tlsrpt_collector"), reader=database.role_uri("tlsrpt_reader"),
                           certificate="", listen='listen = {"127.0.0.1:1"}')

    def certify(self, **when):
        both = self.authority.issue("reports.test", **when)
        for name in ("cert.pem", "key.pem"):
            (self.folder / name).write_text(both.read_text())
            (self.folder / name).chmod(0o644)
        self.values["certificate"] = f'certificate = "{self.folder}/cert.pem" key = "{self.folder}/key.pem"'

    def run(self, *words, form=("--format", "json")):
        conf = self.folder / "tlsrpt.conf"
        conf.write_text(CONF.format(**self.values))
        return subprocess.run([self.tlsrpt, "doctor", "-c", conf, *form, *words], capture_output=True, text=True)

    def said(self, *words):
        done = self.run(*words)
        assert done.stderr == "", done.stderr
        rows = json.loads(done.stdout)
        assert done.returncode == any(row["severity"] != "info" for row in rows), done
        assert all(row["domain"] is None and row["what"] and row["fix"] for row in rows)
        # no domains, so that none is looked up: told once, and nothing here is about it
        return [row for row in rows if row["check"] != "no-domains"]


@pytest.fixture
def host(tlsrpt, database, authority, names):
    with tempfile.TemporaryDirectory() as folder: # below pytest's own nobody but root may read
        yield Host(tlsrpt, pathlib.Path(folder), database, authority, names)


def quarantine(database, count, size, received="now()"):
    database.sql("INSERT INTO tlsrpt.quarantine SELECT current_date, sha256(convert_to(n::text, 'UTF8')), "
                 f"{received}, 2, 1, '', '', 's', '', 'r', decode(repeat('00', {size}), 'hex') "
                 f"FROM generate_series(1, {count}) n")


def slow_clock(by):
    """A database whose clock differs: what it says of the time is what a function before pg_catalog's says."""
    return lambda h: h.database.sql(
        "CREATE FUNCTION tlsrpt.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        f"$$ SELECT pg_catalog.clock_timestamp() + interval '{by}' $$; "
        "GRANT EXECUTE ON FUNCTION tlsrpt.clock_timestamp() TO PUBLIC")


def sql(statement):
    return lambda h: h.database.sql(statement)


def use(**values):
    return lambda h: h.values.update({name: h.database.role_uri(value) if name in ("collector", "reader") else value
                                      for name, value in values.items()})


def posted(h):
    for back in range(2, 5):
        day = str(datetime.date.today() - datetime.timedelta(days=back))
        add_report(h.database, day, [policy()], sender="microsoft.com", trust="unverified", door="https",
                   peer_name="am.protection.outlook.com")
        add_report(h.database, day, [policy()], sender="microsoft.com")


def owner(h):
    h.database.sql("ALTER ROLE tlsrpt_owner LOGIN")
    h.values["collector"] = h.database.role_uri("tlsrpt_owner")


def drop_next_month(h):
    for (name,) in h.database.sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind = 'r' AND relname "
            "LIKE '%%\\_' || to_char(current_date + interval '1 month', 'YYYYMM')"):
        h.database.sql(f"DROP TABLE tlsrpt.{name}")


def days(n):
    return f"{datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n):%Y%m%d%H%M%SZ}"


def certificate(end):
    return lambda h: h.certify(end=end)


def hide(name):
    def change(h):
        h.certify()
        (h.folder / name).chmod(0)
    return change


def no_certificate(h):
    h.certify()
    (h.folder / "cert.pem").write_text("nothing")


def spooled(name="1", age_s=3600, size=10):
    def change(h):
        (h.state / "spool").mkdir()
        path = h.state / "spool" / name
        path.write_bytes(b"x" * size)
        os.utime(path, (time.time() - age_s,) * 2)
    return change


FAULTS = {
    # what is planted, and the one line that it must give
    "nothing": (lambda h: None, None),
    "good certificate": (certificate(days(60)), None),
    "spooled just now": (spooled(age_s=1), None),
    "clock ahead": (slow_clock("1 minute"), "warning clock"),
    "clock far behind": (slow_clock("-1 hour"), "critical clock"),
    "superuser": (use(collector="postgres"), "warning role-superuser"),
    "owner": (owner, "warning role-owner"),
    "collector reads": (sql("GRANT SELECT ON tlsrpt.report TO tlsrpt_collector"), "warning role-collector-reads"),
    "reader writes": (sql("GRANT DELETE ON tlsrpt.believed_report TO tlsrpt_reader"), "warning role-reader-writes"),
    "reader is a superuser": (use(reader="postgres"), "warning role-superuser"),
    "collector is nobody": (use(collector="nobody_at_all"), "warning collector-cannot-connect"),
    "synchronous commit": (sql("ALTER ROLE tlsrpt_collector SET synchronous_commit = off"),
                           "critical synchronous-commit-off"),
    "migration missing": (sql("DELETE FROM tlsrpt.migration WHERE version > 1"), "warning schema-behind"),
    "origin not listed": (posted, "info origin-not-listed"),
    "no maintenance": (sql("INSERT INTO tlsrpt.upkeep VALUES ('maintain', now() - interval '3 days') "
                           "ON CONFLICT (what) DO UPDATE SET at = excluded.at"), "warning maintenance-overdue"),
    "no next month": (drop_next_month, "critical maintenance-overdue"),
    "quarantine nearly full": (lambda h: (quarantine(h.database, 9, 100000),
                                          h.values.update(more="quarantine { max_bytes = 1048576 }")),
                               "warning quarantine-full"),
    "quarantine was full": (sql("INSERT INTO tlsrpt.eviction (cause, source, reports, bytes) "
                                "VALUES ('bytes', 's', 3, 9)"), "warning quarantine-dropped"),
    "evicted by age": (sql("INSERT INTO tlsrpt.eviction (cause, source, reports, bytes) "
                           "VALUES ('age', 's', 3, 9)"), None),
    "certificate ends": (certificate(days(5)), "warning certificate-expiring"),
    "certificate ended": (certificate(days(-5)), "critical certificate-expiring"),
    "certificate is none": (no_certificate, "critical certificate-file"),
    "key unreadable": (hide("key.pem"), "critical key-unreadable"),
    "spool waits": (spooled(), "warning spool-waiting"),
    "spool set aside": (spooled(name="1.aside"), "warning spool-aside"),
    "spool full": (lambda h: (spooled(size=900000)(h), h.values.update(
        certificate="spool_max_bytes = 1048576")), "critical spool-full"),
    "no door": (lambda h: h.values.update(listen=""), "info no-door"),
}
if os.geteuid() == 0:
    FAULTS["no user"] = (use(user="nobody-at-all"), "critical user-missing")


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_gives_its_line_and_no_other(host, server, name):
    change, expected = FAULTS[name]
    change(host)
    try:
        said = host.said()
    finally:
        server.sql("postgres", "ALTER ROLE tlsrpt_collector RESET synchronous_commit")
    assert [f"{row['severity']} {row['check']}" for row in said] == ([expected] if expected else [])


def test_without_a_database_the_rest_is_still_said(host):
    host.values["reader"] = f"postgresql:///x?host={host.folder}"
    spooled()(host)
    done = host.run()
    assert done.returncode == 69
    assert [row["check"] for row in json.loads(done.stdout)] == ["database-away", "spool-waiting", "no-domains"]


def test_a_reader_that_may_not_read_is_as_good_as_no_database(host):
    host.values["reader"] = host.values["collector"]
    done = host.run()
    first = json.loads(done.stdout)[0]
    assert done.returncode not in (0, 1) and first["check"] == "database-away" and "permission" in first["what"], done


def test_one_role_for_everything_is_told_when_it_may_too_much(host):
    said = host.said("--db", host.database.uri)
    assert [(row["check"], row["subject"]) for row in said] == [("role-superuser", "--db")]
    assert host.said("--db", host.database.role_uri("tlsrpt_reader")) == []


def test_the_daemon_is_found_well(host, tlsrptd, tmp_path):
    """What a running tlsrptd of ours leaves behind raises no complaint."""
    place = tmp_path / "daemon"
    place.mkdir()
    place.chmod(0o755)
    with Daemon(tlsrptd, place, host.values["collector"], domains=["example.com"]):
        assert host.said() == []


# ---- --records


@pytest.fixture
def records(host):
    host.values["domains"] = '"example.com", ".below.example", "mx1.example.com"'

    def run(*words, **more):
        return host.run("--records", *words, **more)
    return run


def lines(done):
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


def test_records_are_lines_of_a_zone_file(records):
    done = records("--endpoint", "https://r.example/v1/tlsrpt", "--mailto", "tls@example.com", form=())
    assert lines(done) == [
        f'_smtp._tls.{name}. 86400 IN TXT "v=TLSRPTv1; rua=https://r.example/v1/tlsrpt,mailto:tls@example.com"'
        for name in ("below.example", "example.com", "mx.example.com", "mx1.example.com")]


def test_records_encode_and_split(records):
    done = records("example.com", "--mailto", "a!b;c,d@example.com", "--endpoint", "https://r.example/" + "x" * 300,
                   form=())
    line, of_its_mx = lines(done)
    assert line.split(" ", 1)[1] == of_its_mx.split(" ", 1)[1]
    strings = line.split('"')[1::2]
    assert [len(text) <= 255 for text in strings] == [True, True]
    assert "".join(strings) == f"v=TLSRPTv1; rua=https://r.example/{'x' * 300},mailto:a%21b%3Bc%2Cd@example.com"


def test_records_know_what_the_configuration_knows(host, records):
    host.certify()
    host.values["more"] = 'lmtp { listen = {"unix:/nowhere"} recipients = {"@example.com", "tls@example.com"} }'
    host.values["certificate"] += ' path = "/in"'
    rows = json.loads(records().stdout)
    assert [row["name"] for row in rows] == [
        f"_smtp._tls.{name}." for name in ("below.example", "example.com", "mx.example.com", "mx1.example.com")]
    assert {row["value"] for row in rows} == {"v=TLSRPTv1; rua=https://reports.test:1/in,mailto:tls@example.com"}


@pytest.mark.parametrize("words, error", [
    ((), "say where reports shall go"),
    (("--mailto", "nobody"), "no mail address"),
    (("--endpoint", "http://r.example/"), "must begin with https://"),
    (("--endpoint", "https://user:secret@r.example/"), "a user or password"),
])
def test_records_that_nobody_could_use_are_refused(records, words, error):
    done = records(*words)
    assert done.returncode == 65 and error in done.stderr and "TXT" not in done.stdout, done


def test_records_need_no_database(records, host):
    host.values["reader"] = f"postgresql:///x?host={host.folder}"
    assert len(lines(records("--mailto", "a@example.com", form=()))) == 4


def test_options_that_cannot_be_followed_are_refused(host):
    for text in ("localhost:1", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "[::1]"):
        done = host.run("--connect-to", text)
        assert done.returncode == 65 and "ADDRESS:PORT" in done.stderr, done
    done = host.run("--ca", "/nowhere")
    assert done.returncode == 65 and "cannot read" in done.stderr
