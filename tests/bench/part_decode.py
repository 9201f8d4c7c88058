"""From gzip bytes to a struct report on one core, beside zlib alone, jansson and Python."""
import gzip
import json
import time

from common import read_pack

SIZES = (("small", (.75, .85), (2.5, 3), (1.8, 2.5)),
         ("medium", (.55, .70), (3.5, 4.5), (1.8, 2.5)),
         ("large", (.45, .60), (6, 8), (2.5, 2.5)))
PYTHON_S = .3


def python_rate(reports):
    """Reports a second through gzip and json, what a Python tool pays at the least."""
    began, count = time.process_time(), 0
    while time.process_time() - began < PYTHON_S:
        for report in reports:
            json.loads(gzip.decompress(report))
        count += len(reports)
    return count / (time.process_time() - began)


def measure(bench):
    for size, inflate_goals, jansson_goals, python_goals in SIZES:
        pack = bench.data / f"{size}.pack"
        reports = list(read_pack(pack))[:2000]
        ours, inflate, jansson, python = [], [], [], []
        for _ in range(bench.rounds):
            zlib_alone, decoded, by_jansson = bench.program("bench_decode", pack)
            inflate.append(zlib_alone)
            ours.append(decoded)
            jansson.append(by_jansson)
            python.append(python_rate(reports))
        bench.add(f"decode {size}, reports/s a core, of zlib inflate alone", ours, inflate, *inflate_goals)
        bench.add(f"decode {size}, of zlib + jansson", ours, jansson, *jansson_goals)
        bench.add(f"decode {size}, of Python gzip + json", ours, python, *python_goals)
