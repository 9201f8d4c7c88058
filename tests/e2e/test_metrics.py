"""`tlsrpt metrics`: as Prometheus reads it, equal to the sums, capped, whatever strangers call themselves."""
import datetime
import json
import os
import re
import stat
import subprocess

import pytest

import prom
import store
from conftest import SOURCE
from store import report

TODAY = datetime.datetime.now(datetime.timezone.utc).date()


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def driver(build, stored):
    made = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    yield made
    made.close()


def fold(database, domains=200, senders=200):
    for _ in range(2):
        database.sql("SELECT tlsrpt.fold_totals(%s, %s)", (domains, senders), role="tlsrpt_collector")


def run(tlsrpt, database, *more, code=0):
    done = subprocess.run([tlsrpt, "metrics", "--db", database.role_uri("tlsrpt_reader"), *more], capture_output=True,
                          text=True)
    assert done.returncode == code, done.stderr
    return done


def metrics(tlsrpt, database, *more):
    text = run(tlsrpt, database, *more).stdout
    prom.check(text)
    return prom.parse(text)


def day(days_ago):
    return TODAY - datetime.timedelta(days=days_ago)


def expired(n, days_ago, domains=("example.org",), **more):
    """A report of a day on which every session failed."""
    policies = [{"domain": domain, "successful": 0, "failed": 500, "details": [
        {"type": "certificate-expired", "failed": 500, "mx": "mx." + domain}]} for domain in domains]
    return report(f"bad-{n}-{days_ago}", days_ago=days_ago, policies=policies, **more)


def plant_incident(driver, senders=("a.example", "b.example", "c.example", "d.example")):
    """Three good weeks of several senders, then a certificate that has expired, for all of them."""
    for sender in senders:
        for days_ago in range(25, 3, -1):
            driver.put(report(f"good-{sender}-{days_ago}", days_ago=days_ago, sender=sender, policies=[
                {"domain": "example.org", "successful": 500, "failed": 0}]))
        for days_ago in (3, 2, 1):
            driver.put(expired(sender, days_ago, sender=sender))


def test_an_empty_database_has_figures_too(tlsrpt, stored):
    series = metrics(tlsrpt, stored)
    assert series["tlsrpt_database_up", ()] == 1
    assert series["tlsrpt_report_lag_seconds_count", ()] == 0
    assert len(prom.select(series, "tlsrpt_report_lag_seconds_bucket")) == 11
    [labels] = prom.select(series, "tlsrpt_build_info")
    assert dict(labels)["program"] == "tlsrpt"


def test_sums_equal_the_reports(tlsrpt, stored, driver):
    driver.put(report("1"), report("2", domains=("a.example", "b.example"), days_ago=2), report("3", tier=4),
               report("4", tier=2, sender="example.com"))
    fold(stored)
    driver.put(report("5"))
    series = metrics(tlsrpt, stored)
    by_tier = stored.sql("SELECT tier, sum(successful_sessions)::int, sum(failed_sessions)::int FROM tlsrpt.policy_result "
                         "WHERE leads GROUP BY 1")
    for tier, good, bad in by_tier:
        trust = ["verified", "operator", "confirmed", "unverified"][tier - 1]
        assert prom.total(series, "tlsrpt_sessions_total", result="successful", trust=trust) == good
        assert prom.total(series, "tlsrpt_sessions_total", result="failed", trust=trust) == bad
    assert prom.total(series, "tlsrpt_failures_total") == stored.value(
        "SELECT sum(failed_sessions)::int FROM tlsrpt.failure_detail WHERE tier < 4")
    assert prom.total(series, "tlsrpt_reports_total", outcome="stored") == 5
    assert prom.total(series, "tlsrpt_report_lag_seconds_count") == 4
    assert series["tlsrpt_totals_waiting_reports", ()] == 1
    assert prom.total(series, "tlsrpt_last_complete_day_sessions", trust="verified") == 24
    assert series["tlsrpt_last_complete_day_timestamp_seconds", ()] == store.start_of(2)
    latest = prom.select(series, "tlsrpt_last_report_timestamp_seconds")
    assert latest[("sender", "example.com"),] == store.start_of(1) + 86399 + 3600


def test_cumulative_buckets(tlsrpt, stored, driver):
    for number, lag in enumerate([0, 3600, 3601, 200000, 99999999]):
        driver.put(report(f"{number}", received=store.start_of(1) + 86399 + lag))
    fold(stored)
    series = metrics(tlsrpt, stored)
    buckets = {dict(labels)["le"]: n for labels, n in prom.select(series, "tlsrpt_report_lag_seconds_bucket").items()}
    assert (buckets["3600"], buckets["10800"], buckets["172800"], buckets["259200"], buckets["2592000"],
            buckets["+Inf"]) == (2, 3, 3, 4, 4, 5)
    assert series["tlsrpt_report_lag_seconds_sum", ()] == 3600 + 3601 + 200000 + 99999999


def test_findings(tlsrpt, stored, driver, tmp_path):
    plant_incident(driver)
    series = metrics(tlsrpt, stored)
    worst = {dict(labels)["id"]: dict(labels) for labels in prom.select(series, "tlsrpt_finding_info")}
    [found] = [labels for labels in worst.values() if labels["kind"] == "certificate-expired"]
    assert (found["verdict"], found["severity"]) == ("ours", "warning")
    assert found["url"] == "http://127.0.0.1:8460/finding/" + found["id"]
    assert prom.total(series, "tlsrpt_finding_open", kind="certificate-expired") == 1
    assert prom.total(series, "tlsrpt_finding_open") == len(worst)
    assert series["tlsrpt_findings_muted", ()] == 0
    conf = tmp_path / "conf"
    conf.write_text(f'web {{ public_url = "https://mail.example.com/tlsrpt" }}\nknown "{found["id"]}" {{ }}\n')
    series = metrics(tlsrpt, stored, "-c", str(conf))
    assert prom.total(series, "tlsrpt_finding_open", kind="certificate-expired") == 0
    assert series["tlsrpt_findings_muted", ()] == 1
    conf.write_text('web { public_url = "https://mail.example.com/tlsrpt" }\n')
    urls = [dict(labels)["url"] for labels in prom.select(metrics(tlsrpt, stored, "-c", str(conf)), "tlsrpt_finding_info")]
    assert "https://mail.example.com/tlsrpt/finding/" + found["id"] in urls


HOSTILE = ['"} 1\ntlsrpt_evil_total{x="', "\x1b[31mred\x1b]0;title\x07", "back\\slash\\", "{{ $labels }}", "=cmd|' /C calc'!A0",
           "<script>alert(1)</script>", "\u202egnp.exe", "a" * 250, "NaN", "# HELP x", "', '", "ünïcödé", "\t", "%s%n"]


def test_a_thousand_hostile_names_and_a_hundred_thousand_domains_add_no_series(tlsrpt, stored, driver):
    fold(stored, 10, 10)
    driver.put(*[report(f"{n}", domains=(f"d{n}.example",), sender=f"s{n}.example") for n in range(10)])
    fold(stored, 10, 10)
    driver.put(report("11", domains=("x.example",), sender="x.example"), report("12", domains=("x.example",), tier=4))
    fold(stored, 10, 10)
    before = metrics(tlsrpt, stored)
    for number in range(0, 1000, 100):
        driver.put(*[report(f"h{n}", domains=(f"{HOSTILE[n % len(HOSTILE)][:200]}{n}.example",), days_ago=2,
                            sender=HOSTILE[n % len(HOSTILE)][:240] + str(n), organization=HOSTILE[n % len(HOSTILE)],
                            tier=n % 4 + 1) for n in range(number, number + 100)])
    stored.sql("INSERT INTO tlsrpt.tally SELECT 'd' || n || '.many.example', current_date - 2, 1 + n %% 3, 1, "
               "'s' || n || '.many.example', now(), 60, 1, 1 FROM generate_series(1, %s) AS n", (100000,))
    for _ in range(2):
        after = metrics(tlsrpt, stored)
        kinds = {key for key in after if not key[0].startswith("tlsrpt_finding")}
        unverified = {key for key in kinds if ("trust", "unverified") in key[1]} | {
            key for key in kinds if key[0] == "tlsrpt_reports_total"} | {
            key for key in kinds if ("policy_domain", "other") in key[1]}
        assert kinds - unverified <= set(before)
        assert len({dict(labels)["policy_domain"] for labels in prom.select(after, "tlsrpt_sessions_total")}) <= 10 + 10 + 1
        assert prom.total(after, "tlsrpt_sessions_total", trust="verified") > 30000
        fold(stored, 10, 10)
    assert len(prom.select(after, "tlsrpt_finding_info")) <= 20


def test_hostile_names_that_have_a_label_harm_nothing(tlsrpt, stored, driver):
    """Within the cap: what a parser or a terminal would act on is written by its number."""
    driver.put(*[report(f"{n}", domains=(name[:200],), sender=name[:200]) for n, name in enumerate(HOSTILE)])
    fold(stored)
    text = run(tlsrpt, stored).stdout
    prom.check(text)
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text) is None
    series = prom.parse(text)
    assert "tlsrpt_evil_total" not in {name for name, _ in series}
    assert len(prom.select(series, "tlsrpt_last_report_timestamp_seconds")) == len(HOSTILE)


def test_a_thousand_organizations_that_are_imported_add_no_series(tlsrptd, tlsrpt, stored, tmp_path):
    """The name of an organization is the sender where nothing else names one."""
    conf = tmp_path / "conf"
    conf.write_text('domains = {"example.org"}\nmetrics { max_senders = 10 }\n')
    (tmp_path / "reports").mkdir()

    def bring(names):
        for number, name in enumerate(names):
            (tmp_path / f"reports/{number}.json").write_text(json.dumps({
                "organization-name": name, "report-id": name, "date-range": {
                    "start-datetime": f"{day(2)}T00:00:00Z", "end-datetime": f"{day(2)}T23:59:59Z"},
                "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.org"}, "summary": {
                    "total-successful-session-count": 1, "total-failure-session-count": 0}}]}))
        subprocess.run([tlsrptd, "import", "--vouch", "-c", conf, "--db", stored.role_uri("tlsrpt_collector"),
                        tmp_path / "reports"], check=True, capture_output=True)
        return metrics(tlsrpt, stored)

    fold(stored, 200, 10)
    bring([f"plain {n}" for n in range(12)])
    before = bring([f"plain {n}" for n in range(20)])
    after = bring([f"{HOSTILE[n % len(HOSTILE)]} {n}" for n in range(1000)])
    assert {key for key in after if "finding" not in key[0]} == {key for key in before if "finding" not in key[0]}
    assert len(prom.select(after, "tlsrpt_last_report_timestamp_seconds")) == 11
    assert prom.total(after, "tlsrpt_sessions_total", result="successful") == 1020


def test_textfile_is_whole_and_readable(tlsrpt, stored, tmp_path):
    path = tmp_path / "tlsrpt.prom"
    path.write_text("old")
    mask = os.umask(0o077)
    try:
        assert run(tlsrpt, stored, "--textfile", str(path)).stdout == ""
    finally:
        os.umask(mask)
    prom.check(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["tlsrpt.prom"]
    done = run(tlsrpt, stored, "--textfile", str(tmp_path / "no/such"), code=78)
    assert "cannot write" in done.stderr


def test_textfile_is_synced_before_it_has_its_name(tlsrpt, stored, tmp_path):
    trace = tmp_path / "trace"
    path = tmp_path / "out" / "tlsrpt.prom"
    path.parent.mkdir()
    done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=fsync,rename,renameat,renameat2", tlsrpt, "metrics", "--db",
                           stored.role_uri("tlsrpt_reader"), "--textfile", path], capture_output=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 0, done.stderr
    calls = re.findall(r"\b(fsync|rename)", trace.read_text())
    assert calls == ["fsync", "rename", "fsync"]


def test_without_a_database_the_metrics_say_so(tlsrpt, tmp_path):
    path = tmp_path / "tlsrpt.prom"
    for more in ([], ["--textfile", str(path)]):
        done = subprocess.run([tlsrpt, "metrics", "--db", "postgresql://127.0.0.1:1/none", *more], capture_output=True,
                              text=True)
        assert done.returncode == 69
        text = done.stdout or path.read_text()
        prom.check(text)
        assert prom.parse(text)["tlsrpt_database_up", ()] == 0


def test_a_scrape_reads_no_history(tlsrpt, stored, driver):
    """What the query touches does not grow with the reports."""
    query = (SOURCE / "schema/sql/queries/metrics.sql").read_text()
    driver.put(report("1"))
    fold(stored)
    lines = "\n".join(row[0] for row in stored.sql("SET search_path = tlsrpt; EXPLAIN " + query, role="tlsrpt_reader"))
    touched = set(re.findall(r" on (\w+)", lines))
    assert touched and not {name for name in touched if re.match(
        r"((believed|claimed)_\w+|conflict|quarantine)(_2\d+)?$", name)}, touched


def test_the_manual_has_every_metric(tlsrpt):
    source = (SOURCE / "analyzer/metrics.c").read_text()
    names = set(re.findall(r'"(tlsrpt_\w+)"', source))
    manual = (SOURCE / "docs/tlsrpt.1").read_text()
    assert len(names) > 15
    assert {name for name in names if not re.search(rf"\b{name}(_total|_info)?\b", manual)} == set()
