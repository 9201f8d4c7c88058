"""tlsrpt findings, readiness, policies and coverage, asked of simulated histories in a real database."""
import importlib.machinery
import importlib.util
import json
import random
import subprocess
import sys

import pytest

from conftest import SOURCE

SCENARIOS = SOURCE / "tests/scenarios"
sys.path.insert(0, str(SCENARIOS))


def load_runner():
    loader = importlib.machinery.SourceFileLoader("scenario_run", str(SCENARIOS / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("scenario_run", loader))
    loader.exec_module(module)
    return module


runner = load_runner()


class Story:
    """One scenario's files and configuration."""

    def __init__(self, folder, family, seed=1):
        subprocess.run([sys.executable, str(SCENARIOS / "simulate.py"), family, "--seed", str(seed), "--out", str(folder)],
                       check=True, capture_output=True)
        self.folder, self.conf = folder, folder / "tlsrpt.conf"
        self.world = json.loads((folder / "world.json").read_text())
        self.conf.write_text(runner.configuration(self.world))
        self.as_of = self.world["as_of"]
        self.mails = sorted((folder / "mail").glob("*.eml"))


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    made = {}

    def story(family):
        if family not in made:
            made[family] = Story(tmp_path_factory.mktemp(family), family)
        return made[family]
    return story


@pytest.fixture
def ask(tlsrpt, migrated):
    def call(*words, code=0, uri=migrated.uri):
        done = subprocess.run([tlsrpt, *map(str, words), "--db", uri], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout
    return call


def import_mails(tlsrptd, uri, story, mails, jobs=1, wait=True):
    process = subprocess.Popen([tlsrptd, "import", "--db", uri, "-c", str(story.conf), "--trust-authres",
                                "--jobs", str(jobs), *map(str, mails)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if wait:
        out, _ = process.communicate()
        assert process.returncode == 0, out
    return process


def at(story):
    return "-c", story.conf, "--as-of", story.as_of


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a,b", "{}", "null"])
def test_any_name_may_be_asked_for(ask, name):
    for verb in ("findings", "summary", "readiness"):
        assert json.loads(ask(verb, "--domain", name, "--format", "json")) == []


def test_order_of_arrival_does_not_matter(tlsrptd, migrated, postgres, ask, stories):
    """Shuffled, and in two halves by two processes: the same bytes."""
    story = stories("cert_expired_node")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])
    wanted = ask("findings", "--format", "json", *at(story))
    assert json.loads(wanted)[0]["verdict"] == "node"
    shuffled = list(story.mails)
    random.Random(5).shuffle(shuffled)
    name = postgres.create_database()
    uri = postgres.uri(name)
    try:
        subprocess.run([tlsrptd, "migrate", "--db", uri], check=True, capture_output=True)
        half = len(shuffled) // 2
        both = [import_mails(tlsrptd, uri, story, part, wait=False) for part in (shuffled[:half], shuffled[half:])]
        for process in both:
            out, _ = process.communicate()
            assert process.returncode == 0, out
        assert ask("findings", "--format", "json", *at(story), uri=uri) == wanted
    finally:
        postgres.drop_database(name)


def test_options(tlsrptd, migrated, ask, stories, tmp_path):
    story = stories("cert_expired_node")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])
    [finding] = json.loads(ask("findings", "--format", "json", "--min-severity", "warning", *at(story)))
    ask("findings", "--exit-code", *at(story), code=1)
    assert ask("findings", "--format", "ndjson", "--state", "resolved", *at(story)) == ""
    assert len(ask("findings", "--format", "csv", *at(story)).splitlines()) == 2
    text = ask("findings", finding["id"][:8], *at(story))
    assert finding["summary"].split(",")[0] in " ".join(text.split())
    assert "bigmail.example" in text and "Days and senders" in text
    ask("findings", "ffff" * 4, *at(story), code=65)
    # a paragraph for a person, or a line; a table where one is asked for
    text = ask("findings", "--min-severity", "warning", *at(story))
    assert finding["summary"] in " ".join(text.split()) and finding["advice"] in " ".join(text.split())
    for words in (("--brief",), ("--format", "table")):
        head, line = ask("findings", "--min-severity", "warning", *words, *at(story)).splitlines()
        assert head.split()[0] == "ID" and line.split()[0] == finding["id"]
    # known until: listed, marked, alarms nobody, until that day
    muted = tmp_path / "muted.conf"
    for until, marked in (("2999-01-01", True), ("2001-01-01", False)):
        muted.write_text(story.conf.read_text() + f'known "{finding["id"]}" {{ until = "{until}" }}\n')
        [again] = json.loads(ask("findings", "--format", "json", "--min-severity", "warning", "-c", muted, "--as-of", story.as_of))
        assert (again["known_until"] == until) is marked
        ask("findings", "--exit-code", "-c", muted, "--as-of", story.as_of, code=0 if marked else 1)
    # new since: known when nothing had changed, new when it had not begun
    assert json.loads(ask("findings", "--format", "json", "--new-since", story.as_of, *at(story))) == []
    assert json.loads(ask("findings", "--format", "json", "--new-since", finding["first_seen"], *at(story)))
    # one of its two domains: found by itself, under the same name
    for domain in finding["policy_domains"]:
        found = json.loads(ask("findings", "--format", "json", "--domain", domain, "--min-severity", "warning", *at(story)))
        assert [f["id"] for f in found] == [finding["id"]]


def test_as_of_hides_what_came_later(tlsrptd, migrated, ask, stories):
    story = stories("cert_expired_node")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])
    [finding] = json.loads(ask("findings", "--format", "json", "--min-severity", "warning", *at(story)))
    assert ask("findings", "--format", "ndjson", "--min-severity", "warning", "-c", story.conf,
               "--as-of", finding["first_seen"]) == ""


def test_forgeries_change_nothing(tlsrptd, migrated, ask, stories):
    story = stories("forged_https")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])

    def alarming():
        return [f for f in json.loads(ask("findings", "--format", "json", *at(story))) if f["severity"] != "info"]
    before = alarming()
    for meta in sorted(story.folder.glob("https/*.meta.json")):
        told = json.loads(meta.read_text())
        subprocess.run([tlsrptd, "import", "--db", migrated.uri, "-c", str(story.conf), "--as", "https",
                        "--received", told["arrival"], "--peer", told["peer"],
                        str(meta).replace(".meta.json", ".json.gz")], check=True, capture_output=True)
    assert alarming() == before
    claims = [f for f in json.loads(ask("findings", "--format", "json", *at(story))) if f["evidence"]["unverified"]]
    assert claims and {f["severity"] for f in claims} == {"info"}
    for claim in claims:  # of how many sessions, nobody knows
        assert claim["summary"].endswith(" sessions failed.") and "%" not in claim["summary"]
        assert "Days and senders" not in ask("findings", claim["id"], *at(story))


def test_other_verbs(tlsrptd, migrated, ask, stories):
    story = stories("legitimate_policy_change")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])
    domain = story.world["domains"][1]["name"]
    rows = json.loads(ask("readiness", domain, "--format", "json", *at(story)))
    assert {r["policy_domain"] for r in rows} == {domain} and {r["answer"] for r in rows} <= {"GO", "HOLD"}
    assert all(r["met"] for r in rows) == (rows[0]["answer"] == "GO")
    lines = ask("readiness", *at(story)).splitlines()  # a line a domain and target, and its clauses when it is named
    assert lines[0].split()[:3] == ["DOMAIN", "TARGET", "ANSWER"] and len({tuple(line.split()[:2]) for line in lines}) == len(lines)
    assert {line.split()[2] for line in lines[1:] if line.split()[1] == "enforce"} <= {"GO", "HOLD", "enforces"}
    assert "days seen" in ask("readiness", domain, *at(story))
    rows = json.loads(ask("policies", domain, "--format", "json", *at(story)))
    declared = [r for r in rows if r["sender"] is None]
    assert [r["status"] for r in declared] == ["earlier", "declared"]
    assert {r["status"] for r in rows if r["sender"]} == {"earlier", "declared"}
    # for a person, those who saw the same have one line
    lines = ask("policies", domain, *at(story)).splitlines()
    assert len(lines) - 1 == len(declared) + len({(r["policy_type"], tuple(r["policy"])) for r in rows if r["sender"]})
    assert any(", " in line.split("  declared ")[0] for line in lines)
    rows = json.loads(ask("coverage", domain, "--format", "json", *at(story)))
    big = next(r for r in rows if r["sender"] == "bigmail.example")
    assert len(big["days"]) == 28 and 14 <= big["usual_lag_hours"] <= 18
    assert big["reported_days"] == big["days"].count("+") + big["days"].count("l")


def test_microsofts_tlsa_is_unfolded(tlsrptd, migrated, ask, stories):
    story = stories("tlsa_rollover")
    import_mails(tlsrptd, migrated.uri, story, [story.folder / "mail"])
    rows = json.loads(ask("policies", "--format", "json", *at(story)))
    tlsa = {r["sender"]: r["policy"] for r in rows if r["policy_type"] == "tlsa"}
    assert tlsa["northwind.example"] == tlsa["freepost.example"] == tlsa[None]
    assert len(tlsa[None]) == 2


@pytest.mark.parametrize("verb", ["findings", "readiness", "policies", "coverage"])
def test_empty_database(ask, verb):
    assert json.loads(ask(verb, "--format", "json")) == []
    assert ask(verb) == ""


@pytest.mark.parametrize("verb", ["findings", "readiness", "policies", "coverage"])
def test_one_report(tlsrptd, migrated, ask, stories, verb):
    story = stories("always_broken")
    import_mails(tlsrptd, migrated.uri, story, story.mails[:1])
    json.loads(ask(verb, "--format", "json", *at(story)))
    assert len(ask(verb, *at(story)).splitlines()) < 20


def test_ten_thousand_domains(migrated, ask):
    """A thousandth of them broken: one host for all of those is one finding, no wall of text."""
    migrated.sql("SELECT tlsrpt.ensure_month(d::date) FROM generate_series(date '2026-09-01', '2026-12-01', '1 month') d")
    migrated.sql("""
        INSERT INTO tlsrpt.believed_policy (policy_domain, day, report_key, tier, nth, policy_no, received, sender, policy_type,
               leads, long_window, successful_sessions, failed_sessions, policy_string, failures)
        SELECT 'd' || d || '.example', day, sha256((d || ' ' || s || ' ' || day)::bytea), 1, 0, 0, day + interval '30 hours',
               's' || s || '.example', 'sts', true, false,
               CASE WHEN d % 1000 = 7 AND day > '2026-11-01' THEN 10 ELSE 100 END,
               CASE WHEN d % 1000 = 7 AND day > '2026-11-01' THEN 90 ELSE 0 END, '',
               CASE WHEN d % 1000 = 7 AND day > '2026-11-01' THEN ARRAY[(90, 'certificate-expired', NULL,
                   'mx1.host.example', NULL, '192.0.2.1', NULL, NULL)::tlsrpt.failure] END
        FROM generate_series(1, 10000) d, generate_series(1, 4) s,
             generate_series(timestamp '2026-10-20', '2026-11-05', '1 day') AS days(day)""")
    found = json.loads(ask("findings", "--format", "json", "--as-of", "2026-11-07"))
    [alarm] = [f for f in found if f["severity"] != "info"]
    assert len(alarm["policy_domains"]) == 10 and alarm["verdict"] == "ours" and alarm["state"] == "open"
    assert alarm["first_seen"] == "2026-11-02"
    assert len(ask("findings", "--as-of", "2026-11-07").splitlines()) < 30


@pytest.mark.parametrize("entry, says", [
    ('sts = {"mode: enforce; mx: a.example"}', "must begin with a day"),
    ('sts = {"2026-11-01 hello"}', "no MTA-STS policy"),
    ('tlsa = {"soon 3 1 1 A1"}', "must begin with a day"),
])
def test_bad_declarations_are_named(tlsrpt, migrated, tmp_path, entry, says):
    conf = tmp_path / "tlsrpt.conf"
    conf.write_text(f'domain "a.example" {{ {entry} }}\n')
    done = subprocess.run([tlsrpt, "findings", "--db", migrated.uri, "-c", str(conf)], capture_output=True, text=True)
    assert done.returncode == 78
    assert says in done.stderr and "a.example" in done.stderr
