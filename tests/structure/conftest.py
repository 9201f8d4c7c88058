"""The shape of the tree, told by tests: what CONTRIBUTING.md promises, a machine checks."""
import os
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("base", "schema", "collector", "analyzer")


def sources(pattern):
    return sorted(path for folder in FOLDERS for path in (SOURCE / folder).rglob(pattern))


def name(path):
    return str(path.relative_to(SOURCE))


def programs(default):
    build = SOURCE / os.environ.get("TLSRPT_BUILD", default)
    assert (build / "tlsrptd").exists(), f"no tlsrptd in {build}: run tests/run {pathlib.Path(default).name}"
    return build


@pytest.fixture(scope="session")
def build():
    """Any build, made by `tests/run gcc`; another with TLSRPT_BUILD."""
    return programs("build/dev")


@pytest.fixture(scope="session")
def release():
    """The hardened build, made by `tests/run release`."""
    return programs("build/release")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
