"""Sizes, names and places: files and functions stay small, pure files are pure and tested."""
import os
import re
import shlex
import subprocess

import pytest

from conftest import SOURCE, name, run, sources

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60

TOP_LEVEL = {
    "collector", "analyzer", "schema", "tests", "docker", "debian", "base", "docs", "CMakeLists.txt",
    "CMakePresets.json", "README.md", "CONTRIBUTING.md", "LICENSE", "quickstart",
}

# What a pure file may not call: the world, the clock, the environment, randomness.
IMPURE = re.compile(
    r"^(open|openat|creat|read|write|close|socket|connect|accept4?|send|recv|poll|select|epoll_\w+|fopen|fdopen|"
    r"fclose|fread|fwrite|f?puts|f?printf|vf?printf|perror|time|clock|clock_gettime|gettimeofday|nanosleep|sleep|"
    r"getenv|setenv|setlocale|rand|random|getrandom|arc4random|fork|execv\w*|system|signal|kill|exit|"
    r"pthread_(?!once)\w+|log_\w+|localtime(_r)?|mktime)$")


def tracked():
    """The files of the project; a checkout without git is all of it but build/."""
    if (SOURCE / ".git").exists():
        return subprocess.run(["git", "-c", f"safe.directory={SOURCE}", "ls-files"], cwd=SOURCE, check=True,
                              capture_output=True, text=True).stdout.split("\n")[:-1]
    return [name(path) for path in SOURCE.rglob("*") if path.is_file() and path.parts[len(SOURCE.parts)] != "build"]


def test_the_package_has_the_version_of_the_programs():
    program = re.search(r"project\(tlsrpt VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
    assert (SOURCE / "debian/changelog").read_text().startswith(f"tlsrpt ({program}) ")


def test_top_level_holds_only_what_it_should():
    names = {path.split("/")[0] for path in tracked()}
    assert {n for n in names if not n.startswith(".")} <= TOP_LEVEL


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


def test_files_are_short():
    lines = {name(path): len(path.read_text().splitlines()) for path in sources("*.[ch]")}
    assert {path: count for path, count in lines.items() if count > MAX_FILE_LINES} == {}


def functions(text):
    """(name, lines) of each function; clang-format puts its braces in the first column."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = start - 1
            while head > 0 and not re.match(r"\w+\(", lines[head]):
                head -= 1
            yield lines[head].split("(")[0], number - head + 1
            start = None


def test_functions_are_found():
    text = "int\nf(int a,\n  int b)\n{\n    return a;\n}\n\nstruct s {\n};\n\nint\ng(void)\n{\n}\n"
    assert list(functions(text)) == [("f", 5), ("g", 3)]


def test_functions_are_short():
    assert [(name(path), *f) for path in sources("*.c") for f in functions(path.read_text()) if f[1] > MAX_FUNCTION_LINES] == []


# Whatever lies in these rooms is pure, and elsewhere what says so in the opening comment of its header.
PURE_ROOMS = ("schema/report", "schema/wire", "collector/mail", "collector/dkim", "analyzer/analysis")


def says_pure(path):
    header = path.with_suffix(".h")
    return header.exists() and re.search(r"\bPure\b", header.read_text().split("*/")[0]) is not None


def pure_files():
    return [path for path in sources("*.c") if name(path.parent) in PURE_ROOMS or says_pure(path)]


def test_pure_files_have_a_unit_test():
    """Those that say so: one of its name, or one that includes its header."""
    tests = list((SOURCE / "tests/unit").rglob("test_*.c")) + list((SOURCE / "tests/oracle").glob("*.c"))
    text = "".join(test.read_text() for test in tests)
    names = {name(test) for test in tests}
    assert [name(path) for path in sources("*.c") if says_pure(path) and
            f"tests/unit/{name(path.parent)}/test_{path.name}" not in names and
            f'#include "{name(path.with_suffix(".h"))}"' not in text] == []


def test_pure_files_touch_nothing(build):
    """No call of the world outside, and no variable of their own but for a library that must be opened once."""
    objects = {str(build / f"CMakeFiles/tlsrpt_{name(path).split('/')[0]}.dir/{name(path)}.o"): name(path) for path in pure_files()}
    broken = []
    for line in run("nm", "-A", "--undefined-only", "--format=posix", *objects).splitlines():
        compiled, symbol = line.split()[:2]
        if IMPURE.match(symbol.replace("__", "").replace("_chk", "")):
            broken.append(f"{objects[compiled.rstrip(':')]}: pure, and calls {symbol}()")
    for part in re.split(r"^(?=/\S+: +file format)", run("objdump", "--syms", *objects), flags=re.M)[1:]:
        for variable in re.findall(r"\s(?:\.data|\.bss|\.tdata|\.tbss)\s+(?!0+\s)[0-9a-f]+\s+(.+)$", part, re.M):
            if variable != "once":
                broken.append(f"{objects[part.split(': ')[0]]}: pure, and has the variable {variable}")
    assert not broken, "\n" + "\n".join(broken)


def test_headers_name_the_pure_part():
    assert len(pure_files()) > 50


@pytest.mark.parametrize("path", [p for p in tracked() if p.endswith(("run", "quickstart")) or p.startswith(".ci/")])
def test_script_can_be_run(path):
    assert os.access(SOURCE / path, os.X_OK)
