"""A daemon that took reports of every kind and was told to stop leaves nothing behind (valgrind, on the release
build: sanitized ones do not run under it)."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from daemon import Daemon

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99", "--child-silent-after-fork=yes"]


@pytest.fixture
def folder():
    """Where another user may go, unlike pytest's own."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-leaks-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("embedded", [False, True], ids=["own-database", "embedded"])
def test_nothing_leaks(database, folder, embedded):
    release = SOURCE / "build/release/tlsrptd"
    subprocess.run([release, "migrate", "--db", database.uri], check=True, capture_output=True)
    with Daemon([*VALGRIND, release], folder, None if embedded else database.uri, ["example.com"]) as daemon:
        for case in sorted((SOURCE / "tests/corpus").glob("[gbo]*/*/input.*")):
            assert daemon.post(case).status
        assert daemon.stop() == 0, daemon.log.read_text()
