"""Sizes, names and places: files and functions stay small, pure files are pure and tested."""
import os
import re
import subprocess

import pytest

from conftest import SOURCE, name, run, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

TOP_LEVEL = {
    "collector", "analyzer", "schema", "tests", "docker", "base", "docs", "CMakeLists.txt",
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


def test_top_level_holds_only_what_it_should():
    names = {path.split("/")[0] for path in tracked()}
    assert {n for n in names if not n.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("path", sources("*.[ch]"), ids=name)
def test_file_is_short(path):
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


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


@pytest.mark.parametrize("path", sources("*.c"), ids=name)
def test_function_is_short(path):
    assert [f for f in functions(path.read_text()) if f[1] > MAX_FUNCTION_LINES] == []


def pure_headers():
    """The opening comment of a header that is a pure module says so."""
    return [path for path in sources("*.h")
            if re.search(r"\bPure\b", path.read_text().split("*/")[0]) and path.with_suffix(".c").exists()]


@pytest.mark.parametrize("path", pure_headers(), ids=name)
def test_pure_file_has_a_unit_test(path):
    """One of its name, or one that includes it."""
    tests = list((SOURCE / "tests/unit").rglob("test_*.c")) + list((SOURCE / "tests/oracle").glob("*.c"))
    assert any(test.name == f"test_{path.stem}.c" and name(test.parent) == f"tests/unit/{name(path.parent)}" or
               f'#include "{name(path)}"' in test.read_text() for test in tests)


def object_of(release, path):
    file = name(path.with_suffix(".c"))
    return release / f"CMakeFiles/tlsrpt_{file.split('/')[0]}.dir/{file}.o"


@pytest.mark.parametrize("path", pure_headers(), ids=name)
def test_pure_file_touches_nothing(path, release):
    symbols = run("nm", "--undefined-only", "--format=posix", object_of(release, path))
    called = {line.split()[0].replace("__", "").replace("_chk", "") for line in symbols.splitlines()}
    assert {symbol for symbol in called if IMPURE.match(symbol)} == set()


@pytest.mark.parametrize("path", pure_headers(), ids=name)
def test_pure_file_has_no_globals(path, release):
    table = run("objdump", "--syms", object_of(release, path))
    variables = re.findall(r"\s(?:\.data|\.bss|\.tdata|\.tbss)\s+(?!0+\s)[0-9a-f]+\s+(.+)$", table, re.M)
    assert [variable for variable in variables if variable != "once"] == [], "but for a library that must be opened once"


def test_headers_name_the_pure_part():
    assert len(pure_headers()) > 3


@pytest.mark.parametrize("path", [p for p in tracked() if p.endswith(("run", "quickstart")) or p.startswith(".ci/")])
def test_script_can_be_run(path):
    assert os.access(SOURCE / path, os.X_OK)
