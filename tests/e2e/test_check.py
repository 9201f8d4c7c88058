"""tlsrpt check: what a monitoring system sees, alone and as a plugin of a real Nagios."""
import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import SERVER_USER, SOURCE, as_user
from rows import add_held, add_report, failure, policy

OK, WARNING, CRITICAL, UNKNOWN = range(4)
LINE = re.compile(r"TLSRPT (OK|WARNING|CRITICAL|UNKNOWN): ([^|\n]+)(?: \| ([^\n]+))?\n")
PERF = re.compile(r"[a-z_]+=(?:-?[0-9.]+(?:s|B|%)?|U);[^;]*;[^;]*;0(?:;100)?")
NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(**span):
    return NOW - datetime.timedelta(**span)


def day(days):
    return ago(days=days).date().isoformat()


@pytest.fixture
def check(tlsrpt, migrated):
    """What it prints, after its form was looked at: (state, text, {label: (value, warning, critical)}, more)."""
    def call(*words, uri=migrated.role_uri("tlsrpt_reader")):
        done = subprocess.run([tlsrpt, "check", *words, "--db", uri], capture_output=True, text=True)
        first, _, more = done.stdout.partition("\n")
        parts = LINE.fullmatch(first + "\n")
        assert parts and done.stderr == "", done
        assert done.returncode == ["OK", "WARNING", "CRITICAL", "UNKNOWN"].index(parts[1])
        perf = parts[3].split(" ") if parts[3] else []
        assert all(PERF.fullmatch(item) for item in perf), perf
        return done.returncode, parts[2], {item.split("=")[0]: tuple(item.split("=")[1].split(";")[:3]) for item in perf}, more
    return call


def test_failure_rate(check, migrated):
    state, text, perf, _ = check("failure-rate")
    assert state == UNKNOWN and perf["failure_rate"] == ("U", "1", "5") and "can be believed" in text
    add_report(migrated, day(1), [policy(good=970, bad=30), policy("tlsa", good=970, bad=1, leads=False),
                                  policy(domain="example.org", good=1000)])
    add_report(migrated, day(1), [policy(good=0, bad=10 ** 9)], trust="unverified", sender="forged.example")
    add_report(migrated, day(9), [policy(good=0, bad=500)])
    state, text, perf, _ = check("failure-rate")
    assert state == WARNING and perf["failure_rate"] == ("1.50%", "1", "5")
    assert perf["sessions"][0] == "2000" and perf["failed_sessions"][0] == "30"
    assert "most in example.com (3.00 %)" in text
    assert check("failure-rate", "-w", "1.5", "-c", "5")[0] == OK
    assert check("failure-rate", "-w", "1", "-c", "1.4")[0] == CRITICAL
    assert check("failure-rate", "-w@1:2", "-c", "99")[0] == WARNING
    assert check("failure-rate", "--domain", "example.org")[0] == OK
    assert check("failure-rate", "--since", "30d")[0] == CRITICAL
    assert "example.org: 0.00 % of 1000 sessions" in check("failure-rate", "-vv")[3]


def test_silence(check, migrated):
    state, text, perf, _ = check("silence")
    assert state == CRITICAL and perf["age"] == ("U", "129600", "259200") and "no report" in text
    add_report(migrated, day(3), [policy()], sender="late.example", received=ago(hours=50).isoformat())
    state, text, perf, _ = check("silence")
    assert state == WARNING and "50 hours ago" in text
    assert 50 * 3600 <= float(perf["age"][0][:-1]) < 51 * 3600
    add_report(migrated, day(1), [policy()], sender="daily.example", received=ago(hours=2).isoformat())
    add_report(migrated, day(1), [policy()], sender="forged.example", trust="unverified", received=NOW.isoformat())
    state, text, perf, _ = check("silence")
    assert state == OK and float(perf["age"][0][:-1]) >= 2 * 3600, "unverified reports break no silence"
    assert check("silence", "--sender", "late.example")[0] == WARNING
    assert check("silence", "--sender", "nobody.example")[0] == CRITICAL
    assert check("silence", "--as-of", ago(hours=30).isoformat())[0] == OK


def test_silence_by_the_totals(check, migrated):
    """Where nobody in particular is asked for, no report is read."""
    migrated.sql("INSERT INTO tlsrpt.total_sender VALUES ('a.example', %s), ('other', %s)",
                 (ago(hours=90).isoformat(), ago(hours=40).isoformat()))
    state, text, _, _ = check("silence")
    assert state == WARNING and "40 hours ago" in text
    assert check("silence", "--sender", "a.example")[0] == CRITICAL
    migrated.sql("UPDATE tlsrpt.total_sender SET received = %s", (ago(hours=-2).isoformat(),))
    assert check("silence")[2]["age"][0] == "0s", "a clock that is ahead"


def test_intake(check, migrated):
    state, text, perf, _ = check("intake")
    assert state == CRITICAL and perf["age"] == ("U", "300", "900") and perf["maintenance_age"][0] == "U"
    assert text == "collector at work never, maintenance (tlsrptd maintain) never"
    migrated.sql("INSERT INTO tlsrpt.upkeep VALUES ('fold', now() - interval '30 seconds')")
    assert check("intake")[0] == WARNING, "never maintained"
    migrated.sql("INSERT INTO tlsrpt.upkeep VALUES ('maintain', now() - interval '25 hours')")
    state, text, perf, _ = check("intake")
    assert state == OK and text.endswith(" 25 hours ago") and perf["maintenance_age"][1] == "93600"
    migrated.sql("UPDATE tlsrpt.upkeep SET at = now() - interval '27 hours' WHERE what = 'maintain'")
    assert check("intake")[0] == WARNING
    migrated.sql("UPDATE tlsrpt.upkeep SET at = now() - interval '10 minutes' WHERE what IN ('fold', 'maintain')")
    assert check("intake")[0] == WARNING
    assert check("intake", "-w", "900", "-c", "1200")[0] == OK
    migrated.sql("UPDATE tlsrpt.upkeep SET at = now() - interval '20 minutes' WHERE what = 'fold'")
    assert check("intake")[0] == CRITICAL


def test_quarantine(check, migrated):
    assert check("quarantine")[:3] == (OK, "0 new in the quarantine",
                                       {"quarantined": ("0", "10", "100"), "quarantined_bytes": ("0B", "", "")})
    add_held(migrated, day(0), "quarantined", b"x" * 50, "truncated | JSON\n\x1b[31m", received=ago(minutes=5).isoformat())
    add_held(migrated, day(0), "ignored", b"y" * 50, "no DKIM signature", received=NOW.isoformat())
    add_held(migrated, day(3), "quarantined", b"z" * 50, "old", received=ago(days=3).isoformat())
    state, text, perf, _ = check("quarantine")
    assert (state, text) == (OK, "1 new in the quarantine, the latest: truncated \\x7c JSON\\x0a\\x1b[31m")
    assert perf["quarantined_bytes"][0] == "50B"
    assert check("quarantine", "-w", "0")[0] == WARNING
    assert check("quarantine", "-w", "0", "-c", "1", "--since", "7d")[0] == CRITICAL


def test_findings(check, migrated):
    assert check("findings")[:2] == (UNKNOWN, "nothing is judged: no report can be believed")
    add_report(migrated, day(1), [policy(good=0, bad=9, failures=[failure("certificate-expired", 9)])],
               trust="unverified", sender="posts.example")
    state, text, _, _ = check("findings")
    assert state == UNKNOWN and text.endswith("no report can be believed, though unverified ones have come")
    add_report(migrated, day(40), [policy(good=1000)], sender="a.example")
    state, text, _, _ = check("findings")
    assert state == OK and text.startswith("no open finding alarms: ") and "in the last 7 days" in text
    for back in range(30, 0, -1):
        for sender in ("a.example", "b.example", "c.example"):
            bad = 400 if back <= 5 else 0
            add_report(migrated, day(back), [policy(good=1000 - bad, bad=bad, failures=[failure(
                "certificate-expired", bad, mx="mx1.example.com", ip="192.0.2.1")] if bad else [],
                                                    string=["version: STSv1", "mode: enforce", "mx: mx1.example.com"])],
                       sender=sender,
                       received=(ago(days=back - 1) - datetime.timedelta(hours=3)).isoformat())
    state, text, perf, _ = check("findings")
    assert state == CRITICAL and perf["critical"][0] == "1" and "certificate" in text
    assert check("findings", "-c", "1")[0] == WARNING
    assert check("findings", "-w", "1", "-c", "1")[0] == OK
    assert check("findings", "--domain", "other.example")[0] == UNKNOWN
    assert re.search(r"\([0-9a-f]{16}\)$", check("findings", "-v")[1])
    more = check("findings", "-vv")[3]
    assert re.match(r"critical [0-9a-f]{16} certificate-expired: ", more)


@pytest.mark.parametrize("words, says", [
    (["findings", "-w", "x"], '"x" is no range'),
    (["findings", "-c", "5:1"], '"5:1" is no range'),
    (["nothing"], 'there is no check "nothing"'),
    ([], "check needs CHECK"),
    (["quarantine", "--domain", "example.com"], "check quarantine takes no --domain"),
    (["intake", "--since", "7d"], "check intake takes no --since"),
    (["findings", "--bogus"], 'there is no option "bogus"'),
    (["findings", "-t", "0"], '--timeout: "0" is no number from 1 to 3600'),
    (["findings", "--format", "json"], "check takes no --format"),
    (["findings", "--config", "/nonexistent"], "/nonexistent"),
])
def test_wrong_use_is_unknown(check, words, says):
    state, text, perf, _ = check(*words)
    assert state == UNKNOWN and says in text and perf == {}


def test_no_database_is_unknown(check):
    state, text, _, _ = check("findings", uri="postgresql://nobody@127.0.0.1:1/none")
    assert state == UNKNOWN and "Connection refused" in text


def test_timeout_is_unknown(check):
    """A server that accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        state, text, _, _ = check("findings", "-t", "1", uri=f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/x")
    assert state == UNKNOWN and "--timeout" in text


# ---- Nagios -----------------------------------------------------------------------------------------

OBJECTS = """
define timeperiod {{
    timeperiod_name always
    alias always
    {week}
}}
define contact {{
    contact_name nobody
    host_notifications_enabled 0
    service_notifications_enabled 0
    host_notification_period always
    service_notification_period always
    host_notification_commands true
    service_notification_commands true
}}
define command {{
    command_name true
    command_line /bin/true
}}
define host {{
    name generic-host
    register 0
}}
define host {{
    host_name mail.example.com
    address 127.0.0.1
    max_check_attempts 1
    active_checks_enabled 0
    check_period always
    notification_period always
    contacts nobody
}}
define service {{
    name generic-service
    register 0
    max_check_attempts 1
    retry_interval 1
    check_period always
    notification_period always
    contacts nobody
}}
"""

MAIN = """
log_file={0}/nagios.log
cfg_file={0}/objects.cfg
cfg_file={0}/tlsrpt.cfg
object_cache_file={0}/objects.cache
precached_object_file={0}/objects.precache
status_file={0}/status.dat
status_update_interval=1
lock_file={0}/nagios.lock
temp_file={0}/nagios.tmp
temp_path={0}
check_result_path={0}
state_retention_file={0}/retention.dat
command_file={0}/nagios.cmd
query_socket={0}/nagios.qh
check_external_commands=0
retain_state_information=0
enable_notifications=0
check_for_updates=0
execute_host_checks=0
interval_length=1
service_check_timeout=60
service_inter_check_delay_method=n
use_syslog=0
nagios_user={1}
nagios_group={1}
"""


class Nagios:
    """A nagios4 of our own, in the foreground, with our example of a configuration."""

    def __init__(self, folder, tlsrpt, uri):
        self.folder = folder
        week = "\n    ".join(f"{name} 00:00-24:00" for name in "sunday monday tuesday wednesday thursday friday saturday".split())
        (folder / "objects.cfg").write_text(OBJECTS.format(week=week))
        example = (SOURCE / "docs/monitoring/nagios.cfg").read_text()
        example = example.replace("/usr/local/bin/tlsrpt check $ARG1$", f"{tlsrpt} check $ARG1$ --db '{uri}'")
        (folder / "tlsrpt.cfg").write_text(re.sub(r"check_interval +\d+", "check_interval 1", example))
        user = SERVER_USER if os.geteuid() == 0 else os.environ.get("USER", "nobody")
        (folder / "nagios.cfg").write_text(MAIN.format(folder, user).replace(f"nagios_group={user}", "nagios_group=nogroup"
                                                                            if user == "nobody" else f"nagios_group={user}"))
        if os.geteuid() == 0:
            for path in [folder, *folder.iterdir()]:
                shutil.chown(path, SERVER_USER)
        program = shutil.which("nagios4", path=os.environ["PATH"] + ":/usr/sbin")
        verify = subprocess.run(as_user(SERVER_USER, [program, "-v", folder / "nagios.cfg"]), capture_output=True, text=True)
        assert verify.returncode == 0, verify.stdout
        self.process = subprocess.Popen(as_user(SERVER_USER, [program, folder / "nagios.cfg"]), cwd=folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def status(self):
        """{service: its fields} as status.dat says."""
        path = self.folder / "status.dat"
        text = path.read_text(errors="replace") if path.exists() else ""
        blocks = re.findall(r"^servicestatus \{\n(.*?)^\t\}", text, re.M | re.S)
        fields = [dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
        return {f["service_description"].split(": ")[1]: f for f in fields}

    def wait(self, service, state):
        """Until the service is in that state; its fields."""
        for _ in range(1200):
            found = self.status().get(service, {})
            if found.get("has_been_checked") == "1" and found.get("current_state") == str(state):
                return found
            assert self.process.poll() is None, (self.folder / "nagios.log").read_text()
            time.sleep(0.1)
        raise AssertionError(f"{service} is not {state}: {self.status().get(service)}\n" +
                             (self.folder / "nagios.log").read_text())

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


@pytest.fixture
def folder():
    """Open to whoever Nagios runs as, which pytest's own are not."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-nagios-"))
    yield path
    shutil.rmtree(path)


def test_nagios(tlsrpt, migrated, postgres, folder):
    """A real Nagios sees one service in all four states, and keeps what it says and its figures."""
    nagios = Nagios(folder, tlsrpt, migrated.role_uri("tlsrpt_reader"))
    try:
        fine = nagios.wait("quarantine", OK)
        assert fine["plugin_output"] == "TLSRPT OK: 0 new in the quarantine"
        assert fine["performance_data"] == "quarantined=0;10;100;0 quarantined_bytes=0B;;;0"
        for number in range(11):
            add_held(migrated, day(0), "quarantined", b"%d" % number, "broken `$USER1$` <b>", received=NOW.isoformat())
        some = nagios.wait("quarantine", WARNING)
        assert some["performance_data"].startswith("quarantined=11;10;100;0 ") and "11 new" in some["plugin_output"]
        for number in range(100):
            add_held(migrated, day(0), "quarantined", b"more %d" % number, "broken", received=NOW.isoformat())
        many = nagios.wait("quarantine", CRITICAL)
        assert re.match(r"quarantined=1(0[1-9]|1[01]);10;100;0 ", many["performance_data"]), "it may look while they come"
        assert nagios.wait("findings", UNKNOWN)["performance_data"] == "alarms=0;0;;0 critical=0;;0;0"
        assert nagios.wait("silence", CRITICAL)["performance_data"] == "age=U;129600;259200;0"
        assert nagios.wait("failure rate", UNKNOWN)["performance_data"].startswith("failure_rate=U;1;5;0;100 ")
        postgres.sql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{migrated.name}'")
        postgres.sql("postgres", f'ALTER DATABASE "{migrated.name}" RENAME TO "{migrated.name}_away"')
        try:
            gone = nagios.wait("quarantine", UNKNOWN)
            assert gone["plugin_output"].startswith("TLSRPT UNKNOWN: ") and gone["performance_data"] == ""
        finally:
            for _ in range(100):  # a check may be connected
                try:
                    postgres.sql("postgres", f'ALTER DATABASE "{migrated.name}_away" RENAME TO "{migrated.name}"')
                    break
                except Exception:
                    time.sleep(0.1)
    finally:
        nagios.stop()
