"""One report by several doors is counted once, in its best tier, whichever came first."""
import datetime
import itertools
import json
import subprocess

import pytest

from mails import AUTHSERV, START, mail, report

RECEIVED = (START + datetime.timedelta(days=1, hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
TIERS = ["verified", "operator", "unverified"]


@pytest.fixture
def site(tlsrptd, tlsrpt, migrated, tmp_path):
    return Site(tlsrptd, tlsrpt, migrated, tmp_path)


class Site:
    def __init__(self, tlsrptd, tlsrpt, database, folder):
        self.tlsrptd, self.tlsrpt, self.database, self.folder = tlsrptd, tlsrpt, database, folder
        self.config = folder / "tlsrpt.conf"
        self.config.write_text(f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\n')

    def bring(self, tier, text):
        """Lets a report in by the road that gives it this tier."""
        arguments, path, content = {
            "verified": (["--trust-authres"], "m.eml", mail(text, passed="sender.example")),
            "forged": (["--trust-authres"], "m.eml", mail(text, passed="forger.example")),
            "operator": (["--vouch"], "m.json", text),
            "unverified": (["--as", "https", "--received", RECEIVED, "--peer", "192.0.2.77"], "m.json", text),
        }[tier]
        (self.folder / path).write_text(content)
        subprocess.run([self.tlsrptd, "import", "-c", self.config, "--db", self.database.uri, *arguments,
                        self.folder / path], check=True, capture_output=True)

    def ask(self, *arguments):
        done = subprocess.run([self.tlsrpt, *arguments, "--db", self.database.uri, "--format", "json"], check=True,
                              capture_output=True, text=True)
        return json.loads(done.stdout)

    def summary(self):
        return [(row["trust"], row["reports"], row["successful_sessions"], row["failed_sessions"])
                for row in self.ask("summary", "--since", "90d")]


@pytest.mark.parametrize("order", itertools.permutations(TIERS), ids="-".join)
def test_counted_once_in_the_best_tier(site, order):
    text = report(1, good=100, failed=3)
    best = len(TIERS)
    for tier in order:
        site.bring(tier, text)
        best = min(best, TIERS.index(tier))
        assert site.summary() == [(TIERS[best], 1, 100, 3)]
    # All of them again change nothing.
    for tier in order:
        site.bring(tier, text)
    assert site.summary() == [("verified", 1, 100, 3)]
    assert site.database.value("SELECT count(*) FROM tlsrpt.report") == 3


@pytest.mark.parametrize("forgery", ["forged", "unverified"])
@pytest.mark.parametrize("forged_first", [True, False])
def test_a_forgery_never_shadows_the_real_report(site, forgery, forged_first):
    """Who knows the identity of a report can send another under it, by mail or HTTPS, before or after."""
    real, forged = ("verified", report(1, good=100, failed=0)), (forgery, report(1, good=0, failed=10 ** 9))
    for tier, text in ([forged, real] if forged_first else [real, forged]):
        site.bring(tier, text)
    assert site.summary() == [("verified", 1, 100, 0)]
    assert site.ask("failures", "--since", "90d") == []
    domains = site.ask("domains", "--since", "90d")
    assert [(d["successful_sessions"], d["failed_sessions"], d["unverified_sessions"]) for d in domains] == [(100, 0, 0)]


def test_whom_nobody_decides_is_contested(site):
    """A forged post with the public identity of tomorrow's report shadows nothing: both are kept, and said to be."""
    site.bring("unverified", report(1, good=1000))
    honest = site.config.with_name("honest.json")
    honest.write_text(report(1, good=10, failed=990))
    for _ in range(2):
        subprocess.run([site.tlsrptd, "import", "-c", site.config, "--db", site.database.uri, "--as", "https",
                        "--received", RECEIVED, "--peer", "198.51.100.9", honest], check=True, capture_output=True)
    row, = site.ask("summary", "--since", "90d")
    assert (row["reports"], row["contested"], row["successful_sessions"]) == (2, 2, 1010)
    assert all(site.ask("show", r["id"])[0]["contested"] for r in site.ask("reports", "--since", "90d"))
    site.bring("verified", report(1, good=10, failed=990))
    row, = site.ask("summary", "--since", "90d")
    assert (row["trust"], row["reports"], row["contested"], row["failed_sessions"]) == ("verified", 1, 0, 990)


def test_other_bytes_in_the_same_tier_are_a_conflict(site):
    site.bring("verified", report(1, good=100))
    site.bring("verified", report(1, good=999))
    assert site.summary() == [("verified", 1, 100, 0)]
    assert site.database.value("SELECT count(*) FROM tlsrpt.conflict") == 1


def test_as_of_an_instant_before_the_better_tier_came(site):
    """What was known then stays what was known then: the post had come at five, the mail at six."""
    site.bring("unverified", report(1, good=7))
    site.bring("verified", report(1, good=100))
    for hour, want in ((4, []), (5, [("unverified", 7)]), (6, [("verified", 100)])):
        instant = START + datetime.timedelta(days=1, hours=hour, minutes=30)
        rows = site.ask("summary", "--as-of", instant.strftime("%Y-%m-%dT%H:%M:%SZ"))
        assert [(row["trust"], row["successful_sessions"]) for row in rows] == want
