"""docker/ without a container engine: the parts fit each other, the programs and the tools that read them."""
import json
import os
import re
import subprocess

import pytest
import yaml

from conftest import SOURCE, run

DOCKER = SOURCE / "docker"
PASSWORDS = {f"{name}_PASSWORD": f"secret of {name}" for name in ("OWNER", "COLLECTOR", "READER", "GRAFANA")}
THEIRS = {"cert.pem", "key.pem"}  # what the operator brings
CONF = (DOCKER / "tlsrpt.conf").read_text()


def compose_config(env):
    return subprocess.run(["docker-compose", "-f", DOCKER / "compose.yaml", "config"], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], **env}, cwd=DOCKER)


@pytest.fixture(scope="module")
def compose():
    """As Debian's docker-compose understands it."""
    done = compose_config(PASSWORDS)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def instructions():
    """[(instruction, rest)] of the Dockerfile, without comments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def published(service):
    """[(address of the host, port of the host, port of the container)], in either of the forms of `config`."""
    found = []
    for port in service.get("ports", []):
        if isinstance(port, dict):
            found.append((port.get("host_ip", ""), int(port["published"]), port["target"]))
        else:
            address, outer, inner = re.fullmatch(r"(?:([0-9.]+):)?(\d+):(\d+)(?:/tcp)?", port).groups("")
            found.append((address, int(outer), int(inner)))
    return found


def inside(service):
    return {port for _, _, port in published(service)}


def ports_of(section):
    block = re.search(rf"^{section} \{{\n(.*?)^\}}", CONF, re.M | re.S)[1]
    return {int(port) for port in re.findall(r'listen = \{"[^"]*:(\d+)"\}', block)}


def test_every_password_is_asked_for():
    for name in PASSWORDS:
        done = compose_config({key: value for key, value in PASSWORDS.items() if key != name})
        assert done.returncode != 0 and name in done.stderr


def test_everything_mounted_is_there(services):
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    files = [os.path.relpath(path, DOCKER) for path in mounted if path.startswith("/")]
    assert len(files) >= 9
    assert [path for path in files if path not in THEIRS and not (DOCKER / path).exists()] == []


def test_named_volumes_are_declared(compose):
    named = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
             if not volume.startswith("/")}
    assert named == set(compose["volumes"])


def test_everything_copied_is_there():
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for path in rest.split()[:-1]:
                assert (SOURCE / path).exists(), path
    installed = {rest.split()[1] for word, rest in instructions() if word == "COPY" and rest.startswith("--from")}
    assert installed == {"/installed/sbin/tlsrptd", "/installed/bin/tlsrpt"}


def test_image_has_two_stages_a_user_and_a_health_check():
    words = [word for word, _ in instructions()]
    assert words.count("FROM") == 2
    final = instructions()[len(words) - 1 - words[::-1].index("FROM"):]
    assert ("USER", "tlsrpt") in final and [word for word, _ in final].count("HEALTHCHECK") == 1
    user = [word for word, _ in final].index("USER")
    assert "RUN" not in [word for word, _ in final[user:]]
    assert {int(port) for word, rest in final if word == "EXPOSE" for port in rest.split()} == ports_of("https") | ports_of("web")


def test_ports_are_those_that_are_listened_on(services):
    assert inside(services["tlsrptd"]) == ports_of("https") | {9090}
    assert inside(services["tlsrpt"]) == ports_of("web")
    checked = re.search(r'HEALTHCHECK.*"(\d+)", "/healthz"', (DOCKER / "Dockerfile").read_text())[1]
    assert {int(checked)} == ports_of("status")
    assert {int(services["tlsrpt"]["healthcheck"]["test"][2])} == ports_of("web")


def test_only_reports_come_in_from_elsewhere(services):
    ports = [port for service in services.values() for port in published(service)]
    assert [port for port in ports if port[0] != "127.0.0.1"] == [("", 443, 8443)]


def test_own_containers_may_do_little(services):
    own = [service for service in services.values() if service["image"] == "tlsrpt"]
    assert len(own) == 4
    for service in own:
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_nothing_starts_before_the_migration(services):
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("tlsrptd", "tlsrpt", "maintain", "grafana"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_who_has_which_password(services):
    """The collector's and the reader's roles are made with what the containers are given."""
    made = dict(re.findall(r"CREATE ROLE (tlsrpt_\w+) LOGIN PASSWORD :'(\w+)'", (DOCKER / "roles.sh").read_text()))
    assert made == {"tlsrpt_collector": "collector", "tlsrpt_reader": "reader"}
    assert "postgresql://tlsrpt_collector@postgres/tlsrpt" in CONF and "postgresql://tlsrpt_reader@postgres/tlsrpt" in CONF
    assert services["tlsrptd"]["environment"]["PGPASSWORD"] == PASSWORDS["COLLECTOR_PASSWORD"]
    assert services["tlsrpt"]["environment"]["PGPASSWORD"] == PASSWORDS["READER_PASSWORD"]
    assert "OWNER" not in json.dumps([services["tlsrptd"], services["tlsrpt"], services["grafana"]])


def test_programs_take_the_configuration(build):
    run(build / "tlsrptd", "config", "-c", DOCKER / "tlsrpt.conf")


def test_prometheus_takes_its_configuration(services, tmp_path):
    text = (DOCKER / "prometheus/prometheus.yml").read_text()
    assert services["prometheus"]["network_mode"] == "service:tlsrptd"
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/", f"{DOCKER}/prometheus/"))
    run("promtool", "check", "config", tmp_path / "prometheus.yml")
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in yaml.safe_load(text)["scrape_configs"]}
    assert targets == {"tlsrptd": [f"127.0.0.1:{port}" for port in ports_of("status")],
                       "tlsrpt": [f"tlsrpt:{port}" for port in ports_of("web")]}
    assert '"tlsrpt"' in re.search(r"hosts = .*", CONF)[0], "a Host that is answered"


def test_grafana_is_provisioned(services):
    provisioned = {path.parent.name: yaml.safe_load(path.read_text()) for path in DOCKER.glob("grafana/provisioning/*/*.yaml")}
    assert set(provisioned) == {"datasources", "dashboards", "alerting"}
    sources = {source["uid"]: source for source in provisioned["datasources"]["datasources"]}
    assert set(sources) == {"tlsrpt", "prometheus"}
    assert sources["tlsrpt"]["user"] == "tlsrpt_reader" and sources["tlsrpt"]["url"].split(":")[0] in services
    variable = sources["tlsrpt"]["secureJsonData"]["password"].removeprefix("$")
    assert services["grafana"]["environment"][variable] == PASSWORDS["READER_PASSWORD"]
    assert re.match(r"http://(\w+):9090$", sources["prometheus"]["url"])[1] == "tlsrptd"
    mounts = [volume.split(":")[1] for volume in services["grafana"]["volumes"]]
    assert provisioned["dashboards"]["providers"][0]["options"]["path"] in mounts
    rules = [rule for group in provisioned["alerting"]["groups"] for rule in group["rules"]]
    assert len({rule["uid"] for rule in rules}) == len(rules) == 3
    for rule in rules:
        assert rule["condition"] in {part["refId"] for part in rule["data"]}
        assert {part["datasourceUid"] for part in rule["data"]} <= {*sources, "__expr__"}


def test_dashboard_names_what_is_there():
    dashboard = json.loads((DOCKER / "grafana/dashboards/tlsrpt.json").read_text())
    assert dashboard["uid"] == "tlsrpt"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) == len({panel["title"] for panel in panels})
    assert {panel["datasource"]["uid"] for panel in panels} == {"tlsrpt", "prometheus"}
    places = [(x, y) for panel in panels for g in [panel["gridPos"]]
              for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]
    assert len(places) == len(set(places)) and max(x for x, _ in places) == 23, "panels do not overlap"


def test_monitoring_examples_name_checks_that_exist(build):
    told = set(re.findall(r"^  ([a-z-]+) {2,}\S", run(build / "tlsrpt", "check", "--help").split("and apply to:")[1], re.M))
    nagios = (SOURCE / "docs/monitoring/nagios.cfg").read_text()
    icinga = (SOURCE / "docs/monitoring/icinga2.conf").read_text()
    assert set(re.findall(r"check_tlsrpt!([a-z-]+)!", nagios)) == told
    assert set(re.findall(r'"([a-z-]+)"', re.search(r"for \(name in \[(.*?)\]", icinga)[1])) == told
