"""Thousands of damaged mails, judged by us and by dkimpy in child processes.

What dkimpy calls bad is never good here. What it calls good and we refuse is refused by a rule of
ours that REFUSED_BY_RULE names; nothing else.
"""
import multiprocessing
import os
import random
import re
import time

import dkim
import pytest

import dkim_mails as mails

COUNT = int(os.environ.get("TLSRPT_DKIM_MUTANTS", "20000"))
BATCH = 250

# Stricter than dkimpy on purpose; each with its reason in the source that says so.
REFUSED_BY_RULE = re.compile(
    r"more than one |header has a line that is no field|Content-(Type|Transfer-Encoding) is not signed|From is not signed"
    r"|l= leaves|rsa-sha1|expired|t= is in the future|x= is no time|t= or x=|t= is no time"
    r"|c= is not|q= does|i= |d= is no domain|s= is no selector|h= is missing|not a list of tags"
    r"|a tag (given twice|without value)|b= is no signature|bh= is no SHA-256"
    r"|v= is not first|key is for|key has less than 1024|a= is not")

# RFC 6376 section 3.4.2 strips spaces and tabs around a field; dkimpy strips all that Python calls
# white space, a bare CR included.
ODD_SPACE = re.compile(rb"[\r\x0b\x0c\x1c-\x1f\x85]\s*\r?\n|:\s*[\r\x0b\x0c]")


def is_explained(message, reason):
    header = re.split(rb"\r?\n\r?\n", message)[0] + b"\r\n"
    return REFUSED_BY_RULE.match(reason) or (
        reason == "signature does not match" and ODD_SPACE.search(re.sub(rb"\r?\n", b"\n", header)))


def make_seeds(folder):
    keys = {"s1": mails.Key(folder, "s1", 1024), "s2": mails.Key(folder, "s2", 2048), "s3": mails.Key(folder, "s3", 0)}
    seeds = []
    for selector, key in keys.items():
        for canon in ((b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple"),
                      (b"simple", b"relaxed")):
            message = mails.mail()
            seeds.append(mails.sign(message, key, selector=selector, canon=canon))
            seeds.append(mails.sign(message, key, selector=selector, canon=canon,
                                    headers=mails.HEADERS + [b"from", b"subject"]))
            seeds.append(mails.sign(message, key, selector=selector, canon=canon,
                                    headers=[b"from", b"subject", b"date"]))
    seeds.append(mails.sign(seeds[0], keys["s2"], selector="s2"))
    records = {f"{selector}._domainkey.example.net": key.record() for selector, key in keys.items()}
    return seeds, records


TOKENS = [b" ", b"\t", b"\r\n ", b"\r\n\t", b"\r\n", b"\n", b"\r", b":", b";", b"=", b"\0", b"\x80", b"l=5; ",
          b"x=1; ", b"t=99999999999; ", b"v=1; ", b"From: eve@example.com\r\n", b"Subject: x\r\n", b"DKIM-Signature: ",
          b"Content-Type: text/plain\r\n", b"--=_b\r\n", b"--=_b--\r\n", b"b=", b"bh=", b"simple", b"relaxed", b"-", b"A"]


def mutate(message, rng):
    """One to three changes, most of them in the header, where the rules are."""
    data = bytearray(message)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        end = data.find(b"\r\n\r\n") if rng.random() < 0.8 else len(data)
        at = rng.randrange(max(1, end))
        kind = rng.randrange(8)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:at + rng.choice((1, 1, 2, 10))]
        elif kind == 2:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 3:
            token = rng.choice(TOKENS)
            data[at:at + len(token)] = token
        elif kind == 4:
            data[at:at + 1] = bytes(data[at:at + 1]).swapcase()
        elif kind == 5:
            lines = bytes(data).split(b"\r\n")
            i, j = rng.randrange(min(len(lines), 20)), rng.randrange(min(len(lines), 20))
            lines[i], lines[j] = lines[j], lines[i]
            data = bytearray(b"\r\n".join(lines))
        elif kind == 6:
            data = bytearray(bytes(data).replace(b"\r\n", b"\n") if rng.random() < 0.3 else
                             bytes(data) + rng.choice((b"\r\n", b" \r\n", b"\r\n\r\n", b" ", b"x")))
        else:
            lines = bytes(data).split(b"\r\n")
            i = rng.randrange(min(len(lines), 20))
            lines.insert(i, lines[rng.randrange(min(len(lines), 20))])
            data = bytearray(b"\r\n".join(lines))
    return bytes(data)


def dkimpy_says(message, records):
    """One bool for each signature; dkimpy's own crashes are a no."""
    def lookup(name, timeout=5):
        return records.get(name.decode("ascii", "replace").rstrip("."), "").encode() or None

    answers = []
    try:
        verifier = dkim.DKIM(message)
        count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
    except Exception:
        return []
    for index in range(count):
        try:
            answers.append(bool(dkim.DKIM(message).verify(idx=index, dnsfunc=lookup)))
        except Exception:
            answers.append(False)
    return answers


def judge_batch(job):
    build, keys, records, seeds, seed = job
    rng = random.Random(seed)
    driver = mails.Driver(build, "dkim", keys)
    found, good = [], 0
    for _ in range(BATCH):
        message = mutate(rng.choice(seeds), rng)
        ours = driver.ask(message, int(time.time()))
        theirs = dkimpy_says(message, records)
        good += sum(theirs)
        for index, answer in enumerate(ours):
            their = theirs[index] if index < len(theirs) else False
            if answer["pass"] and not their:
                found.append(("good only here", message, answer))
            elif their and not answer["pass"] and not is_explained(message, answer["reason"]):
                found.append(("bad only here", message, answer))
        if sum(theirs[len(ours):]):
            found.append(("not seen here", message, None))
    driver.close()
    return found, good


def test_agrees_with_dkimpy(build, tmp_path):
    seeds, records = make_seeds(tmp_path)
    keys = tmp_path / "keys"
    keys.write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    for seed in seeds:
        assert all(dkimpy_says(seed, records))
    jobs = [(build, keys, records, seeds, seed) for seed in range(COUNT // BATCH)]
    found, good = [], 0
    with multiprocessing.Pool(2) as pool:
        for differences, passed in pool.imap_unordered(judge_batch, jobs):
            found += differences
            good += passed
    for kind, message, answer in found[:5]:
        print(kind, answer, message.decode("latin-1"), sep="\n")
    assert not found
    # Mutants must not all be bad, or agreement would mean nothing.
    assert good > COUNT // 50


KEY_TOKENS = [" ", ";", "=", "v=DKIM1; ", "k=rsa;", "k=ed25519;", "s=*;", "s=email;", "t=y;", "h=sha256;", "p=", "A", "+",
              "/", "==", "\t", "k=", "V=", "n=x;"]


def mutate_record(record, rng):
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(record) if rng.random() < 0.6 else min(40, len(record)))
        record = rng.choice((
            lambda: record[:at] + rng.choice(KEY_TOKENS) + record[at:],
            lambda: record[:at] + record[at + rng.choice((1, 2, 5)):],
            lambda: record[:at] + record[at].swapcase() + record[at + 1:],
            lambda: record[:at] + chr(rng.randrange(33, 126)) + record[at + 1:]))()
    return record


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_damaged_keys(build, tmp_path, kind):
    """A key record that dkimpy cannot use is of no use here either."""
    rng = random.Random(kind)
    key = mails.Key(tmp_path, "key", 1024 if kind == "rsa" else 0)
    records = {f"s{i}._domainkey.example.net": mutate_record(key.record(bare=i % 3 == 0), rng) for i in range(190)}
    (tmp_path / "keys").write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    driver = mails.Driver(build, "dkim", tmp_path / "keys")
    good = 0
    for i in range(len(records)):
        message = mails.sign(mails.mail(), key, selector=f"s{i}")
        (answer,) = driver.ask(message, int(time.time()))
        if answer["pass"]:
            good += 1
            assert dkimpy_says(message, records) == [True], records[f"s{i}._domainkey.example.net"]
    assert driver.close() == 0
    assert 0 < good < len(records)
