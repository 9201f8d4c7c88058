#!/usr/bin/python3
"""What the product does beside what its libraries and PostgreSQL could do at best, on the same data in the same run.

usage: tests/bench/run [decode|ingest|https|import|query|pages|memory|growth] ... [OPTION]...

  --json FILE   also write the table as an array of {name, ours, limit, ratio, must, aim}
  --data DIR    packs to use, as workload.py writes them (small, medium, large and mix.pack)
  --short       less data and fewer rounds, at most a minute: does everything still run?
  --long        more of it: a million reports for "memory", four million for "growth"
  --build DIR   the programs (build/bench, which is made)

Without a part all of them but "growth". README.md beside this file says how to read the table. Nothing fails for being
slow; the exit code is 1 only when something does not work.
"""
import argparse
import json
import pathlib
import sys
import time

from common import Bench

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("decode", "ingest", "https", "import", "query", "pages", "memory", "growth")


def options():
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, add_help=False)
    for name, settings in (("--json", {}), ("--data", {}), ("--build", {}), ("--short", {"action": "store_true"}),
                           ("--long", {"action": "store_true"}), ("--help", {"action": "store_true"})):
        parser.add_argument(name, **settings)
    parser.add_argument("parts", nargs="*")
    chosen = parser.parse_args()
    if chosen.help or set(chosen.parts) - set(PARTS):
        print(__doc__.strip())
        sys.exit(0 if chosen.help else 64)
    return chosen


def main():
    chosen = options()
    began = time.monotonic()
    with Bench(chosen) as bench:
        for part in chosen.parts or [part for part in PARTS if part != "growth" or chosen.long]:
            print(f"-- {part}", file=sys.stderr, flush=True)
            __import__(f"part_{part}").measure(bench)
    bench.print_table()
    print(f"{time.monotonic() - began:.0f} s")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(bench.rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
