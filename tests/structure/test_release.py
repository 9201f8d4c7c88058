"""What a user installs: hardened programs in the usual places, with manuals and units."""
import os
import re
import subprocess

import pytest

from conftest import SOURCE, run

PROGRAMS = ("tlsrptd", "tlsrpt")


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_hardened(release, program):
    path = release / program
    header = run("readelf", "--wide", "--file-header", "--dynamic", "--program-headers", path)
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable file\)", header)
    assert re.search(r"\bNOW\b", header), "full RELRO needs immediate binding"
    assert "GNU_RELRO" in header
    assert re.search(r"GNU_STACK\s.*\sRW\s", header), "the stack must not be executable"
    symbols = run("readelf", "--wide", "--dyn-syms", path)
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk\b", symbols.replace("__stack_chk", "")), "no fortified call"


def test_fortify_is_3(release):
    assert "-D_FORTIFY_SOURCE=3" in (release / "compile_commands.json").read_text()


@pytest.fixture(scope="module")
def installed(release, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    run("cmake", "--install", release, "--prefix", root / "usr/local")
    return root / "usr/local"


def test_everything_is_installed(installed):
    files = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert files >= {
        "sbin/tlsrptd", "bin/tlsrpt", "share/man/man8/tlsrptd.8", "share/man/man1/tlsrpt.1",
        "share/man/man5/tlsrpt.conf.5", "lib/systemd/system/tlsrptd.service",
        "lib/systemd/system/tlsrpt-maintain.service", "lib/systemd/system/tlsrpt-maintain.timer",
        "lib/systemd/system/tlsrptd.socket", "lib/systemd/system/tlsrpt-web.service",
        "lib/sysusers.d/tlsrpt.conf", "lib/tmpfiles.d/tlsrpt.conf",
        "share/doc/tlsrpt/README.md", "share/doc/tlsrpt/LICENSE", "share/doc/tlsrpt/examples/tlsrpt.conf",
    }


def test_destdir_is_respected(release, tmp_path):
    run("cmake", "--install", release, env={**os.environ, "DESTDIR": str(tmp_path)})
    assert (tmp_path / "usr/local/sbin/tlsrptd").exists()


@pytest.mark.parametrize("program", PROGRAMS)
def test_installed_program_runs(installed, program):
    folder = {"tlsrptd": "sbin", "tlsrpt": "bin"}[program]
    version = re.search(r"project\(tlsrpt VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
    assert run(installed / folder / program, "--version") == f"{program} {version}\n"


UNITS = ("tlsrptd.socket", "tlsrptd.service", "tlsrpt-web.service", "tlsrpt-maintain.service", "tlsrpt-maintain.timer")


@pytest.fixture
def units(release, tmp_path):
    """The units, with the programs' paths ones that exist."""
    for unit in UNITS:
        text = (release / unit).read_text()
        for program, folder in (("tlsrptd", "sbin"), ("tlsrpt", "bin")):
            text = text.replace(f"/usr/local/{folder}/{program} ", f"{release / program} ")
        (tmp_path / unit).write_text(text)
    return tmp_path


def test_units_are_valid(units):
    """systemd knows every setting in them, and says nothing."""
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=one", *sorted(units.iterdir())],
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.endswith(".service")])
def test_services_are_locked_in(units, unit):
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", units / unit)
    assert float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)[1]) <= 2.0


def test_port_443_needs_no_capability(units):
    service, socket = (units / "tlsrptd.service").read_text(), (units / "tlsrptd.socket").read_text()
    assert re.search("^CapabilityBoundingSet=$", service, re.M) and not re.search("^AmbientCapabilities", service, re.M)
    assert re.search("^Sockets=tlsrptd.socket$", service, re.M) and "FileDescriptorName=https" in socket
    assert "Type=notify" in service and "KillMode=mixed" in service


def test_user_and_folders_are_made(installed, tmp_path):
    (tmp_path / "etc").mkdir()
    run("systemd-sysusers", f"--root={tmp_path}", installed / "lib/sysusers.d/tlsrpt.conf")
    entry = re.search(r"^tlsrpt:x:(\d+):(\d+):TLS-RPT collector:/nonexistent:/usr/sbin/nologin$",
                      (tmp_path / "etc/passwd").read_text(), re.M)
    assert int(entry[1]) < 1000
    if os.geteuid() != 0:
        pytest.skip("only root can give the folders away")
    run("systemd-tmpfiles", f"--root={tmp_path}", "--create", installed / "lib/tmpfiles.d/tlsrpt.conf")
    state, secret = (tmp_path / "var/lib/tlsrpt").stat(), (tmp_path / "etc/tlsrpt/credentials").stat()
    assert (state.st_mode & 0o777, state.st_uid) == (0o750, int(entry[1]))
    assert (secret.st_mode & 0o777, secret.st_uid) == (0o700, 0)


def image_packages():
    lines = (SOURCE / "tests/packages").read_text().splitlines()
    return {line.split()[1] for line in lines if line.startswith("image")}


@pytest.mark.skipif("bookworm" not in open("/etc/os-release").read(), reason="packages are named as in Debian 12")
@pytest.mark.parametrize("program", PROGRAMS)
def test_image_has_every_library(release, program):
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "--wide", "--dynamic", release / program))
    owners = [{line.split(":")[0] for line in run("dpkg-query", "-S", f"*/{library}").splitlines()} for library in needed]
    assert [names for names in owners if not names & (image_packages() | {"libc6"})] == []
