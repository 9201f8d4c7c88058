"""Every page of tlsrpt serve in headless Chromium, on a database with a history and with hostile strings in it.
Screenshots stay in build/screenshots."""
import datetime
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unicodedata
import urllib.request

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import seed  # noqa: E402
from conftest import SOURCE, Postgres, build_dir  # noqa: E402

MODULES = pathlib.Path(os.environ["NODE_PATH"])
SHOTS = SOURCE / "build/screenshots"
KINDS = {"index", "now", "heat", "trend", "domains", "domain", "senders", "sender", "intake", "results", "reports", "readiness", "policies", "coverage",
         "report", "finding"}
DAYS, ROWS = 30, 30  # of the heat map


def configuration():
    loader = importlib.machinery.SourceFileLoader("scenario_run", str(SOURCE / "tests/scenarios/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("scenario_run", loader))
    loader.exec_module(module)
    return module.configuration


@pytest.fixture(scope="module")
def server():
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def shown(server, tmp_path_factory):
    """(database, URL of the pages), below a base path, as the reader."""
    folder, build, name = tmp_path_factory.mktemp("shown"), build_dir(), server.create_database()
    subprocess.run([build / "tlsrptd", "migrate", "--db", server.uri(name)], check=True, stdout=subprocess.DEVNULL)
    conf = seed.seed(folder, build, server.uri(name), configuration())
    with open(conf, "a") as file:
        file.write('web { listen = {"127.0.0.1:0"} base_path = "/tls" }\n')
    process = subprocess.Popen([build / "tlsrpt", "serve", "-c", conf, "--db", server.uri(name, "tlsrpt_reader")],
                               stdout=subprocess.PIPE, stderr=open(folder / "log", "w"), text=True)
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), (folder / "log").read_text()
    yield name, url
    process.terminate()
    assert process.wait() == 0, (folder / "log").read_text()


def rows(url, page):
    with urllib.request.urlopen(f"{url}{page}") as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def seen(server, shown):
    """What visit.js saw."""
    url = shown[1]
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    listed = subprocess.run([build_dir() / "tlsrpt", "reports", "--db", server.uri(shown[0]), "--format", "json"],
                            check=True, capture_output=True)
    strange = [f"{url}report/{r['id']}" for r in json.loads(listed.stdout) if "hostile" in (r["sender"] or "") or r["status"] != "accepted"]
    assert len(strange) > len(seed.HOSTILE)
    done = subprocess.run(["node", HERE / "visit.js", url, SHOTS, *strange[::2]], env={**os.environ, "NODE_PATH": str(MODULES)},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_page_is_reached(seen):
    assert KINDS - set(seen["kinds"]) == set()


def test_every_link_answers(seen):
    assert seen["broken"] == [] and seen["outside"] == []
    assert seen["followed"] > 300


def test_nothing_is_wrong_with_a_page(seen):
    """axe-core's rules, overflow, console, policy, requests, dialogs, elements that no page has."""
    assert [(look["window"], look["url"], fault) for look in seen["looks"] for fault in look["faults"]] == []
    assert {look["window"] for look in seen["looks"]} >= {f"{w}-{s}" for w in (320, 800, 1600) for s in ("light", "dark")}
    assert len(list(SHOTS.iterdir())) >= 6 * len(KINDS)


def plain(text):
    return " ".join(text.split())


@pytest.mark.parametrize("text", seed.HOSTILE, ids=range(len(seed.HOSTILE)))
def test_hostile_string_is_shown_as_text(seen, text):
    """But for what acts on a terminal or an eye: that shows escaped."""
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
        text = text.split("\n")[0].split("\u202e")[0].split("\u200b")[0].split("\x01")[0] or "[31mred"
    assert any(plain(text) in plain(look["text"]) for look in seen["looks"])


def test_heat_map_is_what_sql_says(server, shown, seen):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    sums = server.sql(shown[0], """
        SELECT sender, day::text, sum(successful_sessions + failed_sessions)::bigint, sum(failed_sessions)::bigint
        FROM tlsrpt.counted_policy WHERE leads AND tier < 4 AND day BETWEEN %s AND %s GROUP BY sender, day""",
                      (today - datetime.timedelta(days=DAYS), today - datetime.timedelta(days=1)))
    largest = sorted({row[0] for row in sums}, key=lambda s: (-sum(r[2] for r in sums if r[0] == s), s))
    assert len(largest) > ROWS, "so that there are others"
    wanted = {}
    for sender, day, sessions, failed in sums:
        key = sender if sender in largest[:ROWS] else "all others", day
        old = wanted.get(key, (0, 0))
        wanted[key] = old[0] + sessions, old[1] + failed
    url, cells = seen["heats"][0]
    assert url.endswith("/heat")
    shown_cells = {(sender, day): title for sender, day, text, kind, title in cells if kind != "missing"}
    assert shown_cells == {key: f"{failed:,} of {sessions:,} sessions failed" for key, (sessions, failed) in wanted.items()}
    for sender, day, text, kind, title in cells:
        if kind == "missing":
            assert (sender, day) not in wanted and text == "none"
        else:
            sessions, failed = wanted[sender, day]
            share = 100 * failed / sessions
            low, high = {"h0": (0, 0), "h1": (0, 1), "h2": (1, 5), "h3": (5, 20), "h4": (20, 50), "h5": (50, 101)}[kind]
            assert (share == 0 if kind == "h0" else low <= share < high), (sender, day, kind, share)
            assert text in ("<1 %" if 0 < share < 1 else f"{int(share)} %", ">99 %"), (sender, day, text, share)
    assert [c for c in cells if c[3] == "missing" and c[0] == "freepost.example"]


def test_trend_is_what_sql_says(server, shown):
    wanted = server.sql(shown[0], """
        SELECT day::text, sum(successful_sessions + failed_sessions)::bigint, sum(failed_sessions)::bigint
        FROM tlsrpt.counted_policy WHERE leads AND tier < 4 AND policy_domain LIKE 'alpha.%' GROUP BY day ORDER BY day""")
    domain = server.sql(shown[0], "SELECT min(policy_domain) FROM tlsrpt.report")[0][0]
    got = rows(shown[1], f"trend.json?since=365d&domain={domain}")
    assert [(r["day"], r["sessions"], r["failed_sessions"]) for r in got] == wanted
