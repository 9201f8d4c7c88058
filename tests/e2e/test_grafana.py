"""Every query that docker/ gives Grafana runs as the reader role, and returns the columns that its panel names."""
import datetime
import decimal
import json
import re
import subprocess

import psycopg2
import pytest
import yaml

from conftest import SOURCE
from rows import realistic

DASHBOARD = json.loads((SOURCE / "docker/grafana/dashboards/tlsrpt.json").read_text())
ALERTS = yaml.safe_load((SOURCE / "docker/grafana/provisioning/alerting/tlsrpt.yaml").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["datasource"]["uid"] == "tlsrpt"]
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
NUMBER, TIME = (int, float, decimal.Decimal), datetime.datetime


@pytest.fixture
def query(migrated, tlsrptd):
    """Runs a query as Grafana sends it: (columns, rows)."""
    realistic(migrated)
    migrated.sql("INSERT INTO tlsrpt.total_sender VALUES ('google.com', '2026-11-22T03:00:00Z')")
    migrated.sql("INSERT INTO tlsrpt.total_sessions VALUES ('example.com', 1, 10, 2), ('x.example', 3, 10, 2)")

    def call(sql, domain="'*'", since="2026-11-01T00:00:00Z", until="2026-11-22T12:34:56Z"):
        sql = sql.replace("$__timeFrom()", f"'{since}'").replace("$__timeTo()", f"'{until}'").replace("$domain", domain)
        assert "$" not in sql, "a macro that this test does not know"
        with psycopg2.connect(migrated.role_uri("tlsrpt_reader")) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return [column.name for column in cursor.description], cursor.fetchall()
    return call


def named(panel):
    """The columns that a panel names: what it shows, and what it overrides."""
    shown = panel["options"].get("reduceOptions", {}).get("fields", "")
    return {rule["matcher"]["options"] for rule in panel["fieldConfig"]["overrides"]} | set(re.findall(r"^/\^(.*)\$/$", shown))


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_panel(query, panel):
    [target] = panel["targets"]
    columns, rows = query(target["rawSql"])
    assert named(panel) and named(panel) <= set(columns)
    assert rows and len(set(columns)) == len(columns)
    if panel["type"] == "timeseries":
        assert target["format"] == "time_series" and columns[0] == "time"
        assert all(isinstance(row[0], TIME) and row[0].tzinfo for row in rows) and rows == sorted(rows, key=lambda row: row[0])
        assert all(isinstance(value, str if name == "metric" else float) for row in rows for name, value in zip(columns[1:], row[1:]))
    elif panel["type"] == "stat":
        [[value]] = rows
        assert isinstance(value, NUMBER) and value > 0
    if "$domain" in target["rawSql"]:
        assert query(target["rawSql"], domain="'a-rather-long-name.mail.example.org','x''y'")[1] != rows
        assert query(target["rawSql"], domain="'example.com'")[1]


def test_figures_are_those_of_the_programs(query, tlsrpt, migrated):
    told = {panel["title"]: query(panel["targets"][0]["rawSql"])[1] for panel in PANELS}
    done = subprocess.run([tlsrpt, "domains", "--since", "2026-11-01", "--format", "json", "--db", migrated.uri],
                          capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)
    assert told["Failed"] == [(sum(row["failed_sessions"] for row in rows),)]
    assert told["Sessions"] == [(sum(row["failed_sessions"] + row["successful_sessions"] for row in rows),)]
    assert {(row[0], row[2], row[3]) for row in told["Domains"]} == {
        (row["policy_domain"], row["successful_sessions"], row["failed_sessions"]) for row in rows}


@pytest.mark.parametrize("rule", RULES, ids=[rule["uid"] for rule in RULES])
def test_alert(query, rule):
    asked = [part["model"]["rawSql"] for part in rule["data"] if part["datasourceUid"] == "tlsrpt"]
    [sql] = asked
    columns, rows = query(sql)
    assert columns == ["value"] and len(rows) == 1 and isinstance(rows[0][0], NUMBER)
    assert len(query(sql, since="2020-01-01T00:00:00Z", until="2020-01-02T00:00:00Z")[1]) <= 1


def test_variable(query):
    [variable] = DASHBOARD["templating"]["list"]
    assert query(variable["query"])[1] == [("example.com",)]
    assert variable["allValue"] == "'*'"


def test_figures_of_prometheus_exist(tlsrpt, migrated):
    done = subprocess.run([tlsrpt, "metrics", "--db", migrated.uri], capture_output=True, text=True, check=True)
    asked = [panel["targets"][0]["expr"] for panel in DASHBOARD["panels"] if panel["datasource"]["uid"] == "prometheus"]
    assert asked
    for expression in asked:
        for name in re.findall(r"tlsrptd?_[a-z_]+", expression):
            assert f"# TYPE {name} " in done.stdout
