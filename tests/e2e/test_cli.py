"""tlsrpt as a script and an operator meet it, on a real PostgreSQL."""
import csv
import datetime
import io
import json
import os
import pty
import random
import re
import select
import struct
import subprocess
import fcntl
import termios

import pytest

import store
from rows import add_conflict, add_held, add_report, failure, policy, realistic

COMMANDS = ("summary", "domains", "senders", "failures", "reports")
KEYS = {
    "reports": "id received transport trust status sender organization report_id policy_domains start end quirks "
               "reason",
    "summary": "policy_domain sender policy_type trust reports contested successful_sessions failed_sessions first_day last_day",
    "domains": "policy_domain senders reports successful_sessions failed_sessions unverified_sessions last_day",
    "senders": "sender organization policy_domains reports successful_sessions failed_sessions unverified_sessions "
               "last_day quirks",
    "failures": "policy_domain sender day policy_type result_type failed_sessions sending_mta_ip "
                "receiving_mx_hostname receiving_ip failure_reason_code trust",
}


@pytest.fixture
def migrated(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def cli(migrated, tlsrpt):
    """cli(*words) runs tlsrpt on the test's database, as the role that may only read."""
    def run(*words, **more):
        return subprocess.run([tlsrpt, *words, "--db", migrated.role_uri("tlsrpt_reader")], capture_output=True,
                              text=True, **more)
    return run


@pytest.fixture
def ask(cli):
    """ask(*words) is the answer as Python reads its JSON."""
    def run(*words):
        done = cli(*words, "--format", "json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)
    return run


def one(rows):
    assert len(rows) == 1, rows
    return rows[0]


# ---- what is counted


def test_a_stranger_s_absurd_counts_break_no_answer(migrated, ask):
    """Each fits a bigint, their sum does not."""
    largest = 2 ** 63 - 1
    add_report(migrated, "2026-11-01", [policy(good=largest, bad=largest)], trust="unverified")
    for verb in ("domains", "senders"):
        assert one(ask(verb))["unverified_sessions"] == 2 * largest


def test_types_over_the_same_mail_are_not_added_up(migrated, ask):
    add_report(migrated, "2026-11-01", [policy("sts", good=100, bad=4), policy("tlsa", good=90, bad=1, leads=False)])
    assert [(r["policy_type"], r["successful_sessions"], r["failed_sessions"]) for r in ask("summary")] == [
        ("sts", 100, 4), ("tlsa", 90, 1)]
    for verb in ("domains", "senders"):
        row = one(ask(verb))
        assert (row["successful_sessions"], row["failed_sessions"], row["reports"]) == (100, 4, 1)


def test_policies_of_one_type_are_summed(migrated, ask):
    add_report(migrated, "2026-11-01", [policy("sts", good=3), policy("sts", good=4, bad=1)])
    for verb in ("summary", "domains", "senders"):
        row = one(ask(verb))
        assert (row["successful_sessions"], row["failed_sessions"], row["reports"]) == (7, 1, 1)


def test_a_report_of_two_domains_is_one_report_of_its_sender(migrated, ask):
    add_report(migrated, "2026-11-01", [policy(domain="a.example"), policy(domain="b.example", good=5)])
    row = one(ask("senders"))
    assert (row["reports"], row["policy_domains"], row["successful_sessions"]) == (1, 2, 15)
    assert [r["policy_domain"] for r in ask("domains")] == ["a.example", "b.example"]
    assert one(ask("reports"))["policy_domains"] == ["a.example", "b.example"]
    assert one(ask("reports", "--domain", "b.example"))["policy_domains"] == ["a.example", "b.example"]


def test_one_report_in_two_tiers_is_counted_once_in_the_better(migrated, ask):
    forged = policy(good=1, bad=50, failures=[failure("certificate-expired", 50)])
    add_report(migrated, "2026-11-01", [forged], trust="unverified", door="https",
               received="2026-11-02T01:00:00Z")
    add_report(migrated, "2026-11-01", [policy(good=7)], received="2026-11-02T05:00:00Z")
    row = one(ask("summary"))
    assert (row["trust"], row["successful_sessions"], row["failed_sessions"], row["reports"]) == ("verified", 7, 0, 1)
    assert one(ask("domains"))["unverified_sessions"] == 0
    assert ask("failures") == []
    assert [r["trust"] for r in ask("reports")] == ["verified", "unverified"]
    # before the better one had come
    early = one(ask("summary", "--as-of", "2026-11-02T04:59:59Z"))
    assert (early["trust"], early["failed_sessions"]) == ("unverified", 50)
    assert one(ask("domains", "--as-of", "2026-11-02T04:59:59Z"))["unverified_sessions"] == 51
    assert one(ask("failures", "--as-of", "2026-11-02T04:59:59Z"))["failed_sessions"] == 50
    shown = ask("show", ask("reports")[0]["id"])
    assert [(r["trust"], r["counted"]) for r in shown] == [("verified", True), ("unverified", False)]


def test_unverified_sessions_stand_apart(migrated, ask):
    add_report(migrated, "2026-11-01", [policy(good=10)], sender="good.example")
    add_report(migrated, "2026-11-01", [policy(good=20)], sender="vouched.example", trust="operator")
    add_report(migrated, "2026-11-02", [policy(good=1, bad=2)], sender="stranger.example", trust="unverified")
    row = one(ask("domains"))
    assert (row["successful_sessions"], row["failed_sessions"], row["unverified_sessions"]) == (30, 0, 3)
    assert [r["trust"] for r in ask("summary")] == ["verified", "unverified", "operator"]
    assert [r["sender"] for r in ask("summary", "--trust", "operator,verified")] == ["good.example", "vouched.example"]
    assert one(ask("failures"))["trust"] == "unverified"
    assert ask("failures", "--trust", "verified") == []


def test_quarantine_is_in_reports_only(migrated, ask):
    quarantined = add_held(migrated, "2026-11-03", "quarantined", b"{", "broken JSON", domains="example.com")
    ignored = add_held(migrated, "2026-11-03", "ignored", b"From: x", "no signature", door="lmtp")
    assert {r["id"]: (r["status"], r["trust"], r["reason"]) for r in ask("reports")} == {
        quarantined: ("quarantined", None, "broken JSON"), ignored: ("ignored", "ignored", "no signature")}
    for verb in ("summary", "domains", "senders", "failures"):
        assert ask(verb) == []
    assert one(ask("reports", "--status", "quarantined"))["policy_domains"] == ["example.com"]
    assert one(ask("reports", "--trust", "ignored"))["id"] == ignored
    assert one(ask("reports", "--domain", "example.com"))["id"] == quarantined
    assert ask("reports", "--sender", "x.example") == []
    assert ask("reports", "--status", "accepted") == []


def test_failures_that_nobody_describes_are_listed(migrated, ask):
    add_report(migrated, "2026-11-01", [policy(bad=5), policy("tlsa", bad=2, leads=False, failures=[
        failure("tlsa-invalid", 1, mx="mx1.example.com", ip="192.0.2.1", sender_ip="198.51.100.1", code="x"),
        failure("tlsa-invalid", 2, mx="mx1.example.com", ip="192.0.2.1", sender_ip="198.51.100.1", code="x")])])
    assert [(r["result_type"], r["failed_sessions"], r["receiving_ip"]) for r in ask("failures")] == [
        ("not-described", 5, None), ("tlsa-invalid", 3, "192.0.2.1")]


def test_as_of_sees_what_had_arrived(migrated, ask):
    add_report(migrated, "2026-11-01", [policy(good=1)], sender="a.example", received="2026-11-02T00:00:00Z")
    add_report(migrated, "2026-11-01", [policy(good=1)], sender="b.example", received="2026-11-25T00:00:00Z")
    held = add_held(migrated, "2026-11-03", "quarantined", b"{", "broken", received="2026-11-03T06:00:00Z")

    def count(instant):
        return len(ask("senders", "--as-of", instant)), len(ask("reports", "--as-of", instant))

    assert count("2026-11-01T23:59:59Z") == (0, 0)
    assert count("2026-11-02T00:00:00Z") == (1, 1)
    assert count("2026-11-03") == (1, 2)  # the whole day
    assert count("2026-11-25T00:00:00Z") == (2, 3)
    migrated.sql("INSERT INTO tlsrpt.reparsed VALUES ('2026-11-03', (SELECT body_hash FROM tlsrpt.quarantine), "
                 "'2026-11-10T00:00:00Z')")
    assert count("2026-11-09") == (1, 2)
    assert count("2026-11-10") == (1, 1)
    assert one(ask("show", held))["understood"] == "2026-11-10T00:00:00Z"


def test_organization_is_that_of_the_best_trusted_then_latest_report(migrated, ask):
    for day, trust, name in (("2026-11-01", "verified", "Old"), ("2026-11-02", "verified", "New"),
                             ("2026-11-03", "unverified", "Forged")):
        add_report(migrated, day, [policy()], trust=trust, organization=name, quirks=[f"q-{name}"])
    row = one(ask("senders"))
    assert (row["organization"], row["quirks"]) == ("New", ["q-Forged", "q-New", "q-Old"])


# ---- --since and --until, with PostgreSQL as the judge


def test_times_are_those_of_postgresql(migrated, ask):
    """Random times in every form: the days that are listed are those that PostgreSQL says."""
    seeded = random.Random(8460)
    days = [datetime.date(2026, 10, 1) + datetime.timedelta(days=n) for n in range(60)]
    for day in days:
        add_report(migrated, day.isoformat(), [policy()], received="2026-10-01T00:00:00Z")
    forms = ["now", "today", "yesterday", "0h", "36h", "7d", "2w", "2026-11-01", "2026-10-31T23:59:59Z",
             "2026-11-01T00:30:00+02:00", "2026-10-31T22:30:00-05:00"]
    forms += [f"{seeded.randrange(900)}h" for _ in range(6)] + [f"{seeded.randrange(50)}d" for _ in range(6)]
    for form in forms:
        as_of = datetime.datetime(2026, 11, seeded.randrange(1, 29), seeded.randrange(24), seeded.randrange(60),
                                  seeded.randrange(60), tzinfo=datetime.timezone.utc)
        if form[-1] in "hdw" and form[0].isdigit():
            unit = {"h": "hours", "d": "days", "w": "weeks"}[form[-1]]
            meant = f"%s::timestamptz - interval '{form[:-1]} {unit}'"
        elif form in ("today", "yesterday"):
            meant = f"(%s::timestamptz AT TIME ZONE 'UTC')::date {'- 1' if form == 'yesterday' else ''} + time '12:00'"
            meant = f"({meant}) AT TIME ZONE 'UTC'"
        elif form == "now":
            meant = "%s::timestamptz"
        else:
            meant = f"coalesce(timestamptz '{form} {'' if 'T' in form else 'UTC'}', %s::timestamptz)"
        day = migrated.value(f"SELECT (({meant}) AT TIME ZONE 'UTC')::date", (as_of.isoformat(),))
        since = [r["first_day"] for r in per_day(ask, "--since", form, as_of, days)]
        until = [r["first_day"] for r in per_day(ask, "--until", form, as_of, days)]
        assert since == [d.isoformat() for d in days if d >= day], (form, as_of)
        assert until == [d.isoformat() for d in days if d <= day], (form, as_of)


def per_day(ask, option, form, as_of, days):
    """The days that `reports` lists, as rows with first_day."""
    found = ask("reports", option, form, "--as-of", as_of.isoformat())
    return sorted(({"first_day": f"{r['id'][:4]}-{r['id'][4:6]}-{r['id'][6:8]}"} for r in found),
                  key=lambda r: r["first_day"])


def test_a_sender_and_a_domain_can_be_picked(migrated, ask):
    realistic(migrated)
    assert {r["sender"] for r in ask("summary", "--sender", "Microsoft.COM")} == {"microsoft.com"}
    assert {r["sender"] for r in ask("summary", "--sender=microsoft.com,small.example")} == {
        "microsoft.com", "small.example"}
    assert {r["policy_domain"] for r in ask("failures", "--domain", "example.com.")} == {"example.com"}
    assert ask("failures", "--domain", "a-rather-long-name.mail.example.org") == []
    assert ask("domains", "--domain", "nobody.example") == []


# ---- formats


@pytest.mark.parametrize("verb", COMMANDS)
def test_keys_and_types(migrated, cli, ask, verb):
    realistic(migrated)
    rows = ask(verb)
    assert rows
    for row in rows:
        assert list(row) == KEYS[verb].split()
        for key, value in row.items():
            if key in ("reports", "senders") or key.endswith("_sessions") or (
                    verb == "senders" and key == "policy_domains"):
                assert isinstance(value, int) and value >= 0
            elif key == "day" or key.endswith("_day"):
                datetime.date.fromisoformat(value)
            elif key in ("received", "start", "end") and value is not None:
                datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
            elif key in ("quirks", "policy_domains"):
                assert isinstance(value, list)
    lines = cli(verb, "--format", "ndjson").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(io.StringIO(cli(verb, "--format", "csv").stdout, newline="")))
    assert len(table) == len(rows)
    assert list(table[0]) == list(rows[0])


def test_hostile_texts_reach_no_medium_unescaped(migrated, cli):
    evil = "\x1b]0;owned\x07\x9b31m\u202e=cmd|' /C calc'!A0\n\"<script>"
    add_report(migrated, "2026-11-01", [policy("sts\x1b[2J", "example.com", bad=2, failures=[
        failure("x\x1b[31m", 1, mx=evil, ip=evil, sender_ip=evil, code=evil, helo=evil, info=evil),
        failure("=1+1", 1, code="@SUM(1)")], string=[evil], mx=[evil])],
        sender="evil\x1b.example", organization=evil, report_id=evil, quirks=[evil], reason=evil, peer=evil,
        peer_name=evil, contact=evil)
    held = add_held(migrated, "2026-11-01", "quarantined", b'{"a": "\x1b[31m\xe2\x80\xae\x00\xff"}', evil)
    for verb in COMMANDS:
        for form in ("table", "json", "ndjson", "csv"):
            text = cli(verb, "--format", form).stdout
            assert text and not set(text) & set("\x1b\x07\x9b\u202e\x00"), (verb, form)
            if form == "csv":
                cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
                assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    for report in json.loads(cli("reports", "--format", "json").stdout):
        for form in ("table", "json", "ndjson", "csv"):
            text = cli("show", report["id"], "--format", form).stdout
            assert text and not set(text) & set("\x1b\x07\x9b\u202e\x00"), (report["id"], form)
    sender = one(json.loads(cli("senders", "--format", "json").stdout))
    assert sender["organization"] == evil  # JSON loses nothing
    assert "\\x1b[31m" in cli("show", held).stdout


def test_a_finding_about_a_hostile_sender_lists_its_reports(migrated, cli):
    evil = 'e"v\\i\x1bl.example'
    for day in range(1, 21):
        failed = [failure("certificate-expired", 90)] if day > 16 else []
        add_report(migrated, f"2026-10-{day:02}", [policy(good=100, bad=90 * len(failed), failures=failed)], sender=evil)
    findings = json.loads(cli("findings", "--as-of", "2026-10-22", "--format", "json").stdout)
    [finding] = [finding for finding in findings if finding["kind"] == "certificate-expired"]
    assert evil in finding["senders"]
    reports = cli("findings", finding["id"], "--as-of", "2026-10-22").stdout.split("Reports behind it")[1]
    assert "20261020-" in reports and "\x1b" not in reports


def test_a_broken_pipe_is_no_error(migrated, tlsrpt):
    for number in range(1, 29):
        add_report(migrated, f"2026-11-{number:02}", [policy(bad=1) for _ in range(60)])
    for form in ("table", "ndjson", "csv"):
        process = subprocess.Popen([tlsrpt, "reports", "--format", form, "--db", migrated.uri],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_a_full_disk_is_an_error(migrated, tlsrpt):
    realistic(migrated)
    for form in ("table", "json", "csv"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([tlsrpt, "summary", "--format", form, "--db", migrated.uri], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode == 75
        assert "cannot write the answer: No space left on device" in done.stderr


# ---- when there is nothing, and when something is wrong


def test_an_empty_database_says_what_to_do(cli):
    for verb in COMMANDS:
        done = cli(verb)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.count("\n") == 1
    assert "tlsrptd import PATH" in cli("reports").stderr
    assert cli("reports", "--since", "7d", "--domain=a.example").stderr == \
        "tlsrpt: nothing matches: try it without --since or --domain\n"
    assert cli("summary", "--format", "json").stdout == "[]\n"
    assert cli("summary", "--format", "ndjson").stdout == ""
    assert cli("summary", "--format", "csv").stdout == KEYS["summary"].replace(" ", ",") + "\n"


def test_a_name_that_is_not_there(migrated, cli):
    """What is near it is said, of what the database has; a name that is there, or near none, is no slip."""
    add_report(migrated, "2026-11-01", [policy()])
    migrated.sql("INSERT INTO tlsrpt.metric_name VALUES ('domain', 'example.com'), ('sender', 'sender.example')")
    slip = 'tlsrpt: there is no domain "exmaple.com": did you mean example.com?\n'
    for words in (["summary", "--domain", "exmaple.com"], ["reports", "--domain=Exmaple.COM"], ["findings", "--domain=exmaple.com"],
                  ["readiness", "exmaple.com"], ["policies", "exmaple.com"], ["coverage", "exmaple.com"]):
        done = cli(*words)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", slip), words
    assert cli("failures", "--sender", "sendr.example").stderr == \
        'tlsrpt: there is no sender "sendr.example": did you mean sender.example?\n'
    assert cli("domains", "--domain", "exmaple.com,b.test").stderr == slip
    assert "nothing matches" in cli("summary", "--domain", "b.test").stderr
    assert "nothing matches" in cli("failures", "--domain", "example.com").stderr
    assert cli("summary", "--domain", "exmaple.com", "--format", "json").stderr == ""


def test_old_reports_are_not_taken_for_none(migrated, cli):
    add_report(migrated, "2020-01-05", [policy(bad=3, failures=[failure("certificate-expired", 3)])])
    said = cli("findings").stderr
    assert said == "tlsrpt: nothing is open: in the last 7 days no sessions; last report 2020-01-06\n"
    assert "days seen: 0 of 14; sessions seen: 0 of 3000" in cli("readiness").stdout
    assert "no sender told a policy yet" in cli("policies").stderr
    assert "example.com" in cli("coverage").stdout


@pytest.mark.parametrize("words, said", [
    (["sumary"], "did you mean summary?"),
    (["\x1b[31m"], "\\x1b[31m"),
    (["show"], "show needs ID"),
    (["summary", "x"], 'summary does not take "x"'),
    (["summary", "--raw"], "summary takes no --raw"),
    (["summary", "--sinec", "7d"], "did you mean --since?"),
    (["summary", "--since", "soon"], '"soon" is no time'),
    (["summary", "--format", "xml"], "table json ndjson csv"),
])
def test_usage_errors(cli, words, said):
    done = cli(*words)
    assert (done.returncode, done.stdout) == (64, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture(params=["tlsrpt", "tlsrptd"])
def program(request, build):
    """program(*words) runs one of the two, for the manners that both have."""
    def run(*words):
        return subprocess.run([build / request.param, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    run.name = request.param
    return run


def verbs_of(program):
    return re.findall(r"^  ([a-z]+) {2,}\S", program("--help").stdout.split("\nVerbs:\n")[1], re.M)


def test_help_is_one_style(program):
    """Both programs, all verbs: usage, what it is for, options, and examples last; no database is needed."""
    for words in (["--help"], ["help"], ["-h"]):
        done = program(*words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: {program.name} VERB [OPTION]...\n\n")
        assert f"\n\nExamples:\n  {program.name} " in done.stdout
    assert len(verbs_of(program)) >= 9
    for verb in verbs_of(program):
        text = program(verb, "--help").stdout
        assert text.startswith(f"Usage: {program.name} {verb} [OPTION]...")
        text, examples = text.split("\nExamples:\n")
        assert examples.startswith(f"  {program.name} {verb}") and examples.endswith("\n")
        assert "\nOptions:\n" in text and "\n  -h, --help " in text and "--config FILE " in text
        assert max(map(len, text.splitlines())) <= 96
    for words in (["help", "serve"], ["--help", "serve"], ["serve", "-h"]):
        assert program(*words).stdout == program("serve", "--help").stdout


def test_findings_come_first(tlsrpt):
    """They are what people come for."""
    text = subprocess.run([tlsrpt, "help"], capture_output=True, text=True).stdout
    assert text.split("\nVerbs:\n")[1].startswith("  findings ")


def test_version(program):
    for word in ("--version", "-V"):
        done = program(word)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.fullmatch(program.name + r" \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("words, said", [
    (["--bogus"], 'there is no option "bogus": see NAME --help'),
    (["--versoin"], 'there is no option "versoin": did you mean --version?'),
    (["serve", "--bogus"], 'there is no option "bogus": see NAME serve --help'),
    (["serve", "--confg=x"], 'there is no option "confg": did you mean --config?'),
    (["serve", "extra"], 'serve does not take "extra": see NAME serve --help'),
    (["sevre"], 'there is no "sevre": did you mean serve?'),
    (["help", "sevre"], 'there is no "sevre": did you mean serve?'),
    (["sevre", "--help"], 'there is no "sevre": did you mean serve?'),
    (["serve", "--config"], "--config needs a value: FILE"),
    (["serve", "--", "--config"], 'serve does not take "--config"'),
    (["serve", "\x1b[31m"], "\\x1b[31m"),
])
def test_wrong_use_is_one_line_and_64(program, words, said):
    done = program(*words)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith(f"{program.name}: ") and done.stderr.count("\n") == 1
    assert said.replace("NAME", program.name) in done.stderr


def test_no_verb_is_wrong_use(program):
    """The help comes all the same, where no script takes it for an answer."""
    done = program()
    assert (done.returncode, done.stdout) == (64, "")
    assert "\nVerbs:\n" in done.stderr and done.stderr.endswith(f"{program.name}: a verb is missing\n")


@pytest.mark.parametrize("words, said", [
    (["reparse", "--vuoch"], "did you mean --vouch?"),
    (["serve", "--vouch"], "serve takes no --vouch"),
    (["reparse", "--status", "accepted"], '--status: "accepted" is none of: quarantined ignored'),
    (["prune", "--keep-raw", "long"], '--keep-raw: "long" is no number of days'),
    (["import", "--jobs", "0", "x"], '--jobs: "0" is no number from 1 to 64'),
    (["import", "--received", "soon", "x"], '--received: "soon" is no time'),
    (["import"], "import needs PATH..."),
    (["database", "strat"], 'there is no database "strat": did you mean start?'),
    (["config", "chekc"], 'there is no config "chekc": did you mean check?'),
])
def test_wrong_use_of_the_collector(tlsrptd, words, said, tmp_path):
    conf = tmp_path / "tlsrpt.conf"
    conf.write_text("")
    done = subprocess.run([tlsrptd, *words, "-c", conf], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (64, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_no_mail_bounces_for_wrong_use(tlsrptd):
    done = subprocess.run([tlsrptd, "deliver", "--bogus"], capture_output=True, text=True)
    assert done.returncode == 75 and "there is no option" in done.stderr


def test_a_check_that_there_is_not(cli):
    done = cli("check", "findigs")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == 'TLSRPT UNKNOWN: there is no check "findigs": did you mean findings?\n'


def test_a_configuration_from_standard_input(build):
    for program, words in (("tlsrptd", ["config"]), ("tlsrpt", ["serve"])):
        done = subprocess.run([build / program, *words, "-c", "-"], capture_output=True, text=True,
                              input="log_levle = debug\n")
        assert done.returncode == 78 and "/dev/stdin:1" in done.stderr


def test_a_database_that_is_away(tlsrpt, tmp_path):
    done = subprocess.run([tlsrpt, "summary", "--db", f"postgresql://x@/y?host={tmp_path}"], capture_output=True,
                          text=True)
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_database_that_is_not_ours(database, tlsrpt):
    done = subprocess.run([tlsrpt, "summary", "--db", database.uri], capture_output=True, text=True)
    assert done.returncode == 78
    assert "tlsrptd migrate" in done.stderr


def test_the_configuration_names_the_database(migrated, tlsrpt, tmp_path):
    add_report(migrated, "2026-11-01", [policy()])
    conf = tmp_path / "tlsrpt.conf"
    conf.write_text(f'database {{ reader_uri = "{migrated.role_uri("tlsrpt_reader")}" }}\n')
    done = subprocess.run([tlsrpt, "-c", conf, "domains", "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert one(json.loads(done.stdout))["policy_domain"] == "example.com"
    conf.write_text("database { reader_uri = }\n")
    done = subprocess.run([tlsrpt, "-c", conf, "domains"], capture_output=True, text=True)
    assert done.returncode == 78
    assert "tlsrpt.conf:1" in done.stderr


# ---- show


def find(cli, sender, day):
    """The ids of a sender's reports of a day."""
    lines = cli("reports", "--sender", sender, "--since", day, "--until", day, "--format", "ndjson").stdout
    return [json.loads(line)["id"] for line in lines.splitlines()]


def test_show_in_words(migrated, cli):
    ids = realistic(migrated)
    add_conflict(migrated, "2026-11-21", ids["google"])
    text = cli("show", ids["google"][:12]).stdout
    for part in ("Report " + ids["google"], "verified: DKIM d=google.com is aligned", "Google Inc.",
                 "Policy sts of example.com", "12366 successful, 180 failed", "mode: enforce", "150  certificate-expired",
                 "mx2.example.com", "2001:db8::2", "came with other bytes", "192.0.2.9"):
        assert part in text
    text = cli("show", ids["microsoft"]).stdout
    assert "policy-string is JSON inside a string" in text
    assert "the same sessions as under another policy" in text
    text = cli("show", one(find(cli, "microsoft.com", "2026-11-20"))).stdout
    assert "validation-failure" in text and "MX_HOSTS_MISMATCH" in text
    assert "that is" in text and "which means" in text  # in plain words, too
    text = cli("show", ids["quarantined"]).stdout
    assert "truncated JSON" in text and '{"organization-name": "Broken \\x1b[31m"' in text
    assert "no DKIM signature" in cli("show", ids["ignored"]).stdout


def test_show_says_who_signed_and_which_host_posted(migrated, cli):
    mail = add_report(migrated, "2026-11-01", [policy()], door="import", peer_name="bigmail.example")
    post = add_report(migrated, "2026-11-02", [policy()], door="https", peer="192.0.2.7", peer_name="out.sender.example")
    held = add_held(migrated, "2026-11-03", "quarantined", b"{", "broken")
    words = {name: " ".join(cli("show", name).stdout.split()) for name in (mail, post, held)}
    assert " by import signed by bigmail.example " in words[mail]
    assert " by https from 192.0.2.7 (out.sender.example) " in words[post] and "signed by" not in words[post]
    assert "()" not in words[held] and " from source" not in words[held]


def test_show_takes_the_beginning_of_an_id(migrated, cli):
    ids = realistic(migrated)
    for wrong, code, said in (("2026", 65, "may be"), ("20261121", 65, "may be"), ("x", 65, "is no id"),
                              ("20261131", 65, "is no id"), ("20250101-00", 65, "nothing is kept"),
                              (ids["google"] + "0", 65, "is no id"), ("", 65, "is no id"),
                              ("20261121-%", 65, "is no id")):
        done = cli("show", wrong)
        assert (done.returncode, done.stdout) == (code, ""), wrong
        assert said in done.stderr
    assert cli("show", ids["google"][:11].upper()).returncode == 0


def test_show_raw_is_what_came(migrated, tlsrpt):
    raw = bytes(range(256)) * 500
    plain = add_report(migrated, "2026-11-01", [policy()], body=raw)
    held = add_held(migrated, "2026-11-01", "quarantined", raw + b"x", "broken")
    for wanted, name in ((raw, plain), (raw + b"x", held)):
        done = subprocess.run([tlsrpt, "show", name, "--raw", "--db", migrated.uri], capture_output=True)
        assert (done.returncode, done.stdout) == (0, wanted)
    add_report(migrated, "2026-11-01", [policy()], trust="unverified", body=b"forged")
    done = subprocess.run([tlsrpt, "show", plain, "--raw", "--db", migrated.uri], capture_output=True)
    assert done.stdout == raw
    done = subprocess.run([tlsrpt, "show", plain, "--raw", "--trust", "unverified", "--db", migrated.uri],
                          capture_output=True)
    assert done.stdout == b"forged"


# ---- terminals


def on_terminal(command, width=80, interrupt_at=None, **environment):
    """What a terminal of that width gets, and the exit code. Ctrl-C is typed when `interrupt_at` is seen."""
    child, terminal = pty.fork()
    if child == 0:
        for name in ("NO_COLOR", "COLUMNS", "PAGER", "LESS"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm-256color", "TLSRPT_PAGER": "cat", **environment})
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        os.execvp(command[0], command)
    output = b""
    while True:
        select.select([terminal], [], [])
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
        if interrupt_at and interrupt_at in output:
            os.write(terminal, b"\x03")
            interrupt_at = None
    os.close(terminal)
    return output.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def visible(text):
    """Without the escape sequences of colours, which are the only ones there may be."""
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.split("m", 1)[1] for part in parts[1:])


@pytest.mark.parametrize("verb", COMMANDS)
def test_tables_fit_the_terminal(migrated, cli, tlsrpt, verb):
    realistic(migrated)
    command = [tlsrpt, verb, "--db", migrated.uri]
    for width in (80, 100, 250):
        text, code = on_terminal(command, width)
        assert code == 0 and "\x1b[" in text
        lines = [line for line in visible(text).splitlines() if not line.startswith("not shown for want of width")]
        assert max(map(len, lines)) <= width, lines
    wide, _ = on_terminal(command, 250, NO_COLOR="1")
    assert "\x1b" not in wide
    assert wide == cli(verb).stdout
    assert "\x1b" not in on_terminal(command, 250, TERM="dumb")[0]
    assert "\x1b" not in cli(verb).stdout


def test_the_quarantine_says_why_on_a_narrow_terminal(migrated, tlsrpt):
    realistic(migrated)
    text, _ = on_terminal([tlsrpt, "reports", "--status", "quarantined,ignored", "--db", migrated.uri])
    assert "truncated JSON" in text and "no DKIM signature" in text


def test_pager(migrated, tlsrpt, tmp_path):
    realistic(migrated)
    command = [tlsrpt, "summary", "--db", migrated.uri]
    seen = tmp_path / "seen"
    page = f"{{ echo $LESS; cat; }} > {seen}"
    assert on_terminal(command, TLSRPT_PAGER=page) == ("", 0)
    assert seen.read_text().startswith("FRX\n") and "google.com" in seen.read_text()
    # an own LESS stays, PAGER is second, a pager that is left early is no error
    assert on_terminal(command, TLSRPT_PAGER=page, LESS="S")[1] == 0
    assert seen.read_text().startswith("S\n")
    assert on_terminal(command, TLSRPT_PAGER="exit 0") == ("", 0)
    # json, raw bytes and pipes have none
    assert json.loads(on_terminal([*command, "--format", "json"], TLSRPT_PAGER=page + ".not")[0])
    subprocess.run(command, env={**os.environ, "TLSRPT_PAGER": page + ".not"}, stdout=subprocess.DEVNULL, check=True)
    assert not (tmp_path / "seen.not").exists()


def test_the_pager_is_waited_for_whatever_is_typed(migrated, tlsrpt, tmp_path):
    """A Ctrl-C in the pager is the pager's: the prompt must not come back before it ends."""
    add_report(migrated, "2026-11-01", [policy()])
    done = tmp_path / "done"
    text, code = on_terminal([tlsrpt, "summary", "--db", migrated.uri], interrupt_at=b"ready",
                             TLSRPT_PAGER=f"trap : INT; echo ready; sleep 1; sleep 1; cat > {done}; echo end")
    assert code == 0 and text.rstrip().endswith("end"), text
    assert "sender.example" in done.read_text()


def test_raw_bytes_are_kept_from_a_terminal(migrated, tlsrpt):
    name = add_report(migrated, "2026-11-01", [policy()], body=b"\x1b[31m")
    text, code = on_terminal([tlsrpt, "show", name, "--raw", "--db", migrated.uri])
    assert code == 65 and "\x1b" not in text and "not fit for a terminal" in text
