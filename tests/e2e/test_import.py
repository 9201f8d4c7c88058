"""`tlsrptd import`: what it finds, what it makes of it, and that it can be run again."""
import datetime
import email
import gzip
import itertools
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import zipfile

import pytest

from conftest import SOURCE
from mails import AUTHSERV, START, date, mail, mbox, report

OPERATOR, UNVERIFIED, VERIFIED = 2, 4, 1
DAY = datetime.timedelta(days=1)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tlsrpt.conf"
    path.write_text(f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\n'
                    'resolver { forwarders = {"127.0.0.1@1"} }\n')
    return str(path)


@pytest.fixture
def run(tlsrptd, migrated, config):
    """run(arguments...) imports into a database of its own; returns what was said."""
    def run(*arguments, stdin=None, code=0):
        done = subprocess.run([tlsrptd, "import", "-c", config, "--db", migrated.role_uri("tlsrpt_collector"),
                               *map(str, arguments)], input=stdin, capture_output=True)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode() + done.stderr.decode()
    return run


def verdicts(said):
    """{"stored": 3, ...} of the summary."""
    return {text.split(":")[0].split(" (")[0]: int(n) for n, text in re.findall(r"^ +(\d+) (.*)$", said, re.M)}


def reports(database):
    return database.value("SELECT count(*) FROM tlsrpt.report")


@pytest.fixture
def archive(tmp_path):
    """Eleven reports in every form that import knows."""
    root = tmp_path / "archive"
    for folder in ("sub", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
        (root / folder).mkdir(parents=True)
    (root / "1.eml").write_text(mail(report(1)))
    (root / "2.json").write_text(report(2))
    (root / "3.json.gz").write_bytes(gzip.compress(report(3).encode()))
    with zipfile.ZipFile(root / "4.zip", "w") as z:
        z.writestr("4.json", report(4))
    (root / "box.mbox").write_bytes(mbox([mail(report(5)), mail(report(6)), mail(report(7))]))
    (root / "sub" / "8.eml").write_bytes(mail(report(8)).replace("\n", "\r\n").encode())
    (root / "Maildir/new/9").write_text(mail(report(9)))
    (root / "Maildir/cur/10:2,S").write_text(mail(report(10)))
    (root / "Maildir/tmp/11").write_text(mail(report(11)))
    (root / "12.eml").write_text(mail(report(12), domain="EXAMPLE.org"))
    (root / ".hidden").write_text(report(13))
    return root


@pytest.mark.parametrize("string, hosts, kept", [
    (["version: STSv1", "mx: x.example"], ["x.example"], None),
    (["version: STSv1", "mx: x.example"], [], []),
    (["version: STSv1\nmx: x.example"], [], [])])
def test_hosts_are_those_that_the_report_names(run, migrated, tmp_path, string, hosts, kept):
    """mx_host is null where policy_string, whose lines are one text, says the same."""
    made = json.loads(report())
    made["policies"][0]["policy"].update({"policy-string": string, "mx-host": hosts})
    (tmp_path / "1.json").write_text(json.dumps(made))
    run("--vouch", tmp_path / "1.json")
    assert migrated.value("SELECT mx_host FROM tlsrpt.policy_result") == kept


def test_every_form_is_found(run, migrated, archive):
    assert verdicts(run("--vouch", archive)) == {"stored": 11}
    assert reports(migrated) == 11
    ids = {row[0] for row in migrated.sql("SELECT report_id FROM tlsrpt.report")}
    assert ids == {f"id-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)}
    assert migrated.sql("SELECT DISTINCT transport, tier FROM tlsrpt.report") == [(4, OPERATOR)]


def test_bytes_are_kept_as_they_came(run, migrated, tmp_path):
    """A report that is compressed is no archive of mails, though its JSON has a colon, too."""
    packed = gzip.compress(report(1).encode())
    (tmp_path / "1.json.gz").write_bytes(packed)
    run(tmp_path / "1.json.gz")
    assert bytes(migrated.value("SELECT body FROM tlsrpt.raw_report")) == packed


def test_run_again_nothing_is_counted_twice(run, migrated, archive):
    run("--vouch", archive)
    assert verdicts(run("--vouch", archive)) == {"there already": 11}
    assert verdicts(run("--vouch", "--jobs", "4", archive / "1.eml", archive / "box.mbox")) == {"there already": 4}
    assert reports(migrated) == 11


def test_standard_input(run, migrated):
    assert verdicts(run("--vouch", "-", stdin=mail(report(1)).encode())) == {"stored": 1}
    assert verdicts(run("--vouch", "-", stdin=mbox([mail(report(n)) for n in range(1, 4)]))) == \
        {"stored": 2, "there already": 1}
    assert verdicts(run("--vouch", "-", stdin=report(9).encode())) == {"stored": 1}
    assert reports(migrated) == 4


def test_a_dry_run_keeps_nothing(tlsrptd, config, archive, run, migrated):
    # No database is asked, so none need be there.
    done = subprocess.run([tlsrptd, "import", "-c", config, "--db", "postgresql://nobody@/none?host=/nonexistent",
                           "--dry-run", "--vouch", archive], capture_output=True, text=True)
    assert done.returncode == 0 and verdicts(done.stdout) == {"stored": 11}, done.stderr
    assert "nothing was kept" in run("--dry-run", "--vouch", archive)
    assert reports(migrated) == 0


def test_authentication_results_are_believed_only_when_told(run, migrated, tmp_path):
    (tmp_path / "good.eml").write_text(mail(report(1), passed="sender.example"))
    (tmp_path / "none.eml").write_text(mail(report(2)))
    (tmp_path / "other.eml").write_text(mail(report(3), passed="forger.example"))
    assert verdicts(run("--trust-authres", *tmp_path.glob("*.eml"))) == {"stored": 2, "ignored": 1}
    assert sorted(migrated.sql("SELECT report_id, tier FROM tlsrpt.report")) == \
        [("id-1", VERIFIED), ("id-3", UNVERIFIED)]
    # Not told, they are mails without a signature.
    assert verdicts(run(*tmp_path.glob("*.eml")))["ignored"] == 3


def test_trust_authres_without_an_id_is_a_fault_of_the_configuration(tlsrptd, tmp_path):
    (tmp_path / "empty.conf").write_text("")
    done = subprocess.run([tlsrptd, "import", "-c", tmp_path / "empty.conf", "--dry-run", "--trust-authres", "x"],
                          capture_output=True, text=True)
    assert done.returncode == 78 and "trusted_authserv_id" in done.stderr


def test_arrival(run, migrated, tmp_path):
    arrived = START + datetime.timedelta(days=2, hours=3)
    (tmp_path / "mail.eml").write_text(mail(report(1), arrived=arrived))
    (tmp_path / "bare.json").write_text(report(2))
    (tmp_path / "told.json").write_text(report(3))
    run("--vouch", tmp_path / "mail.eml", tmp_path / "bare.json")
    told = (START + 5 * DAY + datetime.timedelta(seconds=3661)).replace(tzinfo=None)
    run("--vouch", "--received", f"{told.isoformat()}Z", tmp_path / "told.json")
    assert dict(migrated.sql("SELECT report_id, received AT TIME ZONE 'UTC' FROM tlsrpt.report")) == {
        "id-1": arrived.replace(tzinfo=None),
        "id-2": (START + 2 * DAY - datetime.timedelta(seconds=1)).replace(tzinfo=None),
        "id-3": told}


def test_an_archive_older_than_a_collector_may_make_room_for(tlsrptd, migrated, tmp_path):
    """With the owner's address import makes the months; without it such reports are in quarantine, with the reason."""
    start = START - datetime.timedelta(days=1500)
    (tmp_path / "old.json").write_text(report(1, start=start))
    (tmp_path / "odd.json").write_text(report(2, start=start)[:-9])
    (tmp_path / "conf").mkdir()
    for owner, want in (("", {"quarantined": 2}), (migrated.role_uri("tlsrpt_owner"), {"stored": 1, "quarantined": 1})):
        config = tmp_path / "conf" / "tlsrpt.conf"
        config.write_text(f'database {{ uri = "{migrated.role_uri("tlsrpt_collector")}" '
                          + (f'owner_uri = "{owner}" ' if owner else "") + "}")
        done = subprocess.run([tlsrptd, "import", "-c", config, "--vouch", *tmp_path.glob("*.json")],
                              capture_output=True, text=True)
        assert done.returncode == 0 and verdicts(done.stdout) == want, done.stderr + done.stdout
    assert migrated.value("SELECT count(*) FROM tlsrpt.report") == 1
    assert any("old" in reason for reason, in migrated.sql("SELECT reason FROM tlsrpt.quarantine"))
    assert migrated.value("SELECT min(arrival_day) >= current_date - 1 FROM tlsrpt.quarantine")


def test_a_post_is_replayed(run, migrated, tmp_path):
    (tmp_path / "post.json.gz").write_bytes(gzip.compress(report(1).encode()))
    day = (START + DAY).date()
    said = run("--as", "https", "--received", f"{day}T04:05:06+01:00", "--peer", "2001:db8::7",
               tmp_path / "post.json.gz")
    assert verdicts(said) == {"stored": 1}
    assert migrated.sql("SELECT tier, transport, peer, peer_name, received AT TIME ZONE 'UTC' FROM tlsrpt.report") == [
        (UNVERIFIED, 1, "2001:db8::7", "", datetime.datetime.combine(day, datetime.time(3, 5, 6)))]


@pytest.mark.parametrize("arguments", [
    ["--as", "lmtp"], ["--as", "https"], ["--as", "https", "--received", "2026-03-02T04:05:06Z"],
    ["--as", "https", "--received", "soon", "--peer", "192.0.2.1"],
    ["--as", "https", "--received", "2026-03-02T04:05:06Z", "--peer", "host.example"],
    ["--as", "https", "--vouch", "--received", "2026-03-02T04:05:06Z", "--peer", "192.0.2.1"],
    ["--peer", "192.0.2.1"], ["--jobs", "0"], ["--jobs", "65"], ["--jobs", "x"], []])
def test_wrong_usage(tlsrptd, config, arguments):
    operand = ["x"] if arguments else []
    done = subprocess.run([tlsrptd, "import", "-c", config, *arguments, *operand], capture_output=True, text=True)
    assert done.returncode == 64 and done.stderr and not done.stdout


def test_what_cannot_be_kept_is_told(run, migrated, tmp_path):
    (tmp_path / "broken.json").write_text(report(1)[:-20])
    (tmp_path / "noise.bin").write_bytes(b"\0\1\2\3" * 100)
    (tmp_path / "letter.eml").write_text("From: a@b.example\nSubject: lunch\n\nAt noon?\n")
    (tmp_path / "big.eml").write_bytes(b"From: a@b\n\n" + b"x" * (26 << 20))
    (tmp_path / "good.json").write_text(report(2))
    said = run("--vouch", tmp_path)
    found = verdicts(said)
    assert found["quarantined"] == 1 and found["too big"] == 1 and found["stored"] == 1
    assert sum(found.values()) == 6, found  # the configuration lies there too
    assert "noise.bin: unrecognized" in said and "big.eml: too-big" in said
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine WHERE status = 2") == 1
    assert "cannot be read" in run("--vouch", tmp_path / "missing", tmp_path / "good.json", code=65)


def test_a_summary_that_cannot_be_written(tlsrptd, migrated, config, tmp_path):
    """The disk behind standard output is full: what was kept is kept, but not all went well."""
    (tmp_path / "a.json").write_text(report(1))
    with open("/dev/full", "w") as full:
        done = subprocess.run([tlsrptd, "import", "-c", config, "--vouch", "--db", migrated.uri, tmp_path / "a.json"],
                              stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, reports(migrated)) == (74, 1)
    assert done.stderr == b"tlsrptd: cannot write to standard output\n"


def test_names_cannot_steer_a_terminal(run, tmp_path):
    (tmp_path / "a\x1b[31m\n.bin").write_bytes(b"\0\1\2\3")
    said = run("--vouch", tmp_path / "a\x1b[31m\n.bin")
    assert "\\x1b[31m\\x0a.bin" in said and "\x1b" not in said


def test_interrupted_and_run_again(tlsrptd, migrated, config, run):
    """The first half is given, then the interrupt; the second run brings the rest."""
    mails = [mail(report(n)) for n in range(1200)]
    process = subprocess.Popen([tlsrptd, "import", "-c", config, "--vouch", "--jobs", "2", "--db",
                                migrated.role_uri("tlsrpt_collector"), "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(mbox(mails[:600]))
    process.stdin.flush()
    while reports(migrated) == 0:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    try:
        process.stdin.write(mbox(mails[600:602]) * 50)
        process.stdin.close()
    except BrokenPipeError:
        process.stdin = None
    said = process.stderr.read().decode()
    assert process.wait() == 75, said
    assert "interrupted" in said
    kept = reports(migrated)
    assert 0 < kept
    said = verdicts(run("--vouch", "-", stdin=mbox(mails)))
    assert said == {"stored": 1200 - kept, "there already": kept}
    assert reports(migrated) == 1200


def test_interrupted_while_it_waits_for_input(tlsrptd, migrated, config):
    """What came whole is kept, half a mail is not."""
    process = subprocess.Popen([tlsrptd, "import", "-c", config, "--vouch", "--jobs", "1", "--db", migrated.uri, "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(mbox([mail(report(n)) for n in range(251)]) + mbox([mail(report(999))])[:900])
    process.stdin.flush()
    while reports(migrated) == 0:  # a batch
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait() == 75
    assert verdicts(process.stdout.read().decode()) == {"stored": 251}
    process.stdin.close()
    assert reports(migrated) == 251 and migrated.value("SELECT count(*) FROM tlsrpt.quarantine") == 0


def test_it_says_what_it_waits_for(tlsrptd, config, tmp_path):
    """A pipe that nobody writes to, and one that somebody does, sooner or later."""
    os.mkfifo(tmp_path / "fifo")
    process = subprocess.Popen([tlsrptd, "import", "--dry-run", "-c", config, tmp_path / "fifo"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == f"tlsrptd: {tmp_path}/fifo: waits for somebody to write\n"
    (tmp_path / "fifo").write_text(report(1))
    assert "1 stored" in process.communicate()[0]
    assert process.returncode == 0


def test_a_bar_on_a_terminal(tlsrptd, migrated, config):
    """With rate; with the time left where the size is known."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([tlsrptd, "import", "-c", config, "--vouch", "--db", migrated.uri, "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    os.set_blocking(ours, False)
    for n in itertools.count():
        process.stdin.write(mbox([mail(report(n))]))
        process.stdin.flush()
        try:
            seen += os.read(ours, 1000)
        except BlockingIOError:
            pass
        if b"read, " in seen:
            break
    process.stdin.close()
    assert process.wait() == 0
    os.close(ours)
    assert re.search(rb"\r\d+ read, \d+/s\x1b\[K", seen)
    assert verdicts(process.stdout.read().decode()) == {"stored": n + 1}


def test_a_database_that_goes_away_loses_nothing(tlsrptd, tmp_path, config):
    """Without a database the import says so and ends; nothing was claimed to be kept."""
    (tmp_path / "a.json").write_text(report(1))
    done = subprocess.run([tlsrptd, "import", "-c", config, "--vouch", "--db", f"postgresql://x@/x?host={tmp_path}",
                           tmp_path / "a.json"], capture_output=True, text=True)
    assert done.returncode in (69, 75) and "stored" not in done.stdout


# A process inherits the peak of the one that forked it, so it is forked by a small one.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def test_a_hundred_thousand_mails_in_64_mebibytes(migrated, config):
    """Small mails, through a pipe; the memory is the process's peak, as the kernel counts it. The release build is
    used, for sanitizers need memory of their own."""
    process = subprocess.Popen([sys.executable, "-c", MEASURE, SOURCE / "build/release/tlsrptd", "import", "-c", config,
                                "--vouch", "--db", migrated.role_uri("tlsrpt_collector"), "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for first in range(0, 100_000, 1000):
        process.stdin.write(mbox([plain_mail(n) for n in range(first, first + 1000)]))
    process.stdin.close()
    said = process.stdout.read().decode()
    assert process.wait() == 0 and verdicts(said) == {"stored": 100_000}, said
    peak_kib = int(re.search(r"^peak (\d+)$", said, re.M)[1])
    assert peak_kib <= 64 * 1024, peak_kib


def plain_mail(n):
    """Not compressed, so that a hundred thousand of them are made quickly."""
    return f"""Received: by x; {date(START + DAY)}
From: tlsrpt@sender.example
Subject: Report Domain: example.org Submitter: sender.example Report-ID: <{n}@sender.example>
MIME-Version: 1.0
Content-Type: application/tlsrpt+json

{PLAIN.replace("id-0", f"id-{n}")}
"""


PLAIN = report(0)


SIMULATE = pathlib.Path(__file__).resolve().parents[1] / "scenarios" / "simulate.py"


def families():
    listed = subprocess.run([sys.executable, SIMULATE, "list"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


@pytest.mark.parametrize("family", families())
def test_every_family_of_the_scenarios(tlsrptd, migrated, config, tmp_path, family):
    """As many reports as files, in the tiers that Authentication-Results deserve."""
    subprocess.run([sys.executable, SIMULATE, family, "--seed", "1", "--out", tmp_path], check=True)
    program = [tlsrptd, "import", "-c", config, "--db", migrated.uri]
    expected = {VERIFIED: 0, UNVERIFIED: 0, "ignored": 0}
    for path in (tmp_path / "mail").iterdir():
        expected[tier_deserved(email.message_from_bytes(path.read_bytes()))] += 1
    done = subprocess.run([*program, "--trust-authres", tmp_path / "mail"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for meta in (tmp_path / "https").glob("*.meta.json"):
        told = json.loads(meta.read_text())
        subprocess.run([*program, "--as", "https", "--received", told["arrival"], "--peer", told["peer"],
                        str(meta).replace(".meta.json", ".json.gz")], check=True, capture_output=True)
        expected[UNVERIFIED] += 1
    found = dict(migrated.sql("SELECT tier, count(*) FROM tlsrpt.report GROUP BY tier"))
    found["ignored"] = migrated.value("SELECT count(*) FROM tlsrpt.quarantine WHERE status = 3")
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine WHERE status = 2") == 0
    assert {key: n for key, n in found.items() if n} == {key: n for key, n in expected.items() if n}


def tier_deserved(message):
    """RFC 8460 section 3, by the topmost Authentication-Results: d= of a good signature is the submitter's."""
    result = re.search(r"dkim=(\w+)(?:.*?header\.d=([\w.-]+))?", message["Authentication-Results"], re.S)
    if result[1] != "pass":
        return "ignored"
    submitter = message["TLS-Report-Submitter"]
    return VERIFIED if submitter == result[2] or submitter.endswith("." + result[2]) else UNVERIFIED
