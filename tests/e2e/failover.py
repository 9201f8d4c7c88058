"""A primary and a synchronous standby, and clients that keep a ledger of what was acknowledged."""
import gzip
import hashlib
import http.client
import json
import threading
import time
import uuid


from conftest import Postgres
from store import start_of

PATIENCE_S = 120


class Standby(Postgres):
    """A copy of `primary` that follows it as application_name `name`."""

    def __init__(self, primary, name):
        self.primary, self.name = primary, name
        super().__init__(durable=True)

    def run(self, program, *arguments):
        if program == "initdb":
            program, arguments = "pg_basebackup", [
                "-D", str(self.data), "-U", "postgres", "-h", str(self.primary.dir), "-X", "stream", "-c", "fast",
                "-d", f"host={self.primary.dir} user=postgres application_name={self.name}", "-R", "--no-sync"]
        super().run(program, *arguments)

    def promote(self):
        self.sql("postgres", "SELECT pg_promote(true, 60)")


class Pair:
    """`primary` and its `standby`; `wait` until every COMMIT waits for the standby."""

    def __init__(self):
        self.primary = Postgres(durable=True)
        self.standby = Standby(self.primary, "second")

    def synchronous(self):
        self.primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'second'")
        self.primary.sql("postgres", "SELECT pg_reload_conf()")
        self.wait_for(self.primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", 1)

    def wait_for(self, server, statement, value):
        for _ in range(PATIENCE_S * 20):
            if server.sql("postgres", statement)[0][0] == value:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{statement} does not become {value}")

    def uri(self, database, role="tlsrpt_collector"):
        return f"postgresql://{role}@/{database}?host={self.primary.dir},{self.standby.dir}"

    def remove(self):
        self.standby.remove()
        self.primary.remove()


def body(report_id, domain="example.com"):
    """A report of yesterday."""
    day = time.strftime("%Y-%m-%d", time.gmtime(start_of(1)))
    return gzip.compress(json.dumps({
        "organization-name": "Ledger", "contact-info": "mailto:a@ledger.example", "report-id": report_id,
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": domain, "policy-string": ["version: STSv1"]},
                      "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}).encode())


class Load:
    """Clients that post one report after the other; `ledger` says what was acknowledged: SHA-256 of the
    bytes to the status. A report that was not is posted again, as a good sender would."""

    def __init__(self, daemon, clients=4):
        self.daemon, self.ledger, self.statuses = daemon, {}, {}
        self.acknowledged_at, self.stopping, self.lock = [], threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.client) for _ in range(clients)]

    def client(self):
        connection, waiting = None, None
        while not self.stopping.is_set():
            waiting = waiting or body(str(uuid.uuid4()))
            try:
                connection = connection or http.client.HTTPSConnection(
                    "localhost", self.daemon.port, context=self.daemon.context(), timeout=PATIENCE_S)
                connection.request("POST", "/v1/tlsrpt", waiting, {"Content-Type": "application/tlsrpt+gzip"})
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection, status = None, 0
            with self.lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if 200 <= status < 300:
                    self.ledger[hashlib.sha256(waiting).hexdigest()] = status
                    self.acknowledged_at.append(time.monotonic())
                    waiting = None
            if waiting:
                self.stopping.wait(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def more(self, count):
        """Waits until so many more were acknowledged."""
        goal = len(self.ledger) + count
        for _ in range(PATIENCE_S * 50):
            if len(self.ledger) >= goal:
                return
            time.sleep(0.02)
        raise RuntimeError(f"nothing is acknowledged: {self.statuses}")


def lost_and_double(server, database, ledger):
    """How many acknowledged reports are not there, or more than once; those that are have their bytes."""
    rows = server.sql(database, "SELECT encode(sha256(body), 'hex'), encode(raw_hash, 'hex') "
                               "FROM tlsrpt.raw_report JOIN tlsrpt.policy_result USING (policy_domain, day, report_key, tier) "
                               "WHERE nth = 0")
    assert all(real == noted for real, noted in rows)
    there = [real for real, _ in rows]
    return [h for h in ledger if h not in set(there)], [h for h in set(there) if there.count(h) > 1]
