"""Includes run one way, every header stands alone, and each library has its few owners."""
import re
import shlex
import subprocess

import pytest

from conftest import SOURCE, name, sources

MAY_INCLUDE = {
    "base": {"base"},
    "schema": {"base", "schema"},
    "collector": {"base", "schema", "collector"},
    "analyzer": {"base", "schema", "analyzer"},
}

# Header of a library -> the files that may include it, so that it can be replaced there.
OWNERS = {
    r"libpq-fe\.h|libpq/.*": r"schema/store/pg[a-z_]*\.[ch]",
    r"zlib\.h": r"schema/wire/inflate\.c|base/gzip\.c",
    r"libdeflate\.h": r"schema/wire/inflate\.c",
    r"gmime/.*": r"collector/mail/mail[a-z_]*\.[ch]",
    r"microhttpd\.h": r"collector/http/http[a-z_]*\.[ch]|base/httpd[a-z_]*\.[ch]",
    r"unbound\.h": r"base/resolver\.c",
    r"confuse\.h": r"base/conf\.c",
    r"libsmartcols/.*": r"analyzer/present/present_table\.c",
    r"libpsl\.h": r"schema/report/sender\.c",
    r"gnutls/.*": r"schema/report/key\.c|analyzer/doctor/https_get\.c|collector/(dkim/dkim|http/http_tls)[a-z_]*\.[ch]",
    r"idn2\.h": r"schema/report/domain\.c",
    r"jansson\.h": r"analyzer/(present/present_json|show_report|present/view)\.c|collector/http/http[a-z_]*\.c",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def includes(path):
    return INCLUDE.findall(path.read_text())


@pytest.mark.parametrize("path", sources("*.[ch]"), ids=name)
def test_includes_run_one_way(path):
    for quote, header in includes(path):
        if quote == '"' and "/" in header:
            assert header.split("/")[0] in MAY_INCLUDE[name(path).split("/")[0]], header
        elif quote == '"':
            assert header == "schema_sql.h", f"{header}: write it from the root"


@pytest.mark.parametrize("path", sources("*.[ch]"), ids=name)
def test_library_is_included_by_its_owner_only(path):
    for quote, header in includes(path):
        for library, owner in OWNERS.items():
            if quote == "<" and re.fullmatch(library, header):
                assert re.fullmatch(owner, name(path)), f"{header} belongs to {owner}"


def library_flags():
    return shlex.split(subprocess.run(
        ["pkg-config", "--cflags", "libpq", "zlib", "libdeflate", "gnutls", "libmicrohttpd", "libconfuse",
         "smartcols", "gmime-3.0", "libpsl", "jansson"],
        check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("path", sources("*.h"), ids=name)
def test_header_compiles_alone(path):
    command = ["gcc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               f"-I{SOURCE}", *library_flags(), "-x", "c", "-"]
    done = subprocess.run(command, input=f'#include "{name(path)}"\n', capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [p for p in sources("*.c") if p.with_suffix(".h").exists()], ids=name)
def test_own_header_comes_first(path):
    own, seen = ('"', name(path.with_suffix(".h"))), includes(path)
    assert own not in seen or seen[0] == own
