"""The manuals say what the programs do: every setting with its default, every verb and option."""
import re

import pytest

from conftest import SOURCE, name, run, sources

CONF_MANUAL = SOURCE / "docs/tlsrpt.conf.5"
PAGES = sorted((SOURCE / "docs").glob("*.[1-8]"))

# Titled sections appear in `tlsrptd config` only when they are used.
TITLED = '''
https_sender "example.net" { hosts = {"*.example.net"} }
domain "example.com" { mx = {"a.example.com"} }
known "0123456789" { until = "2099-12-31" }
'''


def printed_settings(text):
    """{(section, name): default}, where default is None for what is not set."""
    found, section = {}, "General"
    for line in text.splitlines():
        if opened := re.match(r'(\w+)(?: ".*")? \{', line):
            section = opened[1]
        elif line == "}":
            section = "General"
        elif unset := re.match(r"\s*# (\w+) is not set", line):
            found[section, unset[1]] = None
        elif pair := re.match(r"\s*(\w+) = (.*)", line):
            found[section, pair[1]] = pair[2]
    return found


def documented_settings(text):
    found, section = {}, None
    for line in text.split("\n.Sh LIMITS")[0].splitlines():
        if opened := re.match(r"\.Ss (?:Section (\w+)|(General))", line):
            section = opened[1] or opened[2]
        elif item := re.match(r"\.It Ic (\w+)(?: No = (?:Qq )?(.*))?$", line):
            found[section, item[1]] = item[2]
    return found


def test_manual_has_every_setting_with_its_default(build, tmp_path):
    (tmp_path / "tlsrpt.conf").write_text(TITLED)
    printed = printed_settings(run(build / "tlsrptd", "config", "-c", tmp_path / "tlsrpt.conf"))
    documented = documented_settings(CONF_MANUAL.read_text())
    assert set(printed) == set(documented)
    titled = {"https_sender", "domain", "known"}
    home = {("General", "state_dir")}  # whose it is decides it
    differing = {key: (value, documented[key]) for key, value in printed.items()
                 if key[0] not in titled and key not in home and (value or "").strip('"') != (documented[key] or "")}
    assert differing == {}


def test_manual_has_every_limit():
    """What a stranger can push is bounded by a NOUN_MAX_... of a header."""
    limits = {}
    for path in sources("*.h"):
        if not name(path).startswith("analyzer/"):
            for constant, value in re.findall(r"^ +([A-Z]+_MAX_[A-Z_]+) = ([0-9A-Z_ *<]+)", path.read_text(), re.M):
                limits[constant] = str(eval(value, {"WHEN_DAY_S": 86400}))
    documented = dict(re.findall(r"^\.It Ic ([A-Z]+_MAX_[A-Z_]+) No = (\d+)$", CONF_MANUAL.read_text(), re.M))
    assert limits == documented


@pytest.mark.parametrize("example", ["docs/tlsrpt.conf", "docker/tlsrpt.conf"])
def test_example_configuration_is_valid(build, example):
    run(build / "tlsrptd", "config", "-c", SOURCE / example)


def test_configuration_in_the_manual_is_valid(build, tmp_path):
    block = re.search(r"\.Bd -literal.*?\n(.*?)\.Ed", CONF_MANUAL.read_text(), re.S)[1]
    (tmp_path / "tlsrpt.conf").write_text(block)
    run(build / "tlsrptd", "config", "-c", tmp_path / "tlsrpt.conf")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_manual_is_well_formed(page):
    run("mandoc", "-Tlint", "-W", "warning", page)


def verbs(program):
    text = run(program, "--help")
    return re.findall(r"^  ([a-z]+) {2,}\S", text.split("\nVerbs:", 1)[-1], re.M)


@pytest.mark.parametrize("program, page", [("tlsrptd", "tlsrptd.8"), ("tlsrpt", "tlsrpt.1")])
def test_manual_has_every_verb_and_option(build, program, page):
    manual = run("mandoc", "-Tutf8", SOURCE / "docs" / page)
    manual = re.sub(".\b", "", manual).replace("‐", "-").replace("−", "-")
    names = verbs(build / program)
    assert names
    assert [name for name in names if not re.search(rf"\b{name}\b", manual)] == []
    options = {option for name in names
               for option in re.findall(r"--[a-z][a-z-]+", run(build / program, name, "--help"))}
    assert options
    assert [option for option in sorted(options) if option not in manual] == []


def test_manual_has_every_explanation():
    """The words that analyzer/analysis/explain.c explains, with what it says about them."""
    table = (SOURCE / "analyzer/analysis/explain.c").read_text().split("explain_table[] = {")[1].split("explain_count")[0]
    headers = "".join((SOURCE / f"analyzer/analysis/{header}.h").read_text() for header in ("facts", "finding"))
    kinds = dict(re.findall(r'#define (\w+)\s+"([^"]+)"', headers))
    kinds.update((one, kinds[other]) for one, other in re.findall(r"#define (KIND_\w+)\s+(FACTS_\w+)", headers))
    text = r'((?:"[^"]*"\s*)+)'
    rows = re.findall(rf'\{{EXPLAIN_\w+,\s*("[^"]*"|KIND_\w+),\s*{text},\s*{text},\s*{text}\}}', table)
    assert len(rows) == table.count("{EXPLAIN_") > 30
    manual = " ".join((SOURCE / "docs/tlsrpt.1").read_text().split()).lower()
    for word, *told in rows:
        assert (kinds.get(word) or word.strip('"')).lower() in manual
        for words in told:
            assert " ".join("".join(re.findall(r'"([^"]*)"', words)).split()).lower().rstrip(".") in manual, word
