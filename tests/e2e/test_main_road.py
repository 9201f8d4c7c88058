"""The main road with the whole corpus: each case is posted with curl to a real daemon over TLS, and looked
for in a real PostgreSQL and in what tlsrpt says. Then the same again: nothing may change."""
import collections
import concurrent.futures
import datetime
import gzip
import hashlib
import http.client
import json
import pathlib
import subprocess

import pytest

from daemon import Daemon, ask

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CASES = sorted(str(path.parent.relative_to(SOURCE / "tests/corpus"))
               for path in (SOURCE / "tests/corpus").glob("*/*/expect.json"))
YESTERDAY = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
OWNED = ("example.com", ".example.com", "example.org", ".example.org")
ROLES = ("tlsrpt_owner", "tlsrpt_collector", "tlsrpt_reader")
SINCE = "400d"


class Road:
    """One database, one daemon as the collector, one reader; and the corpus as of yesterday."""

    def __init__(self, postgres, tlsrptd, tlsrpt, folder):
        self.postgres, self.tlsrpt, self.folder = postgres, tlsrpt, folder
        self.name = postgres.create_database()
        subprocess.run([tlsrptd, "migrate", "--db", postgres.uri(self.name)], check=True, capture_output=True)
        subprocess.run([SOURCE / "tests/corpus/make.py", "--day", str(YESTERDAY), "--out", folder / "corpus"],
                       check=True, capture_output=True)
        self.daemon = Daemon(tlsrptd, folder, postgres.uri(self.name, "tlsrpt_collector"), OWNED,
                             reader_uri=postgres.uri(self.name, "tlsrpt_reader"))

    def close(self):
        self.daemon.stop()
        self.postgres.drop_database(self.name)

    def sql(self, statement, *parameters):
        return self.postgres.sql(self.name, statement, parameters)

    def ask(self, *words):
        return ask(self.tlsrpt, self.daemon, *words)

    def input(self, case):
        return next((self.folder / "corpus" / case).glob("input.*"))

    def expectation(self, case):
        return json.loads((self.folder / "corpus" / case / "expect.json").read_text())

    def counts(self):
        """Rows of each table, to see that nothing came along."""
        tables = ("report", "policy_result", "failure_detail", "raw_report", "quarantine", "conflict")
        return {table: self.sql(f"SELECT count(*) FROM tlsrpt.{table}")[0][0] for table in tables}


@pytest.fixture(scope="module")
def road(postgres, tlsrptd, tlsrpt, tmp_path_factory):
    made = Road(postgres, tlsrptd, tlsrpt, tmp_path_factory.mktemp("road"))
    made.daemon.start()
    yield made
    made.close()


def check_stored(road, case, expected, body):
    rows = road.sql("SELECT policy_domain, day, report_key, body FROM tlsrpt.raw_report WHERE body = %s", body)
    assert len(rows) == 1 and bytes(rows[0][3]) == body
    key = rows[0][2]
    (domains, tier, sender, quirks), = road.sql(
        "SELECT policy_domains, tier, sender, quirks FROM tlsrpt.counted_report WHERE report_key = %s", key)
    assert sorted(domains) == sorted(expected["kept_domains"])
    assert tier == 4, "a post is unverified"
    assert sender == expected["sender"]
    assert set(quirks) >= set(expected["quirks"])
    dropped = {row[0] for row in expected["policies"] if row[0]} - set(expected["kept_domains"])
    assert ("policies-dropped" in quirks) == bool(dropped)
    stored = road.sql("SELECT policy_domain, policy_type, successful_sessions, failed_sessions, leads,"
                      " coalesce(cardinality(failures), 0)"
                      " FROM tlsrpt.policy_result p WHERE report_key = %s ORDER BY policy_no", key)
    wanted = [[domain, kind, good, bad, leads, details]
              for domain, kind, good, bad, details, leads in expected["policies"]
              if domain is None or domain in expected["kept_domains"]]
    assert [row[1:] for row in stored] == [tuple(row[1:]) for row in wanted]
    for row, want in zip(stored, wanted):
        assert want[0] in (None, row[0]) and row[0] in expected["kept_domains"]

    shown = [row for row in road.ask("reports", "--since", SINCE, "--status", "accepted")
             if row["id"].endswith(key.hex()[:16])]
    assert len(shown) == 1
    assert sorted(shown[0]["policy_domains"]) == sorted(expected["kept_domains"])
    assert (shown[0]["sender"], shown[0]["trust"], shown[0]["transport"]) == (expected["sender"], "unverified", "https")
    raw = subprocess.run([road.tlsrpt, "show", shown[0]["id"], "--raw", "-c", road.daemon.conf], capture_output=True)
    assert raw.stdout == body


def check_quarantined(road, case, expected, body, answer):
    rows = road.sql("SELECT status, reason, body FROM tlsrpt.quarantine WHERE body_hash = sha256(%s)", body)
    assert len(rows) == 1 and rows[0][0] == 2 and bytes(rows[0][2]) == body
    if "reason" in expected:
        assert expected["reason"] in rows[0][1]
    assert rows[0][1][:60] in answer.body["reason"], "the answer says why"
    assert road.sql("SELECT count(*) FROM tlsrpt.raw_report WHERE body = %s", body) == [(0,)]
    shown = [row for row in road.ask("reports", "--since", SINCE, "--status", "quarantined")
             if row["id"].endswith(hashlib.sha256(body).hexdigest()[:16])]
    assert [row["reason"] for row in shown] == [rows[0][1]]


@pytest.mark.parametrize("case", CASES)
def test_case(road, case):
    expected, path = road.expectation(case), road.input(case)
    body = path.read_bytes()
    before = road.counts()
    answer = road.daemon.post(path)
    assert answer.status == expected["http"], answer
    if answer.status == 201 and expected.get("reports", 1) > 1:
        assert road.counts()["report"] == before["report"] + expected["reports"]
    elif answer.status == 201:
        check_stored(road, case, expected, body)
    elif answer.status == 202:
        check_quarantined(road, case, expected, body, answer)
    else:
        assert road.counts() == before
        assert answer.body["reason"]


def test_every_case_again_changes_nothing(road):
    """Every report that was sent, sent once more: nothing is added, and the answer says so."""
    before, figures = road.counts(), road.ask("summary", "--since", SINCE)
    for case in CASES:
        wanted = {201: 200}.get(road.expectation(case)["http"], road.expectation(case)["http"])
        assert (case, road.daemon.post(road.input(case)).status) == (case, wanted)
    assert road.counts() == before
    assert road.ask("summary", "--since", SINCE) == figures


def test_figures_are_those_of_the_corpus(road):
    """tlsrpt summary over all: what the expectations add up to, quarantine left out."""
    sums = collections.Counter()
    for case in CASES:
        expected = road.expectation(case)
        if expected["http"] != 201:
            continue
        for domain, kind, good, bad, _, _ in expected["policies"]:
            if domain is None:
                [domain] = expected["kept_domains"]
            if domain in expected["kept_domains"]:
                sums[domain, expected["sender"], kind, "good"] += good * expected.get("reports", 1)  # they are alike
                sums[domain, expected["sender"], kind, "bad"] += bad * expected.get("reports", 1)
    shown = collections.Counter()
    for row in road.ask("summary", "--since", SINCE):
        key = row["policy_domain"], row["sender"], row["policy_type"]
        shown[(*key, "good")] += int(row["successful_sessions"])
        shown[(*key, "bad")] += int(row["failed_sessions"])
    assert +shown == +sums


def test_sts_and_tlsa_of_the_same_mail_are_not_added_up(road):
    """`domains` counts one policy type a report; unverified ones stand in a column of their own."""
    leading = sum((good + bad) * expected.get("reports", 1) for case in CASES for expected in [road.expectation(case)] if expected["http"] == 201
                  for domain, _, good, bad, _, leads in expected["policies"]
                  if leads and (domain or expected["kept_domains"][0]) == "example.com")
    [row] = [row for row in road.ask("domains", "--since", SINCE) if row["policy_domain"] == "example.com"]
    assert int(row["unverified_sessions"]) == leading
    assert (int(row["successful_sessions"]), int(row["failed_sessions"])) == (0, 0)


def test_other_bytes_under_the_same_identity_are_a_conflict(road, tmp_path):
    body = json.loads(road.input("good/standard").read_bytes())
    figures = road.ask("summary", "--since", SINCE)
    for extra in range(10):
        body["policies"][0]["summary"]["total-failure-session-count"] = 1000 + extra
        (tmp_path / "other.json").write_text(json.dumps(body))
        assert road.daemon.post(tmp_path / "other.json").status == 200
    assert road.counts()["conflict"] == 8, "at most eight are noted"
    assert road.ask("summary", "--since", SINCE) == figures


def test_body_over_the_wire_limit(road, tmp_path):
    before = road.counts()
    (tmp_path / "zeros").write_bytes(bytes(10 * 1024 * 1024 + 1))
    assert road.daemon.post(tmp_path / "zeros").status == 413
    assert road.daemon.post(tmp_path / "zeros", "-H", "Transfer-Encoding: chunked").status == 413
    assert road.counts() == before


def numbered(number):
    return gzip.compress(json.dumps({
        "organization-name": "Load", "contact-info": "tls@load.example.net", "report-id": f"load-{number}",
        "date-range": {"start-datetime": f"{YESTERDAY}T00:00:00Z", "end-datetime": f"{YESTERDAY}T23:59:59Z"},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.org"},
                      "summary": {"total-successful-session-count": 3, "total-failure-session-count": 1},
                      "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 1}]}]}).encode())


def post_over_one_connection(daemon, numbers):
    statuses = []
    connection = http.client.HTTPSConnection("localhost", daemon.port, context=daemon.context())
    for number in numbers:
        connection.request("POST", "/v1/tlsrpt", numbered(number))
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


def post_all(daemons, orders):
    """Each order of numbers over a connection of its own, all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(orders)) as pool:
        jobs = [pool.submit(post_over_one_connection, daemons[i % len(daemons)], order) for i, order in enumerate(orders)]
        return collections.Counter(status for job in jobs for status in job.result())


def load_rows(road):
    return road.sql("SELECT count(*), coalesce(sum(successful_sessions), 0) FROM tlsrpt.policy_result WHERE sender = 'example.net'"
                    " AND report_key IN (SELECT report_key FROM tlsrpt.report WHERE report_id LIKE 'load-%%')")[0]


def test_a_thousand_posts_over_32_connections(road):
    orders = [range(i, 1000, 32) for i in range(32)]
    assert post_all([road.daemon], orders) == {201: 1000}
    assert load_rows(road) == (1000, 3000)
    assert post_all([road.daemon], orders) == {200: 1000}
    assert load_rows(road) == (1000, 3000)


def test_two_daemons_in_opposite_order(road, tlsrptd, tmp_path):
    """One stores each, the other finds it there; nobody waits for ever."""
    numbers = list(range(2000, 2300))
    before = load_rows(road)
    with Daemon(tlsrptd, tmp_path, road.postgres.uri(road.name, "tlsrpt_collector"), OWNED) as other:
        orders = [numbers, numbers[::-1]] * 4
        answers = post_all([road.daemon, other], orders)
    assert answers == {201: 300, 200: 7 * 300}
    assert load_rows(road) == (before[0] + 300, before[1] + 900)


def test_database_away_and_back(postgres, tlsrptd, tlsrpt, tmp_path_factory):
    """503 while it is away, and what was acknowledged before is there afterwards. On a server of its own."""
    server = type(postgres)(durable=True)
    road = Road(server, tlsrptd, tlsrpt, tmp_path_factory.mktemp("away"))
    try:
        road.daemon.start()
        assert road.daemon.post(road.input("good/plain")).status == 201
        server.stop()
        answer = road.daemon.post(road.input("good/standard"), "-D", str(road.folder / "headers"))
        assert answer.status == 503, answer
        assert "retry-after:" in (road.folder / "headers").read_text().lower()
        server.start()
        assert road.daemon.post(road.input("good/plain")).status == 200
        assert road.daemon.post(road.input("good/standard")).status == 201
        assert road.daemon.stop() == 0
    finally:
        road.daemon.stop()
        server.remove()
