"""Two collectors, each with a database of its own for its domains, and a third database that shows
both as one: every answer is, byte for byte, that of one collector with one database."""
import datetime
import importlib.machinery
import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
FAMILIES = ("cert_expired_node", "forged_mail")
ANSWERS = [["summary"], ["domains"], ["senders"], ["failures"], ["results"], ["reports"], ["reports", "--status", "ignored"],
           ["findings"], ["coverage"], ["policies"], ["readiness"], ["summary", "--as-of", "MIDDLE"],
           ["findings", "--as-of", "MIDDLE"], ["failures", "--trust", "verified", "--since", "20d"]]


def scenario_module():
    """configuration() and import_all() of the scenarios' runner."""
    path = HERE.parent / "scenarios/run"
    loader = importlib.machinery.SourceFileLoader("scenario_run", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("scenario_run", loader))
    loader.exec_module(module)
    return module


def arrived(folder, name, owned):
    """A folder with the mails about these domains only, as their rua addresses bring them to their collector."""
    (folder / name / "mail").mkdir(parents=True)
    for mail in sorted((folder / "mail").iterdir()):
        told = re.search(rb"^TLS-Report-Domain: *(\S+)", mail.read_bytes(), re.M | re.I)
        if told.group(1).decode() in owned:
            (folder / name / "mail" / mail.name).symlink_to(mail)
    return folder / name


class Programs:
    def __init__(self, build):
        self.build = build


@pytest.fixture(scope="module", params=FAMILIES)
def world(request, build, postgres, tlsrptd, tmp_path_factory):
    """The same reports in one database, and by halves in two that a third unites."""
    run = scenario_module()
    folder = tmp_path_factory.mktemp(request.param)
    subprocess.run([sys.executable, HERE.parent / "scenarios/simulate.py", request.param, "--seed", "1", "--out", folder],
                   check=True, capture_output=True)
    told = json.loads((folder / "world.json").read_text())
    names = [domain["name"] for domain in told["domains"]]
    assert len(names) > 1
    told["middle"] = (datetime.datetime.fromisoformat(told["as_of"]) - datetime.timedelta(days=15)).isoformat()

    def configure(name, owned):
        conf = folder / f"{name}.conf"
        listed = ", ".join(f'"{domain}"' for domain in owned)
        conf.write_text(f"domains = {{{listed}}}\n" + run.configuration(told))
        return conf

    databases = {name: postgres.create_database() for name in ("one", "shard_a", "shard_b", "united")}
    for name, database in databases.items():
        subprocess.run([tlsrptd, "migrate", "--db", postgres.uri(database)], check=True, capture_output=True)
    for name, owned in (("one", names), ("shard_a", names[:1]), ("shard_b", names[1:])):
        mails = folder if name == "one" else arrived(folder, name, owned)
        run.import_all(Programs(build), postgres.uri(databases[name]), configure(name, owned), mails)

    united = databases["united"]
    postgres.sql(united, "CREATE EXTENSION postgres_fdw")
    for shard in ("shard_a", "shard_b"):
        postgres.sql(united, f"CREATE SERVER {shard} FOREIGN DATA WRAPPER postgres_fdw OPTIONS "
                             f"(host '{postgres.dir}', dbname '{databases[shard]}')")
        for role in ("tlsrpt_owner", "tlsrpt_reader"):
            postgres.sql(united, f"CREATE USER MAPPING FOR {role} SERVER {shard} OPTIONS "
                                 f"(user 'tlsrpt_reader', password_required 'false')")
    script = (HERE.parents[1] / "docs/unite.sql").read_text()
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", postgres.uri(united)], input=script, text=True, check=True)
    yield postgres, databases, folder / "one.conf", told
    for database in databases.values():
        postgres.drop_database(database)


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_the_shards_answer_as_one(world, tlsrpt, words, form):
    postgres, databases, conf, told = world
    said = []
    for name in ("one", "united"):
        done = subprocess.run(
            [tlsrpt, *(told["middle"] if word == "MIDDLE" else word for word in words), "-c", conf, "--format", form,
             *([] if "--as-of" in words else ["--as-of", told["as_of"]]),
             "--db", postgres.uri(databases[name], "tlsrpt_reader")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[1] == said[0]
    if form == "json" and words[0] in ("summary", "domains", "senders", "failures", "reports") and "--status" not in words:
        assert len(json.loads(said[0])) >= 3
