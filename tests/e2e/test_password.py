"""A wrong password is a matter of configuration (78): waiting does not mend it. A server that is away is not (75, 69)."""
import subprocess

import pytest


@pytest.fixture
def uri(postgres):
    """uri(password) of a role whose password is `right`, on a server that asks for it."""
    name = postgres.create_database()
    postgres.sql("postgres", "DROP ROLE IF EXISTS knocker")
    postgres.sql("postgres", "CREATE ROLE knocker LOGIN PASSWORD 'right'")
    rules = postgres.data / "pg_hba.conf"
    old = rules.read_text()
    rules.write_text("local all knocker scram-sha-256\n" + old)
    postgres.sql("postgres", "SELECT pg_reload_conf()")
    yield lambda password: postgres.uri(name, f"knocker:{password}" if password else "knocker")
    rules.write_text(old)
    postgres.sql("postgres", "SELECT pg_reload_conf()")
    postgres.drop_database(name)


def code(tlsrptd, uri, mail):
    return subprocess.run([tlsrptd, "import", "--db", uri, mail], capture_output=True, text=True)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_the_operators_to_mend(tlsrptd, uri, tmp_path, password):
    (tmp_path / "report.json").write_text("{}")
    done = code(tlsrptd, uri(password), tmp_path)
    assert done.returncode == 78, done.stderr
    assert "password" in done.stderr


def test_a_server_that_is_away_is_not(tlsrptd, tmp_path):
    (tmp_path / "report.json").write_text("{}")
    assert code(tlsrptd, f"postgresql://x:y@/db?host={tmp_path}", tmp_path).returncode in (69, 75)
