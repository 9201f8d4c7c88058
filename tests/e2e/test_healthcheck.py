"""docker/healthcheck, by which a container engine tells whether what runs in it is well."""
import socket
import subprocess

from conftest import SOURCE
from daemon import free_port
from pages import Pages


def healthy(port, path="/healthz"):
    return subprocess.run([SOURCE / "docker/healthcheck", str(port), path], capture_output=True).returncode == 0


def test_pages(tlsrpt, migrated, tmp_path):
    with Pages(tlsrpt, tmp_path, migrated.role_uri("tlsrpt_reader")) as pages:
        assert healthy(pages.port)
        assert not healthy(pages.port, "/nowhere")
        migrated.server.drop_database(migrated.name)
        assert not healthy(pages.port), "the database is away"


def test_nobody_listens():
    assert not healthy(free_port())


def test_somebody_is_silent():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not healthy(silent.getsockname()[1])
