"""What became of deliveries is counted in the database by every process that takes them."""
import subprocess

import mails
import prom
from daemon import Daemon
from test_http import report


def intake(database):
    return {(transport, tier, outcome): int(n) for transport, tier, outcome, n in database.sql(
        "SELECT transport, tier, outcome, sum(reports) FROM tlsrpt.intake GROUP BY 1, 2, 3")}


def test_a_daemon_s_counts_and_sums_are_there_when_it_has_stopped(tlsrptd, tlsrpt, migrated, tmp_path):
    for part in (1, 2):
        with Daemon(tlsrptd, tmp_path, migrated.role_uri("tlsrpt_collector"), ["example.com"]) as daemon:
            for name, text in [("a", report(f"a{part}")), ("b", report(f"b{part}")), ("again", report(f"a{part}")),
                               ("stranger", report(domain="stranger.example")), ("half", report(f"half{part}")[:-9]),
                               ("junk", b"hello")]:
                (tmp_path / name).write_bytes(text)
                assert daemon.post(tmp_path / name).status in (200, 201, 202, 400, 403)
        assert intake(migrated) == {(1, 4, "stored"): 2 * part, (1, 4, "duplicate"): part, (1, 0, "not-ours"): part,
                                    (1, 0, "quarantined"): part, (1, 0, "unrecognized"): part}
        done = subprocess.run([tlsrpt, "metrics", "--db", migrated.role_uri("tlsrpt_reader")], capture_output=True, text=True)
        prom.check(done.stdout)
        series = prom.parse(done.stdout)
        reports = {tuple(value for _, value in labels): n for labels, n in
                   prom.select(series, "tlsrpt_reports_total").items()}
        assert reports == {("stored", "https", "unverified"): 2 * part, ("duplicate", "https", "unverified"): part,
                           ("not-ours", "https", "none"): part, ("quarantined", "https", "none"): part,
                           ("unrecognized", "https", "none"): part}
        assert prom.select(series, "tlsrpt_sessions_total", policy_domain="example.com", result="successful",
                           trust="unverified") != {}
        assert prom.total(series, "tlsrpt_sessions_total", result="successful") == 2 * part


def test_import_deliver_and_reparse_count_as_well(tlsrptd, migrated, tmp_path):
    (tmp_path / "conf").write_text(f'domains = {{"example.com", "example.org"}}\nstate_dir = "{tmp_path}"\n'
                                   f'mail {{ trusted_authserv_id = "{mails.AUTHSERV}" }}\n')
    (tmp_path / "reports").mkdir()
    for name, text in [("a.json", report("a")), ("b.json", report("b")), ("c.json", report(domain="stranger.example"))]:
        (tmp_path / "reports" / name).write_bytes(text)

    def run(verb, *more, role="tlsrpt_collector", text=None):
        done = subprocess.run([tlsrptd, verb, "-c", tmp_path / "conf", "--db", migrated.role_uri(role), *more], input=text,
                              capture_output=True)
        assert done.returncode == 0, done.stderr

    run("import", "--dry-run", "--vouch", tmp_path / "reports")
    assert intake(migrated) == {}
    run("import", "--vouch", tmp_path / "reports")
    want = {(4, 2, "stored"): 2, (4, 0, "not-ours"): 1}
    assert intake(migrated) == want
    run("import", "--vouch", tmp_path / "reports")
    want |= {(4, 2, "duplicate"): 2, (4, 0, "not-ours"): 2}
    assert intake(migrated) == want
    run("deliver", text=mails.mail(mails.report(1), passed="sender.example").encode())
    assert intake(migrated) == want | {(3, 1, "stored"): 1}
    before = intake(migrated)
    migrated.sql("INSERT INTO tlsrpt.quarantine VALUES (current_date, 'x', now(), 2, 1, '192.0.2.1', '', 'a', '', 'then', %s)",
                 (report("late"),))
    run("reparse", "--dry-run", role="tlsrpt_reparse")
    assert intake(migrated) == before
    run("reparse", role="tlsrpt_reparse")
    assert intake(migrated) == before | {(1, 4, "stored"): 1}
    assert migrated.value("SELECT count(*) FROM tlsrpt.tally") == 0


def test_a_database_that_takes_no_counts_takes_reports(tlsrptd, migrated, tmp_path):
    migrated.sql("REVOKE INSERT ON tlsrpt.intake_count FROM tlsrpt_collector")
    with Daemon(tlsrptd, tmp_path, migrated.role_uri("tlsrpt_collector"), ["example.com"]) as daemon:
        (tmp_path / "a").write_bytes(report("a"))
        assert daemon.post(tmp_path / "a").status == 201
        assert daemon.stop() == 0
        assert daemon.log.read_text().count("cannot count") == 1
    assert intake(migrated) == {}
