"""tlsrpt senders --origins: which hosts post in whose name, and what signed mails say to it."""

import json
import subprocess

import pytest

from rows import add_report, policy


@pytest.fixture
def origins(tlsrpt, migrated):
    def call(*words):
        done = subprocess.run([tlsrpt, "senders", "--origins", *words, "--db", migrated.role_uri("tlsrpt_reader")],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done
    return call


def post(database, day, host, body=b"{}", sender="microsoft.com", trust="unverified"):
    add_report(database, f"2026-11-{day:02}", [policy()], sender=sender, trust=trust, door="https", peer_name=host, body=body)


def mail(database, day, body=b"{}", sender="microsoft.com", trust="verified"):
    add_report(database, f"2026-11-{day:02}", [policy()], sender=sender, trust=trust, body=body)


def rows(done):
    return [(r["sender"], r["hosts"], r["reports"], r["matched"], r["differed"], r["line"]) for r in json.loads(done.stdout)]


def test_signed_mails_bear_a_host_out(migrated, origins):
    for day in range(1, 6):
        post(migrated, day, f"am{day}.outbound.protection.outlook.com")
    for day in range(1, 4):
        mail(migrated, day)
    assert rows(origins("--format", "json")) == [
        ("microsoft.com", "*.outbound.protection.outlook.com", 5, 3, 0,
         'https_sender "microsoft.com" { hosts = {"*.outbound.protection.outlook.com"} }')]
    assert "TLSRPT.CONF" in origins().stdout
    assert rows(origins("--format", "json", "--until", "2026-11-02"))[0][2:] == (2, 2, 0, None), "two are too few"


def test_one_that_differs_is_enough_to_say_nothing(migrated, origins):
    for day in range(1, 9):
        post(migrated, day, "mx.liar.example", body=b"forged" if day == 8 else b"{}")
        mail(migrated, day)
    assert rows(origins("--format", "json")) == [("microsoft.com", "*.liar.example", 8, 7, 1, None)]


def test_only_signed_mails_vouch(migrated, origins):
    for day in range(1, 9):
        post(migrated, day, "mx.other.example")
        mail(migrated, day, trust="operator")
    assert rows(origins("--format", "json")) == [("microsoft.com", "*.other.example", 8, 0, 0, None)]


def test_hosts_without_a_name_and_listed_ones_are_left_out(migrated, origins):
    post(migrated, 1, "")
    post(migrated, 2, "mx.sender.example", sender="sender.example", trust="verified")
    assert rows(origins("--format", "json")) == []
    assert "no report was posted" in origins().stderr
    post(migrated, 3, "mx.sender.example", sender="sender.example", trust="confirmed")
    assert [r[:3] for r in rows(origins("--format", "json"))] == [("sender.example", "*.sender.example", 1)]
