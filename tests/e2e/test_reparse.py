"""`tlsrptd reparse`: what today's program understands of the quarantine leaves it, in the tier it had earned."""
import datetime
import gzip
import json
import subprocess

import pytest

from mails import AUTHSERV, START, mail, report

VERIFIED, OPERATOR, UNVERIFIED = 1, 2, 4
QUARANTINED, IGNORED = 2, 3
HTTPS, LMTP = 1, 2


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tlsrpt.conf"
    path.write_text(f'mail {{ trusted_authserv_id = "{AUTHSERV}" }}\nresolver {{ forwarders = {{"127.0.0.1@1"}} }}\n')
    return path


@pytest.fixture
def reparse(tlsrptd, migrated, config):
    def reparse(*arguments, role="tlsrpt_reparse"):
        done = subprocess.run([tlsrptd, "reparse", "-c", config, "--db", migrated.role_uri(role), *arguments],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
    return reparse


def hold(database, body, status=QUARANTINED, transport=HTTPS, peer_name="", days_ago=29):
    """Puts an input into the quarantine, as an earlier version would have."""
    received = START + datetime.timedelta(days=30 - days_ago)
    database.sql("SELECT tlsrpt.ensure_quarantine_day(%s::date)", [received.date()])
    database.sql("INSERT INTO tlsrpt.quarantine VALUES (%s, sha256(%s), %s, %s, %s, '192.0.2.1', %s, '192.0.2.0/24', "
                 "'', 'not understood then', %s)",
                 [received.date(), body, received, status, transport, peer_name, body])


def kept(database):
    return sorted(database.sql("SELECT report_id, tier, transport FROM tlsrpt.report"))


def still_held(database):
    return database.value("SELECT count(*) FROM tlsrpt.open_quarantine")


def test_what_is_understood_now_is_stored_and_leaves(reparse, migrated):
    hold(migrated, gzip.compress(report(1).encode()))
    hold(migrated, report(2)[:-9].encode())
    assert reparse("--dry-run") == "2 read, 1 understood; nothing was kept"
    assert kept(migrated) == [] and still_held(migrated) == 2
    assert reparse() == "2 read, 1 understood"
    assert kept(migrated) == [("id-1", UNVERIFIED, HTTPS)] and still_held(migrated) == 1
    assert migrated.sql("SELECT peer, received FROM tlsrpt.report") == \
        [("192.0.2.1", START + datetime.timedelta(days=1))]
    assert reparse() == "1 read, 0 understood"
    assert migrated.value("SELECT count(*) FROM tlsrpt.quarantine") == 2  # rows are only ever added


def test_a_mail_keeps_the_tier_that_it_had_earned(reparse, migrated):
    """Its key may be gone by now, and this resolver answers nothing."""
    hold(migrated, mail(report(1)).encode(), transport=LMTP, peer_name="sender.example")
    hold(migrated, mail(report(2)).encode(), transport=LMTP, peer_name="forger.example")
    assert reparse() == "2 read, 2 understood"
    assert kept(migrated) == [("id-1", VERIFIED, LMTP), ("id-2", UNVERIFIED, LMTP)]


def test_ignored_mail_stays_ignored_unless_somebody_answers_for_it(reparse, migrated):
    for n in (1, 2):
        hold(migrated, mail(report(n), passed="sender.example" if n == 2 else None).encode(), IGNORED, LMTP,
             "sender.example")
    assert reparse() == "2 read, 0 understood"
    assert reparse("--status", "quarantined") == "0 read, 0 understood"
    assert reparse("--trust-authres") == "2 read, 1 understood"
    assert kept(migrated) == [("id-2", VERIFIED, LMTP)]
    assert reparse("--status", "ignored", "--vouch") == "1 read, 1 understood"
    assert kept(migrated) == [("id-1", OPERATOR, LMTP), ("id-2", VERIFIED, LMTP)]
    assert still_held(migrated) == 0


def test_a_report_that_came_meanwhile_is_counted_once(reparse, migrated, tlsrptd, config, tmp_path):
    hold(migrated, report(1).encode())
    (tmp_path / "1.json").write_text(report(1))
    subprocess.run([tlsrptd, "import", "-c", config, "--db", migrated.uri, "--vouch", tmp_path / "1.json"], check=True,
                   capture_output=True)
    assert reparse() == "1 read, 1 understood"
    assert still_held(migrated) == 0
    assert migrated.sql("SELECT trust FROM tlsrpt.counted_report") == [("operator",)]


def test_the_role_can_do_no_more(migrated):
    for statement in ("DELETE FROM tlsrpt.quarantine", "UPDATE tlsrpt.quarantine SET reason = ''",
                      "SELECT * FROM tlsrpt.raw_report", "SELECT * FROM tlsrpt.report", "DELETE FROM tlsrpt.reparsed"):
        with pytest.raises(Exception, match="permission denied"):
            migrated.sql(statement, role="tlsrpt_reparse")


def test_tlsrpt_shows_why_each_is_there(tlsrpt, migrated, reparse):
    hold(migrated, report(1)[:-9].encode())
    hold(migrated, gzip.compress(report(2).encode()))
    reparse()
    done = subprocess.run([tlsrpt, "reports", "--db", migrated.uri, "--status", "quarantined", "--format", "json"],
                          capture_output=True, text=True, check=True)
    assert [row["reason"] for row in json.loads(done.stdout)] == ["not understood then"]


@pytest.mark.parametrize("arguments", [["--status", "accepted"], ["operand"], ["--no-such"]])
def test_wrong_usage(tlsrptd, config, arguments):
    assert subprocess.run([tlsrptd, "reparse", "-c", config, *arguments], capture_output=True).returncode == 64
