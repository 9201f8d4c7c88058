"""store_driver in Python: batches in, outcomes out."""
import datetime
import json
import subprocess

DAY_S = 86400


def start_of(days_ago):
    """The first second of a UTC day."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = today - datetime.timedelta(days=days_ago)
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.timezone.utc).timestamp())


def report(report_id="1", domains=("example.org",), days_ago=1, **more):
    """One submission as store_driver reads it."""
    made = {"report_id": report_id, "start": start_of(days_ago), "raw": f"raw of {report_id}",
            "policies": [{"domain": domain, "successful": 10, "failed": 2,
                          "details": [{"type": "certificate-expired", "failed": 2, "mx": "mx." + domain}]}
                         for domain in domains]}
    made.update(more)
    return made


class Driver:
    """A store kept open; put() is one store_put()."""

    def __init__(self, build, uri, role="tlsrpt_collector"):
        self.process = subprocess.Popen([build / "tests/store_driver", "put", uri, role], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, batch):
        self.process.stdin.write(json.dumps(batch) + "\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def put(self, *batch):
        self.send(batch)
        return self.receive()

    def close(self):
        """Ends it; what it wrote to standard error, in which no sanitizer has a say."""
        _, errors = self.process.communicate()
        assert "Sanitizer" not in errors and "runtime error" not in errors, errors
        return errors


def run(build, *arguments):
    done = subprocess.run([build / "tests/store_driver", *map(str, arguments)], input="", capture_output=True, text=True)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def migrate(build, database):
    done = run(build, "migrate", database.uri)
    assert done.returncode == 0, done.stderr
    return done.stdout
