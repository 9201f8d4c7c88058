"""Months that go: figures stay as they were, nothing is counted twice, and nobody sees a gap meanwhile."""
import datetime
import itertools
import json
import pathlib
import subprocess
import threading
import time

import psycopg2
import pytest

import store
from rows import add_conflict, add_report, failure, policy, realistic

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VERBS = ("summary", "domains", "senders", "failures", "results")
BIG = ("believed_policy", "believed_report", "believed_raw", "claimed_policy", "claimed_report", "claimed_raw", "conflict")
HUGE = 9223372036854775807
CHOICES = [(), ("--domain", "example.com"), ("--domain", "example.com,b.example"), ("--sender", "google.com"),
           ("--trust", "verified"), ("--trust", "unverified,operator"), ("--since", "400d"),
           ("--until", "2026-05-31"), ("--since", "2026-05-15", "--until", "2026-07-02")]


def month_of(days_ago):
    """The first day of the month that lies so long ago."""
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days_ago)
    return day.replace(day=1)


@pytest.fixture
def cli(migrated, tlsrpt):
    def run(*words):
        return subprocess.run([tlsrpt, *words, "--db", migrated.role_uri("tlsrpt_reader")], capture_output=True,
                              text=True)
    return run


@pytest.fixture
def prune(migrated, tlsrptd):
    def run(*words, code=0):
        done = subprocess.run([tlsrptd, "prune", *words, "--db", migrated.role_uri("tlsrpt_owner")],
                              capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
    return run


def answers(cli):
    """What every command says of everything, byte for byte."""
    said = {}
    for verb in VERBS:
        for choice in CHOICES:
            done = cli(verb, *choice, "--format", "json")
            assert done.returncode == 0, done.stderr
            said[verb, choice] = done.stdout
    return said


def pages(database):
    """What the queries of the pages that look at long times say."""
    said = {}
    for page, more in (("page_heat", ", '2026-01-01', 3"), ("page_trend", "")):
        text = (SOURCE / f"schema/sql/queries/{page}.sql").read_text()
        for domains, trust in (("NULL", "NULL"), ("'{b.example}'", "'{unverified,verified}'")):
            connection = psycopg2.connect(database.role_uri("tlsrpt_reader"))
            with connection.cursor() as cursor:
                cursor.execute(f"PREPARE page AS {text}")
                cursor.execute(f"EXECUTE page ('-infinity', 'infinity', {domains}, NULL, {trust}{more})")
                said[page, domains] = cursor.fetchall()
            connection.close()
    return said


def tables(database, prefix):
    return [name for name, in database.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'tlsrpt'::regnamespace AND relkind = 'r' "
        "AND relname ~ %s ORDER BY 1", (f"^{prefix}_[0-9]+$",))]


def first_kept(database):
    return database.value("SELECT max(before) FROM tlsrpt.pruned")


def history(database):
    """Months with all that is hard to sum up; the ids of some by a short name."""
    ids = realistic(database)
    for month in ("2026-04", "2026-05", "2026-06", "2026-07"):
        sts = [policy("sts", "example.com", 100, 5, failures=[failure("certificate-expired", 3, mx="mx1.example.com"),
                                                              failure("certificate-expired", 2, ip="192.0.2.1")]),
               policy("tlsa", "example.com", 90, 5, leads=False), policy("sts", "b.example", 7, 0),
               policy("sts", "c.example", 0, 4)]
        # one report of three domains, another of two of them, two of one day and sender, two policies of a type
        ids[month] = add_report(database, f"{month}-03", sts, sender="google.com", report_id="a")
        add_report(database, f"{month}-03", sts[2:], sender="google.com", report_id="b", organization="Google LLC",
                   quirks=["late"])
        add_report(database, f"{month}-03", sts[3:], sender="google.com", report_id="c")
        add_report(database, f"{month}-04", [policy("sts", "b.example", 1, 2), policy("sts", "b.example", 3, 4, failures=[
            failure("validation-failure", 0), failure("validation-failure", 1, code="x")])], sender="other.example",
            long_window=True, quirks=["no-contact", "late"])
        # the same report in three tiers, each with other figures; only the best counts
        for trust, good in (("unverified", 50), ("operator", 60), ("verified", 70)):
            add_report(database, f"{month}-05", [policy("sts", "b.example", good, good)], trust=trust, report_id="t")
        for trust, good in (("unverified", 5), ("operator", 6)):
            add_report(database, f"{month}-06", [policy("sts", "b.example", good, good)], trust=trust, report_id="u")
        # what no sum of bigints could hold
        for number in range(3):
            add_report(database, f"{month}-07", [policy("sts", "b.example", HUGE, HUGE, failures=[
                failure("validation-failure", HUGE), failure("validation-failure", HUGE)]),
                policy("sts", "b.example", 1, 0)], sender="liar.example", trust="unverified", report_id=f"{number}")
        add_conflict(database, f"{month}-03", ids[month])
    return ids


def test_every_figure_is_the_same_before_and_after(migrated, cli, prune):
    ids = history(migrated)
    before, shown = answers(cli), pages(migrated)
    assert all(len(rows) > 10 for rows in shown.values())
    limit = (datetime.date.today() - datetime.date(2026, 7, 1)).days
    said = prune("--keep-reports", f"{limit}d")
    # every month made ahead goes; those with reports are told
    assert [line.split(":")[0] for line in said.splitlines()] == ["2026-04", "2026-05", "2026-06"]
    assert all("12 reports" in line and "summed up and dropped" in line for line in said.splitlines())
    assert first_kept(migrated) == datetime.date(2026, 7, 1)
    for table in BIG:
        assert tables(migrated, table)[0] == f"{table}_202607"
        assert migrated.value(f"SELECT count(*) FROM tlsrpt.{table} WHERE day < '2026-07-01'") == 0
    assert (answers(cli), pages(migrated)) == (before, shown)
    # again, with more: the sums of July stand beside those of the spring
    prune("--keep-reports", f"{limit - 31}d")
    assert first_kept(migrated) == datetime.date(2026, 8, 1)
    assert answers(cli) == before
    assert prune("--keep-reports", f"{limit - 31}d") == ""
    assert cli("show", ids["2026-04"]).returncode == 65


def test_what_needs_single_reports_says_so(migrated, cli, prune):
    ids = history(migrated)
    limit = (datetime.date.today() - datetime.date(2026, 7, 1)).days
    assert cli("reports").stderr == ""
    prune("--keep-reports", f"{limit}d")
    done = cli("reports", "--format", "json")
    assert "pruned before 2026-07-01" in done.stderr
    assert {row["start"][:7] for row in json.loads(done.stdout) if row["start"]} == {"2026-07", "2026-11"}
    assert cli("reports", "--since", "2026-07-01").stderr == ""
    assert cli("reports", "--status", "quarantined").stderr == ""
    done = cli("show", ids["2026-05"])
    assert done.returncode == 65 and "before 2026-07-01 were summed up and dropped" in done.stderr
    done = cli("show", ids["2026-05"][:9])
    assert done.returncode == 65 and "before 2026-07-01 were summed up and dropped" in done.stderr
    assert cli("show", ids["2026-07"]).returncode == 0
    assert "nothing is kept as" in cli("show", "20260730-0000").stderr


def test_as_of_a_day_that_was_pruned_is_an_error(migrated, cli, prune):
    history(migrated)
    add_report(migrated, "2026-06-10", [policy()], sender="late.example", received="2026-08-09T10:00:00Z")
    wanted = cli("summary", "--as-of", "2026-08-10", "--format", "json").stdout
    lately = cli("summary", "--as-of", "2026-07-20", "--since", "2026-07-01", "--format", "json").stdout
    limit = (datetime.date.today() - datetime.date(2026, 7, 1)).days
    prune("--keep-reports", f"{limit}d")
    for verb in (*VERBS, "findings", "coverage", "readiness", "reports", "policies"):
        done = cli(verb, "--as-of", "2026-06-30T23:59:59Z")
        assert done.returncode == 65 and "before 2026-07-01 were summed up and dropped" in done.stderr, verb
    # not all had come by then, and which had is forgotten
    done = cli("summary", "--as-of", "2026-07-20")
    assert done.returncode == 65 and "ask for --since 2026-07-01" in done.stderr
    assert cli("summary", "--as-of", "2026-07-20", "--since", "2026-07-01", "--format", "json").stdout == lately
    assert cli("summary", "--as-of", "2026-08-10", "--format", "json").stdout == wanted
    # looks back at each of 92 days
    done = cli("findings", "--as-of", "2026-08-10")
    assert done.returncode == 65 and "before 2026-07-01" in done.stderr
    assert cli("findings", "--as-of", "2026-11-01").returncode == 0
    assert cli("findings").returncode == 0


def test_a_dry_run_says_what_would_go_and_leaves_it(migrated, cli, prune):
    history(migrated)
    before = answers(cli)
    limit = (datetime.date.today() - datetime.date(2026, 7, 1)).days
    lines = prune("--keep-reports", f"{limit}d", "--keep-raw", "100d", "--dry-run").splitlines()
    months = {line[:7]: line for line in lines}
    assert not any(" 0 reports" in line for line in lines)
    assert "12 reports" in months["2026-05"] and "would be summed up and dropped" in months["2026-05"]
    assert "MiB" in months["2026-05"]
    raw = months["2026-07"]
    assert "12 reports" in raw and "would be dropped: only the bytes" in raw
    assert answers(cli) == before
    assert migrated.value("SELECT count(*) FROM tlsrpt.pruned") == 0
    assert len(tables(migrated, "believed_raw")) == len(tables(migrated, "believed_report")) > 4


def test_raw_bytes_go_earlier(migrated, cli, prune):
    ids = history(migrated)
    limit = (datetime.date.today() - datetime.date(2026, 7, 1)).days
    shown = json.loads(cli("show", ids["2026-05"], "--format", "json").stdout)[0]
    before = answers(cli)
    prune("--keep-raw", f"{limit}d")
    assert tables(migrated, "believed_raw")[0] == "believed_raw_202607"
    assert answers(cli) == before
    after = json.loads(cli("show", ids["2026-05"], "--format", "json").stdout)[0]
    assert after == {**shown, "bytes": None}
    assert "dropped" in cli("show", ids["2026-05"]).stdout
    done = cli("show", ids["2026-05"], "--raw")
    assert done.returncode == 65 and "its bytes were dropped" in done.stderr
    assert cli("show", ids["2026-07"], "--raw").stdout == "{}"
    # reports of such a month still come, with their bytes, and those go with the next run
    add_report(migrated, "2026-05-20", [policy()], report_id="later")
    assert "1 reports" in prune("--keep-raw", f"{limit}d")
    assert prune("--keep-raw", f"{limit}d") == ""


@pytest.mark.parametrize("words, code, said", [
    ((), 78, "give --keep-raw or --keep-reports"), (("--keep-reports", "99d"), 78, "100 days at least"),
    (("--keep-reports", "100"), 0, ""), (("--keep-raw", "1"), 0, ""), (("--keep-raw", "x"), 64, "is no number of days"),
    (("--keep-raw", "-1"), 64, "is no number of days"), (("--keep-raw", "1w"), 64, "is no number of days")])
def test_what_may_be_asked_for(prune, words, code, said):
    assert said in prune(*words, code=code)


def test_maintain_prunes_by_the_settings(migrated, tlsrptd, tmp_path):
    old = month_of(150)
    add_report(migrated, str(old + datetime.timedelta(days=3)), [policy()])
    conf = tmp_path / "conf"

    def maintain(retention):
        conf.write_text(f'database {{ uri = "{migrated.role_uri("tlsrpt_owner")}" }}\nretention {{ {retention} }}\n')
        return subprocess.run([tlsrptd, "maintain", "-c", conf], capture_output=True, text=True)

    done = maintain("report_days = 99")
    assert done.returncode == 78 and "must be 0 or at least 100" in done.stderr
    assert maintain("report_days = 0").stdout == ""
    assert f"{old:%Y-%m}: 1 reports" in maintain("raw_days = 50").stdout
    assert f"{old:%Y-%m}: 1 reports" in maintain("report_days = 100").stdout
    assert maintain("report_days = 100").stdout == ""
    assert migrated.value("SELECT sum(more_reports) FROM tlsrpt.daily_policy") == 1


def batch(count, days_ago):
    return [store.report(str(n), days_ago=days_ago) for n in range(count)]


def test_reports_of_pruned_days_are_counted_no_second_time(build, migrated, cli, prune):
    """Neither those that were there, nor those that never were: nobody can tell them apart."""
    days_ago = (datetime.date.today() - month_of(200)).days
    driver = store.Driver(build, migrated.role_uri("tlsrpt_collector"))
    assert driver.put(*batch(5, days_ago)) == ["stored"] * 5
    before = cli("summary", "--format", "json").stdout
    prune("--keep-reports", "150d")
    mixed = [*batch(7, days_ago), *batch(2, 1)]
    assert driver.put(*mixed) == ["pruned"] * 7 + ["stored"] * 2
    assert driver.put(*batch(2, 500)) == ["pruned"] * 2
    errors = driver.close()
    assert f"older than {first_kept(migrated)}: reports of its days were summed up and dropped" in errors
    # the owner's door for archives is shut, too
    owner = store.Driver(build, migrated.role_uri("tlsrpt_owner"), "tlsrpt_owner")
    assert owner.put(*batch(2, days_ago)) == ["pruned"] * 2
    owner.close()
    assert migrated.value("SELECT tlsrpt.ensure_month(current_date - %s)", (days_ago,)) is False
    subprocess.run([build / "tlsrptd", "migrate", "--db", migrated.uri], check=True, capture_output=True)
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine") == 0
    for table in BIG:
        assert tables(migrated, table)[0] == f"{table}_{first_kept(migrated):%Y%m}"
    assert json.loads(before)[0]["reports"] == 5
    assert json.loads(cli("summary", "--until", "100d", "--format", "json").stdout)[0]["reports"] == 5


def import_files(tlsrptd, database, folder):
    return subprocess.run([tlsrptd, "import", folder, "--vouch", "--db", database.uri], capture_output=True, text=True)


def write_archive(folder, day, count=3):
    for number in range(count):
        (folder / f"{number}.json").write_text(json.dumps({
            "organization-name": "Example", "contact-info": "tls@sender.example", "report-id": f"r{number}",
            "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
            "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.com"},
                          "summary": {"total-successful-session-count": 5, "total-failure-session-count": 1}}]}))


def test_an_archive_that_is_imported_again_says_what_became_of_it(migrated, tlsrptd, cli, prune, tmp_path):
    write_archive(tmp_path, month_of(600) + datetime.timedelta(days=9))
    assert "3 stored" in import_files(tlsrptd, migrated, tmp_path).stdout
    before = answers(cli)
    prune("--keep-reports", "400d")
    done = import_files(tlsrptd, migrated, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 of days that were summed up and dropped" in done.stdout
    assert answers(cli) == before


class Lock:
    """A session that holds something."""

    def __init__(self, uri, *statements):
        self.connection = psycopg2.connect(uri)
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def end(self):
        self.connection.commit()
        self.connection.close()


def wait_until(condition):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")


def test_a_writer_that_was_first_is_waited_for_and_counted(migrated, cli, prune):
    """Its rows are in the month, not yet committed, when the month is said to be over."""
    day = month_of(200)
    add_report(migrated, str(day), [policy()], report_id="1")
    writer = Lock(migrated.uri, "INSERT INTO tlsrpt.believed_policy (policy_domain, day, report_key, tier, nth, policy_no, "
                                "received, sender, policy_type, leads, long_window, successful_sessions, failed_sessions, "
                                "organization, policy_string) SELECT policy_domain, day, '\\x01', tier, 0, 0, received, "
                                "sender, policy_type, true, false, 32, 0, '', '' FROM tlsrpt.policy_result")
    said = []
    pruning = threading.Thread(daemon=True, target=lambda: said.append(prune("--keep-reports", "150d")))
    pruning.start()
    wait_until(lambda: migrated.value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
    writer.end()
    pruning.join()
    assert "1 reports" in said[0]
    row = json.loads(cli("summary", "--format", "json").stdout)[0]
    assert (row["reports"], row["successful_sessions"]) == (2, 42)


def test_collectors_that_put_while_months_go_count_each_once(build, migrated, prune):
    """Reports that had not come when their month was over are turned away; those before are in the sums."""
    days_ago = (datetime.date.today() - month_of(200)).days
    outcomes, stop = [], threading.Event()

    def put(number):
        turns = itertools.count()
        while not stop.is_set():
            driver = store.Driver(build, migrated.role_uri("tlsrpt_collector"))
            for turn in itertools.islice(turns, 100):  # what is said on standard error fits its pipe
                items = [store.report(f"{number}-{turn}-{n}", days_ago=age) for n, age in
                         enumerate([days_ago, days_ago - 1, 1])]
                outcomes.append(driver.put(*items))
            driver.close()

    threads = [threading.Thread(daemon=True, target=put, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(outcomes) > 20)
    prune("--keep-reports", "150d")
    reached = len(outcomes)
    wait_until(lambda: len(outcomes) > reached + 10)
    stop.set()
    for thread in threads:
        thread.join()
    flat = [outcome for result in outcomes for outcome in result]
    assert set(flat) == {"stored", "pruned"}, {word: flat.count(word) for word in set(flat)}
    old = sum(result[:2].count("stored") for result in outcomes)
    assert 40 < old < 2 * len(outcomes)
    assert migrated.value("SELECT sum(more_reports) FROM tlsrpt.daily_policy") == old
    assert migrated.value("SELECT count(*) FROM tlsrpt.report") == len(outcomes)


def test_no_moment_shows_neither_or_both(migrated, tlsrpt, prune):
    """Readers ask all the time while twelve months go one by one."""
    for number in range(200, 560, 30):
        for n in range(3):
            add_report(migrated, str(month_of(number) + datetime.timedelta(days=n)),
                       [policy(bad=1, failures=[failure("certificate-expired", 1)])], report_id=f"{number}-{n}")
    said, stop = {verb: [] for verb in VERBS}, threading.Event()

    def ask(verb):
        while not stop.is_set():
            done = subprocess.run([tlsrpt, verb, "--format", "json", "--db", migrated.role_uri("tlsrpt_reader")],
                                  capture_output=True, text=True)
            said[verb].append((done.returncode, done.stdout, done.stderr))

    threads = [threading.Thread(daemon=True, target=ask, args=(verb,)) for verb in VERBS]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(said.values()))
    prune("--keep-reports", "150d")
    counts = {verb: len(rows) for verb, rows in said.items()}
    wait_until(lambda: all(len(rows) > counts[verb] + 1 for verb, rows in said.items()))
    stop.set()
    for thread in threads:
        thread.join()
    assert migrated.value("SELECT count(*) FROM tlsrpt.report") == 0
    for verb, rows in said.items():
        assert len(set(rows)) == 1 and rows[0][0] == 0, (verb, set(rows))


def test_a_snapshot_holds_off_the_drop_and_a_backup_makes_it_give_up(build, migrated, cli, prune):
    """Who waits for the drop waits for less than a second, so the drop gives up, again and again."""
    add_report(migrated, str(month_of(200)), [policy()])
    before = cli("summary", "--format", "json").stdout
    reader = Lock(migrated.role_uri("tlsrpt_reader"), "LOCK TABLE ONLY tlsrpt.daily_policy IN ACCESS SHARE MODE")
    said = []
    pruning = threading.Thread(daemon=True, target=lambda: said.append(prune("--keep-reports", "150d", code=75)))
    pruning.start()
    driver = store.Driver(build, migrated.role_uri("tlsrpt_collector"))
    wait_until(lambda: migrated.value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
    assert driver.put(store.report("young")) == ["stored"]
    driver.close()
    assert len(json.loads(cli("summary", "--format", "json").stdout)) == 2
    pruning.join()
    reader.end()
    assert "somebody reads for too long" in said[0]
    assert cli("summary", "--until", "100d", "--format", "json").stdout == before
    assert "1 reports" in prune("--keep-reports", "150d")
    assert cli("summary", "--until", "100d", "--format", "json").stdout == before


def test_an_interrupted_prune_goes_on(migrated, cli, prune):
    """Killed between the word that a month is over and its sums: the next run finds it."""
    add_report(migrated, str(month_of(200)), [policy()])
    before = answers(cli)
    migrated.sql("SELECT tlsrpt.prune_begin(date_trunc('month', current_date - 150)::date)")
    assert answers(cli) == before
    assert "1 reports" in prune("--keep-reports", "150d")
    assert answers(cli) == before
    with pytest.raises(psycopg2.errors.RaiseException, match="is not over"):
        migrated.sql("SELECT tlsrpt.fold_month(current_date)")
