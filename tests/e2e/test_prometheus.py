"""A real Prometheus scrapes tlsrptd and `tlsrpt serve` while reports come in and both are restarted; its alerts go
through a real Alertmanager to a webhook, and end. TLSRPT_PROMETHEUS_SECONDS (20) is how long it watches: 120 for the
whole of it."""
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import psycopg2
import pytest
import yaml

import prom
import store
from conftest import SOURCE
from daemon import free_port
from store import report
from test_http import report as post_body
from test_http_status import Pages, Watched, folder, get
from test_metrics import expired

SECONDS = int(os.environ.get("TLSRPT_PROMETHEUS_SECONDS", "20"))
PATIENCE_S = 120  # with a loaded machine; no test measures it
RULES = SOURCE / "docker/prometheus/rules.yml"
SENDERS = ("a.example", "b.example", "c.example", "d.example")
COUNTERS = ("tlsrpt_sessions_total", "tlsrpt_failures_total", "tlsrpt_reports_total", "tlsrpt_report_lag_seconds_count",
            "tlsrpt_report_lag_seconds_bucket")


def wait_for(what, tries=PATIENCE_S * 4):
    for _ in range(tries):
        try:
            if found := what():
                return found
        except OSError:
            pass
        time.sleep(0.25)
    raise AssertionError(what)


class Program:
    """A server of Debian's in a folder of its own."""

    def __init__(self, folder, *command):
        self.log = pathlib.Path(folder) / f"{command[0]}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], stdout=log,
                                            stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Webhook(http.server.ThreadingHTTPServer):
    """Keeps what Alertmanager posts."""

    def __init__(self):
        self.alerts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                self.alerts += body["alerts"]
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *words):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, status):
        """Those of the incident: the days that are not seeded are a gap, rightly."""
        return [alert for alert in self.alerts if alert["status"] == status
                and alert["labels"].get("kind") == "certificate-expired"]


class Monitoring:
    """Prometheus with the rules of the project, and Alertmanager with its example, made impatient."""

    def __init__(self, folder, targets):
        self.folder, self.webhook = folder, Webhook()
        self.port, manager = free_port(), free_port()
        rules = yaml.safe_load(RULES.read_text())
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            rule.pop("keep_firing_for", None)
        (folder / "rules.yml").write_text(yaml.safe_dump(rules))
        (folder / "prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{manager}"]}]}]},
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
                               for job, port in targets.items()]}))
        routes = yaml.safe_load((SOURCE / "docker/alertmanager/alertmanager.yml").read_text())
        for route in (routes["route"], *routes["route"]["routes"]):
            route.update(group_wait="0s", group_interval="1s")
        for receiver in routes["receivers"]:
            receiver.pop("email_configs", None)
            receiver["webhook_configs"] = [{"url": f"http://127.0.0.1:{self.webhook.server_port}/", "send_resolved": True}]
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(routes))
        self.programs = [
            Program(folder, "prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
                    f"--storage.path={folder}/alerts", f"--web.listen-address=127.0.0.1:{manager}",
                    "--cluster.listen-address="),
            Program(folder, "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                    f"--web.listen-address=127.0.0.1:{self.port}")]
        wait_for(lambda: get(self.port, "/-/ready")[0] == 200)

    def stop(self):
        for program in self.programs:
            program.stop()
        self.webhook.shutdown()

    def ask(self, query):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?" +
                                    urllib.parse.urlencode({"query": query})) as answer:
            return json.load(answer)["data"]["result"]

    def number(self, query):
        found = self.ask(query)
        return float(found[0]["value"][1]) if found else None


def seed(driver):
    """Three good weeks of several senders."""
    for sender in SENDERS:
        driver.put(*[report(f"good-{sender}-{days_ago}", days_ago=days_ago, sender=sender, policies=[
            {"domain": "example.org", "successful": 500, "failed": 1, "details": [{"type": "validation-failure"}]}])
            for days_ago in range(25, 5, -1)])


def keep_posting(daemon, folder, until, restart):
    """Posts new reports, old ones and junk, restarts both programs on the way; how many posts were answered."""
    answered, restarted, start = 0, False, time.time()
    while time.time() < until:
        for name, body in [("new", post_body()), ("old", post_body("the-same")), ("junk", b"hello")]:
            (folder / name).write_bytes(body)
            answered += daemon.post(folder / name).status in (200, 201, 400)
        if not restarted and time.time() > (start + until) / 2:
            restart()
            restarted = True
    return answered


def check_sums(monitoring, database):
    """sum() of each family over all its series equals what SQL says, once the last scrape has it."""
    sums = {
        'sum(tlsrpt_sessions_total{result="successful"})':
            "SELECT sum(successful_sessions) FROM tlsrpt.policy_result WHERE leads",
        'sum(tlsrpt_sessions_total{result="failed"})': "SELECT sum(failed_sessions) FROM tlsrpt.policy_result WHERE leads",
        'sum(tlsrpt_sessions_total{trust="unverified"})':
            "SELECT sum(successful_sessions + failed_sessions) FROM tlsrpt.policy_result WHERE leads AND tier = 4",
        "sum(tlsrpt_failures_total)": "SELECT sum(failed_sessions) FROM tlsrpt.failure_detail WHERE leads AND tier < 4",
        'sum(tlsrpt_reports_total{outcome="stored"})': "SELECT count(*) FROM tlsrpt.report",
        'sum(tlsrpt_reports_total{outcome!="stored"})':
            "SELECT sum(reports) FROM tlsrpt.intake WHERE outcome <> 'stored'",
        "sum(tlsrpt_report_lag_seconds_count)": "SELECT count(*) FROM tlsrpt.report WHERE tier < 4",
        "max(tlsrpt_last_report_timestamp_seconds)":
            "SELECT extract(epoch FROM max(received)) FROM tlsrpt.report WHERE tier < 4",
        "sum(tlsrpt_quarantine_reports)": "SELECT count(*) FROM tlsrpt.open_quarantine",
    }
    for query, sql in sums.items():
        want = float(database.value(sql) or 0)
        for _ in range(40):
            if (got := monitoring.number(query) or 0) == want:
                break
            time.sleep(0.25)
        assert got == want, query


def check_never_fell(monitoring):
    for name in COUNTERS:
        samples = monitoring.ask(f"{name}[1h]")
        assert samples, name
        for series in samples:
            values = [float(value) for _, value in series["values"]]
            assert values == sorted(values), series["metric"]
    sums = monitoring.ask("sum(tlsrpt_sessions_total)[1h:1s]")
    values = [float(value) for _, value in sums[0]["values"]]
    assert values == sorted(values) and values[-1] > values[0]


@pytest.fixture
def site(build, tlsrptd, tlsrpt, migrated, folder):
    """Both programs on a seeded database, and what watches them."""
    driver = store.Driver(build, migrated.role_uri("tlsrpt_collector"))
    seed(driver)
    collector = Watched(tlsrptd, folder, migrated).start()
    pages = Pages(tlsrpt, folder, migrated.role_uri("tlsrpt_reader"), 'public_url = "https://mail.example.com/tlsrpt"')
    pages.__enter__()
    made = tempfile.mkdtemp(prefix="tlsrpt-prometheus-")
    monitoring = Monitoring(pathlib.Path(made), {"tlsrptd": collector.status, "tlsrpt": pages.port})
    yield driver, collector, pages, monitoring
    monitoring.stop()
    pages.__exit__()
    collector.stop()
    driver.close()
    shutil.rmtree(made)


def test_scraped_restarted_alerted_resolved(site, migrated, folder):
    driver, collector, pages, monitoring = site

    def restart():
        assert collector.stop() == 0
        collector.start()
        pages.__exit__()
        pages.__enter__()

    wait_for(lambda: monitoring.number('sum(up{job=~"tlsrptd?"})') == 2)
    assert keep_posting(collector, folder, time.time() + SECONDS, restart) > 3
    for port in (collector.status, pages.port):
        prom.check(get(port, "/metrics")[2].decode())
        prom.check(get(port, "/metrics")[2].decode())
    check_sums(monitoring, migrated)
    check_never_fell(monitoring)
    assert monitoring.number('sum(scrape_samples_scraped{job=~"tlsrptd?"})') > 20
    assert monitoring.number("min(tlsrpt_database_up)") == 1
    assert monitoring.webhook.of("firing") == []

    for sender in SENDERS:
        driver.put(*[expired(sender, days_ago, sender=sender) for days_ago in (5, 4, 3)])
    [alert] = wait_for(lambda: monitoring.webhook.of("firing"))[:1]
    labels = alert["labels"]
    assert (labels["kind"], labels["verdict"]) == ("certificate-expired", "ours")
    assert alert["annotations"]["link"] == "https://mail.example.com/tlsrpt/finding/" + labels["id"]
    assert labels["id"] in get(pages.port, "/")[2].decode()
    check_sums(monitoring, migrated)

    for sender in SENDERS:
        driver.put(*[report(f"mended-{sender}-{days_ago}", days_ago=days_ago, sender=sender, policies=[
            {"domain": "example.org", "successful": 500, "failed": 0}]) for days_ago in (2, 1)])
    [over] = [alert for alert in wait_for(lambda: monitoring.webhook.of("resolved")) if alert["labels"] == labels][:1]
    assert over["status"] == "resolved"
    check_sums(monitoring, migrated)
    check_never_fell(monitoring)


def test_alert_rules():
    done = subprocess.run(["promtool", "test", "rules", "rules_test.yml"], cwd=RULES.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def test_each_alert_has_a_test():
    alerts = {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    tested = {case["alertname"] for test in yaml.safe_load((RULES.parent / "rules_test.yml").read_text())["tests"]
              for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert alerts == tested


def test_rules_name_metrics_that_there_are():
    told = "".join((SOURCE / name).read_text() for name in ("analyzer/metrics.c", "collector/status.c"))
    names = set(re.findall(r'"(tlsrpt_\w+)"', told))
    used = set(re.findall(r"\btlsrpt_\w+", RULES.read_text()))
    assert used and {name for name in used if re.sub(r"_(total|info)$", "", name) not in names} == set()


def test_the_example_route_is_valid():
    done = subprocess.run(["amtool", "check-config", SOURCE / "docker/alertmanager/alertmanager.yml"], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for alert, want in [("critical", "page"), ("warning", "mail")]:
        routed = subprocess.run(["amtool", "config", "routes", "test", "--config.file",
                                 SOURCE / "docker/alertmanager/alertmanager.yml", f"severity={alert}"],
                                capture_output=True, text=True)
        assert routed.stdout.strip() == want
