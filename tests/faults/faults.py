"""usage: tests/faults/run [--rounds N] [--short] [--build DIR] [--list] [FAULT ...]

Breaks things on purpose under load and compares what was acknowledged with what is there: LOST 0, DOUBLE 0, bytes
equal, after each fault. FAULT is a part of a row's name; none: all of them. Exits 1 when a row falls short.

  --rounds N   how often each fault is done (3); chance (moments, sizes) is different in each
  --short      one round, with short waits: four minutes, for continuous integration
  --build DIR  where the programs are, built with TLSRPT_FAULTS (build/faults)
"""
import argparse
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import fault_disk  # noqa: E402
import fault_failover  # noqa: E402
import fault_kill  # noqa: E402
import fault_memory  # noqa: E402
import fault_orderly  # noqa: E402
import fault_pgbouncer  # noqa: E402
import fault_postgres  # noqa: E402
import fault_wire  # noqa: E402
from ledger import Ledger, Report  # noqa: E402
from raw import Raw, request  # noqa: E402
from site_control import Site, Skipped  # noqa: E402

FAMILIES = (fault_kill, fault_postgres, fault_failover, fault_pgbouncer, fault_wire, fault_disk, fault_memory,
            fault_orderly)
ROW = "{:<44} {:>12} {:>5} {:>7} {:>6}  {}"


def check_the_ledger(site):
    """It must see what it is there to see: a report that is lost, one that is there twice, and other bytes."""
    report, ledger = Report(), Ledger()
    ledger.acknowledge(report)
    assert ledger.compare(site.database).lost == 1
    with Raw(site.door.plain) as client:
        assert client.send(request(report.body)).answer()[0] == 201
    assert ledger.compare(site.database)[:4] == (1, 0, 0, 0)
    ledger.hashes[report.id] = "0" * 64
    assert ledger.compare(site.database).unequal == 1
    forged = "jsonb_build_object('report_key', '\\x00')"
    site.database.sql(f"INSERT INTO tlsrpt.claimed_report SELECT (jsonb_populate_record(r, {forged})).* FROM tlsrpt.claimed_report r")
    assert ledger.compare(site.database).double == 1
    site.database.sql("DELETE FROM tlsrpt.claimed_report WHERE report_key = '\\x00'")


def one(site, case, options):
    """(verdict, note, fell short) of a case."""
    short = None
    note = ""
    before = len(site.ledger)
    try:
        note = case(site, options) or ""
        site.mend()
    except Skipped as why:
        note = f"skipped: {why}"
    except Exception as what:
        if options.verbose:
            traceback.print_exc()
        said = str(what).strip().split("\n")
        short = f"FELL SHORT: {said[0] or type(what).__name__}"
        site.door.stop_hard()
        site.mend()
    verdict = site.ledger.compare(site.database)
    if verdict.lost or verdict.double or verdict.unequal:
        short = short or "FELL SHORT"
    return verdict._replace(acknowledged=verdict.acknowledged - before), short or note, bool(short)


def family(module, options):
    wanted = [(name, case) for name, case in module.cases(options)
              if not options.faults or any(part in name for part in options.faults)]
    if options.list:
        print("\n".join(name for name, _ in wanted))
    if options.list or not wanted:
        return 0
    failed = 0
    with Site(options.build, **getattr(module, "SITE", {})) as site:
        site.mend()
        check_the_ledger(site)
        for name, case in wanted:
            start = time.monotonic()
            verdict, note, short = one(site, case, options)
            failed += short
            print(ROW.format(name, verdict.acknowledged, verdict.lost, verdict.double,
                             "DIFFER" if verdict.unequal else "equal", note),
                  f"[{time.monotonic() - start:.0f} s]", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/faults")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("faults", nargs="*")
    options = parser.parse_args()
    if options.short:
        options.rounds = 1
    if not options.list:
        print(ROW.format("fault", "acknowledged", "LOST", "DOUBLE", "bytes", ""))
    start = time.monotonic()
    failed = sum([family(module, options) for module in FAMILIES])
    if not options.list:
        print(f"{failed} rows fell short" if failed else "nothing lost, nothing double",
              f"({time.monotonic() - start:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
