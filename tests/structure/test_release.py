"""What a user installs: hardened programs in the usual places, with manuals and units."""
import os
import re
import shutil

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


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_units_are_valid(release, tmp_path):
    """With the program's path one that exists; systemd knows every setting in them."""
    for unit in ("tlsrptd.service", "tlsrpt-maintain.service", "tlsrpt-maintain.timer"):
        text = (release / unit).read_text().replace("/usr/local/sbin/tlsrptd", str(release / "tlsrptd"))
        (tmp_path / unit).write_text(text)
    run("systemd-analyze", "verify", "--man=no", "--recursive-errors=one", *sorted(tmp_path.iterdir()))


def image_packages():
    lines = (SOURCE / "tests/packages").read_text().splitlines()
    return {line.split()[1] for line in lines if line.startswith("image")}


@pytest.mark.skipif("bookworm" not in open("/etc/os-release").read(), reason="packages are named as in Debian 12")
@pytest.mark.parametrize("program", PROGRAMS)
def test_image_has_every_library(release, program):
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "--wide", "--dynamic", release / program))
    owners = [{line.split(":")[0] for line in run("dpkg-query", "-S", f"*/{library}").splitlines()} for library in needed]
    assert [names for names in owners if not names & (image_packages() | {"libc6"})] == []
