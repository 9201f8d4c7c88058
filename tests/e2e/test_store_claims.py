"""What anybody may send: bounded as it comes, the greediest network first, and forgotten when the owner says so."""
import subprocess

import pytest

import store
from store import report

UNVERIFIED = 4
TABLES = ["claimed_policy", "claimed_report", "claimed_raw"]


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def driver(build, stored):
    made = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    yield made
    made.close()


def claim(number, network=0, **more):
    return report(f"{network}-{number}", tier=UNVERIFIED, source=f"203.0.{network}.0/24", peer=f"203.0.{network}.7",
                  raw="x" * 1000, **more)


def held(stored):
    counts = [stored.value(f"SELECT count(*) FROM tlsrpt.{table}") for table in TABLES]
    assert counts[0] == counts[1] == counts[2]
    return dict(stored.sql("SELECT source, count(*) FROM tlsrpt.claimed_report GROUP BY 1"))


def usage_is_true(stored):
    return stored.sql("SELECT source, bytes, reports FROM tlsrpt.claim_usage ORDER BY 1") == stored.sql(
        "SELECT source, sum(bytes)::bigint, count(*) FROM tlsrpt.claimed_report GROUP BY 1 ORDER BY 1") and stored.value(
        "SELECT held = (SELECT coalesce(sum(bytes), 0) FROM tlsrpt.claimed_report) FROM tlsrpt.claim_limit")


def test_the_greediest_network_loses_first(driver, stored):
    assert driver.put(*[claim(n, 1) for n in range(3)], report("1")) == ["stored"] * 4
    each = stored.value("SELECT bytes FROM tlsrpt.claimed_report LIMIT 1")
    stored.sql("UPDATE tlsrpt.claim_limit SET most = %s", (20 * each,))
    for start in range(0, 100, 20):
        assert driver.put(*[claim(n, 2) for n in range(start, start + 20)]) == ["stored"] * 20
    kept = held(stored)
    assert kept["203.0.1.0/24"] == 3 and sum(kept.values()) <= 20
    assert usage_is_true(stored)
    lost = stored.sql("SELECT cause, source, sum(reports)::int FROM tlsrpt.eviction GROUP BY 1, 2")
    assert lost == [("unverified", "203.0.2.0/24", 103 - sum(kept.values()))]
    assert stored.value("SELECT count(*) FROM tlsrpt.believed_report") == 1


def test_no_network_has_more_than_its_share(driver, stored):
    assert driver.put(claim(0)) == ["stored"]
    each = stored.value("SELECT bytes FROM tlsrpt.claimed_report")
    stored.sql("UPDATE tlsrpt.claim_limit SET most_a_source = %s", (10 * each,))
    for network in (0, 1):
        assert set(driver.put(*[claim(n, network) for n in range(1, 40)])) == {"stored"}
    assert max(held(stored).values()) <= 10
    assert usage_is_true(stored)


def test_a_resend_is_not_charged(driver, stored):
    for _ in range(3):
        driver.put(claim(0))
    assert held(stored) == {"203.0.0.0/24": 1} and usage_is_true(stored)


def test_rows_are_charged_not_wire_bytes(driver, stored):
    """64 KB, and twenty times its own bytes; beyond that it is quarantined, whoever sent it but the operator."""
    details = [{"type": "validation-failure", "mx": f"{n}." + "m" * 2000} for n in range(40)]
    big = {"policies": [{"domain": "example.org", "details": details}], "raw": "x" * 500}
    assert driver.put(report("1", **big), report("2", tier=UNVERIFIED, **big)) == ["quarantined"] * 2
    assert "its rows would take" in stored.value("SELECT reason FROM tlsrpt.quarantine LIMIT 1")
    assert driver.put(report("3", tier=2, **big), report("4", **dict(big, raw="x" * 5000))) == ["stored"] * 2


def test_maintenance_brings_the_limits_and_drops_old_months(build, driver, stored):
    assert driver.put(claim(0, days_ago=200), claim(1), report("1", days_ago=200)) == ["stored"] * 3
    assert stored.value("SELECT tlsrpt.keep_claims(1000000, 0, 90)") == 1
    assert held(stored) == {"203.0.0.0/24": 1} and usage_is_true(stored)
    assert stored.sql("SELECT most, most_a_source FROM tlsrpt.claim_limit") == [(1000000, 2 ** 63 - 1)]
    assert stored.value("SELECT count(*) FROM tlsrpt.believed_report") == 1
    assert driver.put(claim(0, days_ago=200)) == ["stored"]


@pytest.mark.parametrize("options, gone", [
    (["--peer", "203.0.1.0/24"], 2), (["--peer", "203.0.1.7"], 2), (["--sender", "forger.example"], 1),
    (["--domain", "other.example"], 1), (["--since", "2100-01-01T00:00:00Z"], 0), ([], 4)])
def test_forget(tlsrptd, driver, stored, options, gone):
    assert driver.put(claim(0), claim(0, 1), claim(1, 1, sender="forger.example"),
                      report("2", ["example.org", "other.example"], tier=UNVERIFIED, peer="2001:db8::1"),
                      report("1", peer="203.0.1.7")) == ["stored"] * 5
    command = [tlsrptd, "forget", "--trust", "unverified", "--db", stored.uri, *options]
    said = subprocess.run([*command, "--dry-run"], check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"{gone} unverified reports") and "would be removed" in said
    assert stored.value("SELECT count(*) FROM tlsrpt.claimed_report") == 4
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"{gone} unverified reports")
    assert stored.value("SELECT count(*) FROM tlsrpt.claimed_report") == 4 - gone
    assert stored.value("SELECT count(*) FROM tlsrpt.raw_report") == 5 - gone
    assert usage_is_true(stored)
    assert stored.value("SELECT count(*) FROM tlsrpt.believed_report") == 1


def test_forget_wants_to_be_told_what(tlsrptd, stored):
    done = subprocess.run([tlsrptd, "forget", "--db", stored.uri], capture_output=True, text=True)
    assert done.returncode == 64 or done.returncode == 65
    assert "--trust unverified" in done.stderr
