"""Reads what Prometheus would; promtool says whether it could."""
import re
import subprocess

SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')


def check(text):
    """promtool has no complaint, and no advice either."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def parse(text):
    """{(name, ((label, value), ...)): number}; a series that stands twice is an error."""
    found = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        name, labels, number = SAMPLE.match(line).groups()
        pairs = LABEL.findall(labels or "")
        assert ",".join(f'{key}="{value}"' for key, value in pairs) == (labels or ""), line
        key = name, tuple(sorted(pairs))
        assert key not in found, line
        found[key] = float(number)
    return found


def select(series, name, **labels):
    """{labels: number} of a family, of those series that have these labels."""
    return {dict_of[1]: number for dict_of, number in series.items()
            if dict_of[0] == name and set(labels.items()) <= set(dict_of[1])}


def total(series, name, **labels):
    return sum(select(series, name, **labels).values())
