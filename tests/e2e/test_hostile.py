"""A thousand hostile organisation names, taken in by the collector: whatever shows them stays unharmed."""
import csv
import datetime
import html.parser
import io
import json
import re
import subprocess

import pytest

import hostile
from pages import Pages

COUNT = 1000
NAMES = hostile.names(COUNT)
DAY = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=3)
FREE = {  # the columns that hold what a stranger wrote
    "reports": ("organization", "report_id"), "senders": ("organization",), "failures": (
        "receiving_mx_hostname", "failure_reason_code"), "summary": (), "domains": (), "findings": (), "policies": (), "coverage": (),
}
FORMULA = re.compile(r"[ \"']*[=+\-@\t\r\n＝＋－＠]")


def written(name, number):
    """A report in which the name stands wherever a stranger writes freely."""
    return {"organization-name": name, "date-range": {"start-datetime": f"{DAY}T00:00:00Z", "end-datetime": f"{DAY}T23:59:59Z"},
            "contact-info": "tls-reports@sender.example", "report-id": f"{name} {number}",
            "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.com", "policy-string": ["version: STSv1", name],
                                     "mx-host": [name]},
                          "summary": {"total-successful-session-count": 10, "total-failure-session-count": 1},
                          "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 1,
                                               "receiving-mx-hostname": name, "failure-reason-code": name}]}]}


def take(tlsrptd, database, folder, reports):
    for number, report in enumerate(reports):
        (folder / f"{number}.json").write_text(json.dumps(report))
    done = subprocess.run([tlsrptd, "import", "--db", database.uri, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([tlsrptd, "maintain", "--db", database.uri], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def run(tlsrpt, migrated):
    def call(*words):
        done = subprocess.run([tlsrpt, *words, "--db", migrated.uri], capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()  # UTF-8, whatever came
    return call


@pytest.fixture
def series(run):
    """The names and labels of the figures for Prometheus, without their values."""
    return lambda: {line.rpartition(" ")[0] for line in run("metrics").split("\n") if line and line[0] != "#"}


def steers(text):
    """What acts on a terminal, a log or the reader's eye."""
    return set(re.findall("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]", text))


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: tags, addresses, and the text between them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.addresses, self.words = set(), set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            self.attributes.add(name)
            if name in ("href", "src", "action", "xlink:href", "formaction", "data", "poster"):
                self.addresses.append(value or "")

    def handle_data(self, text):
        self.words.append(text)

    def handle_comment(self, text):
        raise AssertionError(f"a comment: {text}")


def check_page(text):
    page = Page(text)
    assert not steers(text), "nothing acts on the eye"
    assert not page.tags & {"script", "iframe", "object", "embed", "base", "img", "audio", "video", "math", "template"}
    assert not [name for name in page.attributes if name.startswith("on") or name in ("srcdoc", "style")]
    assert not [address for address in page.addresses if address != "data:,"  # no icon
                and re.match(r"[a-z]+:|//|\\\\", address.strip().lower())], "addresses are our own"
    return page


def neutral(text):
    return ";".join("'" + part if FORMULA.match(part) else part for part in text.split(";"))


def test_every_medium(tlsrptd, tlsrpt, migrated, run, series, tmp_path):
    assert len(set(NAMES)) == COUNT
    take(tlsrptd, migrated, tmp_path, [written("Sender", 0)])
    before = series()
    take(tlsrptd, migrated, tmp_path, [written(name, number) for number, name in enumerate(NAMES)])
    assert migrated.value("SELECT count(DISTINCT organization) FROM tlsrpt.report") == COUNT + 1
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine") == 0

    # JSON: every name exactly as it came
    reports = json.loads(run("reports", "--format", "json"))
    assert {report["organization"] for report in reports} == {*NAMES, "Sender"}
    lines = run("reports", "--format", "ndjson").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == reports and lines[-1] == ""
    assert {row["failure_reason_code"] for row in json.loads(run("failures", "--format", "json"))} >= set(NAMES)

    for verb, free in FREE.items():
        rows = json.loads(run(verb, "--format", "json"))
        keys = list(rows[0]) if rows else []

        # terminal: nothing that steers, a line for a row
        table = run(verb)
        assert not steers(table), verb
        if verb in ("reports", "failures"):
            assert len(table.split("\n")) >= len(rows)
        for form in ("json", "ndjson"):
            assert not steers(run(verb, "--format", form)), verb

        # CSV: in whatever way a spreadsheet splits it, no cell is a formula
        text = run(verb, "--format", "csv")
        assert not steers(text.replace("\r\n", "\n")), verb
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert table[0] == keys or not keys
        assert len(table) == len(rows) + 1 and {len(row) for row in table} == {len(table[0])}
        for line, row in zip(table[1:], rows):
            for key, cell in zip(keys, line):
                value = row[key]
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    assert cell == str(value) or float(cell) == value
                elif not isinstance(value, list | dict):
                    assert not FORMULA.match(cell) or cell.startswith("'"), (verb, key, cell)
        for line in text.split("\r\n"):
            for cell in line.split(";")[1:]:
                assert not FORMULA.match(cell) or cell.lstrip(" \"").startswith("'"), (verb, line)
        raw = list(csv.DictReader(io.StringIO(run(verb, "--format", "csv-raw"), newline=""), strict=True))
        for key in free:
            plain = [row[key] for row in rows if row[key] and not steers(row[key]) and row[key].isprintable() and "\n" not in row[key]]
            assert {row[key] for row in raw} >= set(plain), (verb, key)
            assert {line[keys.index(key)] for line in table} >= {neutral(value) for value in plain}, (verb, key)
            assert len(plain) > 500 or verb not in ("reports", "failures")

    # pages: the same marks as with a harmless name, and the names as text
    with Pages(tlsrpt, tmp_path, migrated.role_uri("tlsrpt_reader")) as pages:
        for path in ("/", "/now", "/domains", "/senders", "/results", "/reports", "/heat", "/trend", "/intake",
                     "/domain/example.com", "/sender/sender.example"):
            answer = pages.get(path)
            assert answer.status == 200, path
            check_page(answer.text)
        for report in reports[::12]:
            name, words = report["organization"], "".join(check_page(pages.get(f"/report/{report['id']}").text).words)
            assert name in words or not name.isprintable() or steers(name), name

    # metrics: not one series more, and none broken
    assert series() == before


def test_senders_are_capped_in_metrics(tlsrptd, tlsrpt, migrated, run, series, tmp_path):
    """Where the organisation names the sender, there are as many series as the cap has room for."""
    reports = [written(name, number) for number, name in enumerate(NAMES + [f"Sender {n}" for n in range(300)])]
    for report in reports:
        del report["contact-info"]
    take(tlsrptd, migrated, tmp_path, reports)
    senders = migrated.value("SELECT count(DISTINCT sender) FROM tlsrpt.report")
    assert senders > 300
    found = [line for line in series() if line.startswith("tlsrpt_last_report_timestamp_seconds{")]
    assert len(found) <= 201
    for line in run("metrics").split("\n")[:-1]:
        assert re.fullmatch(r'#.*|[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\[\\"n])*",?)+\})? [-+0-9.eInfNa]+', line), line


def test_one_finding_named_by_strangers(tlsrptd, migrated, run, tmp_path):
    """What is shown of one report, in every form."""
    take(tlsrptd, migrated, tmp_path, [written(name, number) for number, name in enumerate(NAMES[:60])])
    for report in json.loads(run("reports", "--format", "json")):
        for form in ("table", "json", "csv"):
            assert not steers(run("show", report["id"], "--format", form).replace("\r\n", "\n"))


def test_the_largest_counts(tlsrptd, tlsrpt, migrated, run, tmp_path):
    """Of the largest counts that a report may hold none turns over, be the reports believed or not."""
    largest = {"vouched": (69999999999999, "example.com"), "claimed": (2**53, "claimed.example.com")}
    for folder, (most, domain) in largest.items():
        (tmp_path / folder).mkdir()
        for number in range(80):
            report = written("Sender", number)
            start = DAY - datetime.timedelta(days=number % 40)
            report["date-range"] = {"start-datetime": f"{start}T00:00:00Z", "end-datetime": f"{start}T23:59:59Z"}
            report["contact-info"] = f"tls@sender{number // 40}.example"
            policy, failed = report["policies"][0], most if number % 40 < 8 else 0
            policy["policy"]["policy-domain"] = domain
            policy["summary"] = {"total-successful-session-count": most, "total-failure-session-count": failed}
            policy["failure-details"] = [{"result-type": "certificate-expired", "failed-session-count": failed, "receiving-ip": f"10.0.{n // 200}.{n % 200}",
                                          "receiving-mx-hostname": f"mx{n}.example"} for n in range(10000)] if failed else []
            (tmp_path / folder / f"{number}.json").write_text(json.dumps(report))
    done = subprocess.run([tlsrptd, "import", "--db", migrated.uri, tmp_path / "claimed"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([tlsrptd, "import", "--vouch", "--db", migrated.uri, tmp_path / "vouched"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for verb in ("findings", "readiness", "coverage", "results", "senders", "summary", "domains"):
        assert json.loads(run(verb, "--format", "json")) and "-" not in re.findall(r"\w+_sessions\": (.)", run(verb, "--format", "json")), verb
    found = json.loads(run("findings", "--format", "json"))
    assert {domain for finding in found for domain in finding["policy_domains"]} == {"example.com", "claimed.example.com"}
    with Pages(tlsrpt, tmp_path, migrated.role_uri("tlsrpt_reader")) as pages:
        for path in ("/now?since=30d", "/domains", "/senders", "/results", "/heat", "/trend", "/intake", "/domain/example.com", "/now.json",
                     *[f"/finding/{finding['id']}" for finding in found[:3]]):
            for query in ("", "trust=verified,operator,unverified"):
                answer = pages.get(path + ("&" if "?" in path else "?") * bool(query) + query)
                assert answer.status == 200 and not re.search(r">-\d|: -\d", answer.text.replace("\"limit\": -1", "")), (path, answer.text[:300])
