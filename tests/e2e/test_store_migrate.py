"""Migrations, roles and what each may, and the shape that lets the tables be distributed."""
import subprocess

import psycopg2
import pytest

import store
from conftest import Database

BIG_TABLES = ["believed_policy", "believed_report", "believed_raw", "claimed_policy", "claimed_report", "claimed_raw", "conflict"]
ROLES = ["tlsrpt_owner", "tlsrpt_collector", "tlsrpt_reparse", "tlsrpt_reader"]


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


def test_twice_is_once(build, database):
    assert "migration 0001_initial" in store.migrate(build, database)
    before = database.sql("SELECT * FROM tlsrpt.migration")
    assert "migration 0001_initial" not in store.migrate(build, database)
    assert database.sql("SELECT * FROM tlsrpt.migration") == before
    assert database.sql("SELECT name, value FROM tlsrpt.setting ORDER BY 1") == [
        ("newest_program", "0.4.0"), ("oldest_program", "0.4.0")]


def test_from_several_hosts_at_once(build, database):
    command = [build / "tests/store_driver", "migrate", database.uri]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(4)]
    outputs = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * 4, outputs
    assert sum("migration 0001_initial" in out for out, _ in outputs) == 1
    assert database.value("SELECT count(*) FROM tlsrpt.migration") >= 1


def test_a_migration_with_another_text_is_refused(build, stored):
    stored.sql("UPDATE tlsrpt.migration SET checksum = sha256('other') WHERE version = 1")
    done = store.run(build, "migrate", stored.uri)
    assert done.returncode == 78
    assert "0001_initial has run with another text" in done.stderr


def test_a_newer_program_s_database_is_left_alone(build, stored):
    stored.sql("INSERT INTO tlsrpt.migration VALUES (999, '0999_later', 'x', now(), '7.0.0')")
    before = stored.sql("SELECT * FROM tlsrpt.setting")
    done = store.run(build, "migrate", stored.uri)
    assert done.returncode == 78
    assert "version 7.0.0" in done.stderr and "upgrade the program" in done.stderr
    assert stored.sql("SELECT * FROM tlsrpt.setting") == before


@pytest.mark.parametrize("oldest, newest, advice", [
    ("0.1.0", "0.4.0", None), ("0.1.0", "9.0.0", None), ("0.1.0", "0.1.0", "run `tlsrptd migrate`"),
    ("7.0.0", "7.0.0", "upgrade the program"), ("0.0.1", "0.0.9", "run `tlsrptd migrate`")])
def test_a_program_that_does_not_fit_says_what_to_do(build, stored, oldest, newest, advice):
    stored.sql("UPDATE tlsrpt.setting SET value = CASE name WHEN 'oldest_program' THEN %s ELSE %s END",
               (oldest, newest))
    for what in [("put", stored.role_uri("tlsrpt_collector"), "tlsrpt_collector"),
                 ("read", stored.role_uri("tlsrpt_reader"), "", "SELECT 1", 1)]:
        done = store.run(build, *what)
        if advice is None:
            assert done.returncode == 0, done.stderr
        else:
            assert done.returncode == 78 and advice in done.stderr


def test_before_migrate_it_says_so(build, database):
    done = store.run(build, "read", database.uri, "", "SELECT 1", 1)
    assert done.returncode == 78
    assert "run `tlsrptd migrate`" in done.stderr


def test_another_encoding_is_refused(build, postgres):
    postgres.sql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        done = store.run(build, "migrate", postgres.uri("latin"))
        assert done.returncode == 78 and "LATIN1" in done.stderr
    finally:
        postgres.drop_database("latin")


def owners(stored):
    return stored.sql("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = "
                      "'tlsrpt'::regnamespace")


def test_everything_belongs_to_the_owner_whoever_migrates(stored):
    stored.sql("SELECT tlsrpt.ensure_partition('daily_policy', '_202501', '2025-01-01', '2025-02-01')")  # as prune does
    assert owners(stored) == [("tlsrpt_owner",)]
    assert stored.sql("SELECT DISTINCT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = "
                      "'tlsrpt'::regnamespace") == [("tlsrpt_owner",)]


def test_sums_that_a_superuser_made_are_given_to_the_owner(build, stored):
    """tlsrptd prune of 0.2.0 left them to whoever ran it, and the next migrate could grant nothing on them."""
    for table in ["daily_policy_202501", "daily_failure_202501"]:
        stored.sql(f"SELECT tlsrpt.ensure_partition('{table[:-7]}', '_202501', '2025-01-01', '2025-02-01')")
        stored.sql(f"ALTER TABLE tlsrpt.{table} OWNER TO postgres")
    done = store.run(build, "migrate", stored.role_uri("tlsrpt_owner"))
    assert done.returncode == 78
    help = done.stderr.split("let a superuser run: ")[1]
    assert help.count("ALTER TABLE") == 2 and "daily_policy_202501 OWNER TO tlsrpt_owner;" in help
    store.migrate(build, stored)
    assert owners(stored) == [("tlsrpt_owner",)]


def test_the_owner_of_a_database_needs_no_superuser(build, postgres):
    """He may not create roles: says what a DBA has to run, and works without them."""
    name = "without_roles"
    for statement in ["CREATE ROLE plain LOGIN", f"CREATE DATABASE {name} OWNER plain"]:
        postgres.sql("postgres", statement)
    try:
        # As on a server where nobody ever made our roles.
        for role in ROLES:
            postgres.sql("postgres", f"""DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')
                         THEN ALTER ROLE {role} RENAME TO hidden_{role}; END IF; END $$""")
        done = store.run(build, "migrate", postgres.uri(name, "plain"))
        assert done.returncode == 0, done.stderr
        for role in ROLES:
            assert f"CREATE ROLE {role} LOGIN;" in done.stdout
        driver = store.Driver(build, postgres.uri(name, "plain"))
        assert driver.put(store.report("1")) == ["stored"]
        driver.close()
        for role in ROLES:
            postgres.sql("postgres", f"CREATE ROLE {role} LOGIN")
        done = store.run(build, "migrate", postgres.uri(name, "plain"))
        assert done.returncode == 0 and "CREATE ROLE" not in done.stdout
        driver = store.Driver(build, postgres.uri(name, "tlsrpt_collector"))
        assert driver.put(store.report("1"), store.report("2")) == ["duplicate", "stored"]
        driver.close()
    finally:
        postgres.drop_database(name)
        postgres.sql("postgres", "DROP ROLE plain")
        for role in ROLES:
            postgres.sql("postgres", f"""DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hidden_{role}')
                         THEN DROP ROLE IF EXISTS {role}; ALTER ROLE hidden_{role} RENAME TO {role}; END IF; END $$""")


def test_what_a_superuser_has_to_run_is_said_and_helps(build, database):
    """Its roles exist, and one that is neither superuser nor the database's owner migrates."""
    store.migrate(build, database)     # makes the roles, if no test before did
    for role in ["tlsrpt_owner", "stranger"]:
        database.sql("DROP SCHEMA tlsrpt CASCADE" if role == "tlsrpt_owner" else "CREATE ROLE stranger LOGIN")
        for _ in range(3):
            done = store.run(build, "migrate", database.role_uri(role))
            if done.returncode == 0:
                break
            assert done.returncode == 78
            database.sql(done.stderr.split("let a superuser run: ")[1])
        assert done.returncode == 0, done.stderr
    database.sql("DROP OWNED BY stranger")
    database.sql("DROP ROLE stranger")


def test_months_are_made_13_back_and_3_ahead(stored):
    made = stored.value("SELECT array_agg(to_date(right(c.relname, 6), 'YYYYMM') ORDER BY c.relname) FROM pg_inherits i "
                        "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'tlsrpt.believed_report'::regclass")
    this = stored.value("SELECT date_trunc('month', current_date)::date")
    distance = [(day.year - this.year) * 12 + day.month - this.month for day in made]
    assert distance == list(range(-13, 4))


def test_every_key_of_a_big_table_has_policy_domain_first_and_day(stored):
    """Or it could not be distributed by domain and partitioned by month. Indexes that are no constraint too."""
    keys = stored.sql("""
        SELECT c.relname, array_agg(a.attname ORDER BY k.place)
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
        CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE c.relnamespace = 'tlsrpt'::regnamespace AND x.indisunique AND c.relname = ANY(%s)
        GROUP BY c.relname, x.indexrelid""", (BIG_TABLES,))
    assert {table for table, _ in keys} == {"believed_policy", "claimed_policy", "conflict"}
    for table, columns in keys:
        assert columns[0] == "policy_domain" and "day" in columns, table
    constraints = stored.sql("""
        SELECT c.relname, con.contype, array_agg(a.attname ORDER BY k.place)
        FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
        CROSS JOIN LATERAL unnest(con.conkey) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relname = ANY(%s) AND con.contype <> 'c'
        GROUP BY c.relname, con.oid, con.contype""", (BIG_TABLES,))
    for table, kind, columns in constraints:
        assert kind in ("p", "u") and columns[0] == "policy_domain" and "day" in columns, table


def test_there_are_no_triggers_foreign_keys_or_sequences(stored):
    assert stored.sql("SELECT tgname FROM pg_trigger") == []
    assert stored.sql("SELECT conname FROM pg_constraint WHERE contype = 'f'") == []
    assert stored.sql("SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'tlsrpt'::regnamespace") == []


INSERT_ALL = {(table, "INSERT") for table in
              ["believed_policy", "believed_report", "believed_raw", "claimed_policy", "claimed_report", "claimed_raw",
               "quarantine", "tally", "intake_count"]}
REPARSE = INSERT_ALL | {("quarantine", "SELECT"), ("reparsed", "SELECT"), ("reparsed", "INSERT"), ("pruned", "SELECT")}
READER = {(relation, "SELECT") for relation in
          ["report", "policy_result", "failure_detail", "raw_report", "contested", "claim_limit", "claim_usage", *BIG_TABLES[:-1], "conflict", "quarantine",
           "reparsed", "eviction", "setting", "migration", "instant", "counted_report", "counted_policy",
           "counted_failure", "open_quarantine", "tally", "tally_labelled",
           "intake_count", "intake_day", "intake", "metric_name", "metric_cap", "metric_room", "metric_full", "metric_sessions",
           "metric_day", "metric_failures", "metric_reports", "metric_lag", "metric_sender", "total_sessions",
           "total_day", "total_failures", "total_reports", "total_lag", "total_sender", "upkeep",
           "quarantine_size", "pruned", "daily_policy", "daily_failure"]}
WRITER_FUNCTIONS = {"program_fit", "ensure_month", "ensure_quarantine_day", "in_quarantine", "note_conflict",
                    "fold_totals", "pruned_before", "find_believed", "find_claimed", "charge_claims"}
READER_FUNCTIONS = {"program_fit", "lag_bound", "superseded"}


@pytest.mark.parametrize("role, tables, functions", [
    ("tlsrpt_collector", INSERT_ALL, WRITER_FUNCTIONS), ("tlsrpt_reparse", REPARSE, WRITER_FUNCTIONS),
    ("tlsrpt_reader", READER, READER_FUNCTIONS), ("public", set(), set())])
def test_every_privilege_of_each_role(stored, role, tables, functions):
    # Partitions are reached through their parents only.
    granted = stored.sql("""
        SELECT c.relname, p.privilege_type FROM pg_class c, aclexplode(c.relacl) p
        WHERE c.relnamespace = 'tlsrpt'::regnamespace AND NOT c.relispartition
          AND p.grantee = CASE %s WHEN 'public' THEN 0 ELSE to_regrole(%s)::oid END""", (role, role))
    assert set(granted) == tables
    assert stored.sql("""
        SELECT c.relname FROM pg_class c, aclexplode(c.relacl) p
        WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relispartition AND p.grantee <> c.relowner
          AND NOT (pg_get_userbyid(p.grantee) = 'tlsrpt_reader' AND p.privilege_type = 'SELECT')""") == []
    assert stored.sql("SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE attacl IS NOT NULL "
                      "AND c.relnamespace = 'tlsrpt'::regnamespace") == []
    callable_ones = stored.sql("""
        SELECT f.proname FROM pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) p
        WHERE f.pronamespace = 'tlsrpt'::regnamespace
          AND p.grantee = CASE %s WHEN 'public' THEN 0 ELSE to_regrole(%s)::oid END""", (role, role))
    assert {name for name, in callable_ones} == functions
    if role != "public":
        assert stored.sql("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
                          "FROM pg_roles WHERE rolname = %s", (role,)) == [(False,) * 5]
        assert stored.value("SELECT has_schema_privilege(%s, 'tlsrpt', 'CREATE')", (role,)) is False


def test_functions_with_the_owner_s_rights_have_a_fixed_search_path(stored):
    assert stored.sql("SELECT proname FROM pg_proc WHERE pronamespace = 'tlsrpt'::regnamespace AND prosecdef "
                      "AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY(proconfig), false)") == []


@pytest.mark.parametrize("role, statement", [
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.report"),
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.raw_report"),
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.quarantine"),
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.counted_report"),
    ("tlsrpt_collector", "SELECT report_key FROM tlsrpt.policy_result"),
    ("tlsrpt_collector", "UPDATE tlsrpt.believed_policy SET tier = 1"),
    ("tlsrpt_collector", "INSERT INTO tlsrpt.conflict SELECT"),
    ("tlsrpt_collector", "SELECT tlsrpt.drop_quarantine(current_date)"),
    ("tlsrpt_collector", "SELECT tlsrpt.prune_begin(current_date)"),
    ("tlsrpt_collector", "SELECT tlsrpt.fold_month(current_date)"),
    ("tlsrpt_collector", "SELECT tlsrpt.drop_raw_month(current_date)"),
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.pruned"),
    ("tlsrpt_collector", "SELECT tlsrpt.ensure_partition('report', '_x', current_date, current_date)"),
    ("tlsrpt_collector", "SELECT * FROM tlsrpt.tally"),
    ("tlsrpt_collector", "SELECT tlsrpt.fold_tally()"),
    ("tlsrpt_reparse", "SELECT * FROM tlsrpt.report"),
    ("tlsrpt_reparse", "DELETE FROM tlsrpt.quarantine"),
    ("tlsrpt_reader", "SELECT tlsrpt.ensure_month(current_date)"),
])
def test_a_role_may_not(stored, role, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stored.sql(statement, role=role)


def test_a_reader_cannot_write_even_what_it_could(stored):
    with pytest.raises((psycopg2.errors.ReadOnlySqlTransaction, psycopg2.errors.InsufficientPrivilege)):
        stored.sql("CREATE TEMP TABLE t (n int)", role="tlsrpt_reader")


def test_a_stranger_may_not_ask_for_any_month(stored):
    ask = "SELECT tlsrpt.ensure_month(current_date + %s)"
    assert stored.value(ask, (-360,), role="tlsrpt_collector") is True
    assert stored.value(ask, (90,), role="tlsrpt_collector") is True
    assert stored.value(ask, (-500,), role="tlsrpt_collector") is False
    assert stored.value(ask, (200,), role="tlsrpt_collector") is False
    assert stored.value(ask, (-3000,)) is True     # the owner, for an old archive
    day = "SELECT tlsrpt.ensure_quarantine_day(current_date + %s)"
    assert stored.value(day, (30,), role="tlsrpt_collector") is False
    assert stored.value(day, (8,), role="tlsrpt_collector") is True


def test_a_conflict_needs_a_report(stored):
    stored.sql("SELECT tlsrpt.note_conflict('d', current_date, 'k', 1::smallint, 'c', 'h', now(), 1::smallint, '')",
               role="tlsrpt_collector")
    assert stored.value("SELECT count(*) FROM tlsrpt.conflict") == 0
