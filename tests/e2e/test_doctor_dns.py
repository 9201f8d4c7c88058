"""tlsrpt doctor against a real name server and real TLS servers with planted faults: each fault gives the
line that it must, nothing else is said of that domain, and a healthy one is not mentioned."""
import collections
import datetime
import json
import os
import subprocess

import pytest

from conftest import Database, Postgres
from daemon import Daemon, free_port, make_certificate
from dns_server import NameServer, quote
from https_server import Authority, Page, WebServer
from rows import add_report, policy

GOOD = "v=TLSRPTv1; rua=https://reports.good.test/v1/tlsrpt,mailto:tls@good.test"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.{d}\r\nmax_age: 604800\r\n"
TLSA = "3 1 1 " + "AB" * 32
CLOSED, WEB = free_port(), free_port()
USER = "nobody" if os.geteuid() == 0 else "root"  # one that every machine has


def record(text, node="_smtp._tls.{d}", ttl=86400):
    return f"{node}. {ttl} TXT {quote(text)}"


MX = "{d}. MX 10 mx.{d}."
STS = record("v=STSv1; id=20261101;", "_mta-sts.{d}")


def rua(uris):
    return [MX, record(f"v=TLSRPTv1; rua={uris}")]


def sts(*lines, page=None, expected=(), **more):
    """A domain that is well but for its MTA-STS."""
    return dict(records=[MX, record(GOOD), *(lines or [STS])], page=page or Page(POLICY), expected=list(expected), **more)


def dns(records, *expected, **more):
    return dict(records=records, expected=list(expected), **more)


def endpoint(*expected, **more):
    """A domain whose reports go to a server of its own."""
    return dict(records=rua("https://reports.{d}/v1/tlsrpt,mailto:tls@good.test"), expected=list(expected), **more)


# label of a domain below test. -> what is planted there, and the checks that must be named, with their severity
DOMAINS = {
    # ---- nothing to say
    "good": dns([MX, record(GOOD), STS], page=Page(POLICY)),
    "good-strings": dns([MX, '_smtp._tls.{d}. 86400 TXT "v=TLSRPTv1; rua=" "mailto:tls@" "good.test"']),
    "good-alias": dns([MX, "_smtp._tls.{d}. 86400 CNAME _smtp._tls.good.test."]),
    "good-other-text": dns([MX, record(GOOD), record("v=spf1 -all")]),
    "good-extension": dns([MX, record(GOOD + " ; ext-1=a:b;")]),
    "good-encoded": dns(rua("mailto:a%21b%2Cc%3Bd@good.test?subject=x")),
    "good-chunked": sts(page=Page(POLICY, chunked=True)),
    "good-none": sts(page=Page("version: STSv1\nmode: none\nmax_age: 0\n")),
    "good-dane": dns([MX, record(GOOD), "_25._tcp.mx.{d}. TLSA " + TLSA, record(GOOD, "_smtp._tls.mx.{d}")],
                     owned=["mx.{d}"]),
    "good-foreign-mx": dns(["{d}. MX 10 mx.provider.test.", record(GOOD)]),
    "good-nothing": dns(["{d}. MX 0 ."]),
    "good-implicit": dns(["{d}. A 127.0.0.1"]),
    "good-declared": sts(conf='sts = {{"2026-01-01 mode: enforce; mx: mx.{d}; max_age: 604800"}}'),

    # ---- more than anybody takes
    "many-mx": dns(["{d}. MX 10 mx%d.{d}." % n for n in range(33)], "warning dns-failed"),
    "many-texts": dns([MX, record(GOOD), *(record(f"x{n}") for n in range(32))], "warning dns-failed"),

    # ---- the record: D1 to D9
    "missing": dns([MX], "critical tlsrpt-missing"),
    "two": dns([MX, record(GOOD), record("v=TLSRPTv1; rua=mailto:x@good.test")], "critical tlsrpt-two-records"),
    "wildcard": dns([MX, "*.{d}. TXT \"v=spf1 -all\""], "critical tlsrpt-foreign"),
    "lower": dns([MX, record("v=tlsrptv1; rua=mailto:tls@good.test")], "critical tlsrpt-not-recognised"),
    "blank": dns([MX, record(" " + GOOD)], "critical tlsrpt-not-recognised"),
    "blank-semicolon": dns([MX, record("v=TLSRPTv1 ; rua=mailto:tls@good.test")], "critical tlsrpt-not-recognised"),
    "quoted": dns([MX, record('"' + GOOD + '"')], "critical tlsrpt-not-recognised"),
    "no-rua": dns([MX, record("v=TLSRPTv1;")], "critical tlsrpt-no-rua"),
    "upper": dns([MX, record("v=TLSRPTv1; RUA=mailto:tls@good.test")], "critical tlsrpt-no-rua"),
    "http": dns(rua("http://reports.good.test/v1/tlsrpt"), "critical tlsrpt-scheme"),
    "http-beside": dns(rua("mailto:tls@good.test, http://x.test/"), "warning tlsrpt-scheme"),
    "bare": dns(rua("tls@good.test"), "critical tlsrpt-scheme"),
    "comma": dns(rua("mailto:tls,rpt@good.test"), "critical tlsrpt-mailto", "critical tlsrpt-scheme"),
    "trailing-comma": dns(rua("mailto:tls@good.test,"), "warning tlsrpt-scheme"),
    "bang": dns(rua("mailto:tls@good.test!10m"), "critical tlsrpt-unescaped"),
    "semicolon": dns(rua("mailto:tls@good.test?subject=a;b"), "critical tlsrpt-syntax"),
    "space": dns(rua("mailto:tls rpt@good.test"), "critical tlsrpt-mailto"),
    "space-name": dns([MX, record("v=TLSRPTv1; rua =mailto:tls@good.test")], "critical tlsrpt-syntax",
                      "critical tlsrpt-no-rua"),
    "twice": dns([MX, record("v=TLSRPTv1; rua=mailto:a@good.test; rua=mailto:b@good.test")],
                 "warning tlsrpt-rua-twice"),
    "https-only": dns(rua("https://reports.good.test/v1/tlsrpt"), "warning tlsrpt-no-mailto"),
    "no-at": dns(rua("mailto:good.test"), "critical tlsrpt-mailto"),
    "no-host": dns(rua("https:///v1/tlsrpt,mailto:tls@good.test"), "warning tlsrpt-https"),
    "ttl": dns([MX, record(GOOD, ttl=60)], "info tlsrpt-ttl"),
    "long": dns([MX, record(GOOD + "; x=" + "y" * 1100)], "info tlsrpt-long"),
    "alias": dns([MX, "_smtp._tls.{d}. 86400 CNAME nowhere.test."], "critical tlsrpt-alias"),

    # ---- where it leads
    "no-mail": dns(rua("mailto:tls@nomail.test"), "critical mailbox-no-mx"),
    "null-mx": dns(rua("mailto:tls@good-nothing.test"), "critical mailbox-no-mx"),
    "refused": dns([MX, record("v=TLSRPTv1; rua=https://refused.test:%d/,mailto:tls@good.test" % CLOSED),
                    "{d}. A 127.0.0.1"], "critical endpoint-unreachable"),
    "no-address": dns([MX, record("v=TLSRPTv1; rua=https://nowhere.test:1/,mailto:tls@good.test")],
                      "critical endpoint-unreachable"),
    "e-expired": endpoint("critical endpoint-certificate", certificate=dict(end="20210101000000Z")),
    "e-name": endpoint("critical endpoint-certificate", certificate="reports.another.test"),
    "e-self": endpoint("critical endpoint-certificate", certificate="self"),
    "e-soon": endpoint("warning endpoint-expiring", certificate="soon", endpoint=Page("", 405)),
    "e-pool": dns(rua(f"https://reports.{{d}}:{WEB}/v1/tlsrpt,mailto:tls@good.test") +
                  ["reports.{d}. A 127.0.0.1", "reports.{d}. A 127.0.0.2"], "critical endpoint-unreachable",
                  endpoint=Page("", 405)),
    "e-path": endpoint("critical endpoint-status", endpoint=Page("", 404)),
    "e-moved": endpoint("critical endpoint-status", endpoint=Page("", 301, location="https://good.test/")),
    "e-broken": endpoint("critical endpoint-status", endpoint=Page("", 502)),

    # ---- whose it is
    "not-owned": dns([MX, record(GOOD)], "critical not-owned", owned=[], conf="mx = {{}}"),
    "gone": dict(records=[], expected=["warning domain-missing"]),
    "servfail": dict(records=[], expected=["warning dns-failed"]),

    # ---- DANE
    "dane": dns([MX, record(GOOD), "_25._tcp.mx.{d}. TLSA " + TLSA], "critical dane-tlsrpt-missing",
                owned=["mx.{d}"]),
    "dane-refused": dns([MX, record(GOOD), "_25._tcp.mx.{d}. TLSA " + TLSA, record(GOOD, "_smtp._tls.mx.{d}")],
                        "critical not-owned"),
    "dane-other": dns([MX, record(GOOD), "_25._tcp.mx.{d}. TLSA " + TLSA, record(GOOD, "_smtp._tls.mx.{d}")],
                      "warning dane-not-declared", owned=["mx.{d}"],
                      conf='tlsa = {{"2026-01-01 mx.{d} 3 1 1 %s"}}' % ("CD" * 32)),

    # ---- MTA-STS
    "s-two": sts(STS, record("v=STSv1; id=2;", "_mta-sts.{d}"), expected=["critical sts-two-records"]),
    "s-id": sts(record("v=STSv1; id=2026-11-01;", "_mta-sts.{d}"), expected=["critical sts-record"]),
    "s-away": sts(certificate=None, expected=["critical sts-unreachable"]),
    "s-expired": sts(certificate=dict(end="20210101000000Z"), expected=["critical sts-certificate"]),
    "s-name": sts(certificate="mta-sts.another.test", expected=["critical sts-certificate"]),
    "s-self": sts(certificate="self", expected=["critical sts-certificate"]),
    "s-soon": sts(certificate="soon", expected=["warning sts-expiring"]),
    "s-404": sts(page=Page("", 404), expected=["critical sts-status"]),
    "s-moved": sts(page=Page("", 302, location="https://good.test/"), expected=["critical sts-status"]),
    "s-type": sts(page=Page(POLICY, content_type="application/octet-stream"), expected=["warning sts-content-type"]),
    "s-html": sts(page=Page("<html>welcome</html>", content_type="text/html"),
                  expected=["warning sts-content-type", "critical sts-policy-syntax"]),
    "s-mode": sts(page=Page(POLICY.replace("enforce", "enforced")), expected=["critical sts-policy-syntax"]),
    "s-no-age": sts(page=Page(POLICY.replace("max_age: 604800\r\n", "")), expected=["critical sts-policy-syntax"]),
    "s-age": sts(page=Page(POLICY.replace("604800", "3600")), expected=["warning sts-max-age"]),
    "s-mx": sts(page=Page(POLICY.replace("mx.{d}", "mail.{d}")), expected=["critical sts-mx-not-covered"]),
    "s-mx-test": sts(page=Page(POLICY.replace("mx.{d}", "mail.{d}").replace("enforce", "testing")),
                     expected=["warning sts-mx-not-covered"]),
    "s-none": dns([MX, record(GOOD)], "critical sts-record-missing",
                  conf='sts = {{"2026-01-01 mode: enforce; mx: mx.{d}; max_age: 604800"}}'),
    "s-other": sts(conf='sts = {{"2026-01-01 mode: testing; mx: mx.{d}; max_age: 604800"}}',
                   expected=["warning sts-not-declared"]),
    "s-seen": sts(conf='sts = {{"2026-01-01 mode: testing; mx: mx.{d}; max_age: 604800", '
                       '"2026-02-01 mode: enforce; mx: mx.{d}; max_age: 604800"}}',
                  seen="mode: testing", expected=["warning sts-senders-differ"]),
    "s-seen-undeclared": sts(seen="mode: testing", expected=["info sts-senders-differ"]),
    "good-seen": sts(seen="mode: enforce"),
}


def fill(text, domain):
    return text.replace("{d}", domain).replace("{{", "{").replace("}}", "}")


def certificate_of(authority, host, wanted):
    """Of a server with a planted fault; a name is whose it is instead."""
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=9)
    if wanted == "self":
        return authority.self_signed(host)
    if wanted == "soon":
        return authority.issue(host, end=f"{soon:%Y%m%d%H%M%SZ}")
    return authority.issue(host, **wanted) if isinstance(wanted, dict) else authority.issue(wanted)


class Planted:
    """All of DOMAINS: a name server, a web server, a configuration."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        records, pages, certificates, well = [
            "nomail.test. TXT \"none\"", "reports.good.test. A 127.0.0.1"], {}, {}, ["reports.good.test"]
        pages["reports.good.test", "/v1/tlsrpt"] = Page("", 405)
        owned, declared = [], []
        for label, plan in DOMAINS.items():
            domain = f"{label}.test"
            records += [fill(line, domain) for line in plan["records"]]
            owned += [fill(name, domain) for name in plan.get("owned", []) + ["{d}"] if "conf" not in plan or
                      label != "not-owned"]
            if "conf" in plan:
                declared.append(f'domain "{domain}" {{ {fill(plan["conf"], domain)} }}')
            for host, path, page in ((f"mta-sts.{domain}", "/.well-known/mta-sts.txt", plan.get("page")),
                                     (f"reports.{domain}", "/v1/tlsrpt", plan.get("endpoint"))):
                if page:
                    page.body = fill(page.body, domain)
                    pages[host, path] = page
                if "certificate" not in plan:
                    well.append(host)
                elif plan["certificate"]:
                    certificates[host] = certificate_of(self.authority, host, plan["certificate"])
        common = self.authority.issue(*well)
        certificates.update((host, common) for host in well)
        self.web = WebServer(certificates, pages, WEB)
        self.dns = NameServer(records, broken=["servfail.test"])
        self.conf = folder / "tlsrpt.conf"
        names = ", ".join(f'"{name}"' for name in sorted(set(owned)))
        self.conf.write_text(f'user = "{USER}"\ndomains = {{{names}}}\nhttps {{ listen = {{"127.0.0.1:0"}} }}\n'
                             f'resolver {{ forwarders = {{"{self.dns.forwarder}"}} }}\n' + "\n".join(declared) + "\n")

    def stop(self):
        self.web.stop()
        self.dns.stop()


@pytest.fixture(scope="module")
def database(tlsrptd):
    """Durable, so that nothing is said of it."""
    server = Postgres(durable=True)
    database = Database(server, server.create_database())
    subprocess.run([tlsrptd, "migrate", "--db", database.uri], check=True, capture_output=True)
    yield database
    server.remove()


@pytest.fixture(scope="module")
def planted(tmp_path_factory, database):
    planted = Planted(tmp_path_factory.mktemp("doctor"))
    yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
    for label, plan in DOMAINS.items():
        if "seen" in plan:
            add_report(database, yesterday, [policy("sts", f"{label}.test", string=[
                "version: STSv1", plan["seen"], f"mx: mx.{label}.test", "max_age: 604800"])],
                received=f"{yesterday}T23:59:59Z")
    yield planted
    planted.stop()


@pytest.fixture(scope="module")
def doctor(tlsrpt, planted, database):
    """doctor(*words): its exit code and what it says."""
    def run(*words, form=("--format", "json")):
        return subprocess.run([tlsrpt, "doctor", "-c", planted.conf, "--db", database.role_uri("tlsrpt_reader"),
                               "--ca", planted.authority.certificate, "--connect-to",
                               f"127.0.0.1:{planted.web.port}", *form, *words], capture_output=True, text=True)
    return run


@pytest.fixture(scope="module")
def answer(doctor):
    done = doctor()
    assert done.returncode == 1 and done.stderr == "", done.stderr
    return json.loads(done.stdout)


def test_nothing_is_said_of_the_host(answer):
    assert [row for row in answer if row["domain"] is None] == []


@pytest.mark.parametrize("label", DOMAINS)
def test_each_fault_gives_its_line_and_no_other(answer, label):
    said = [f"{row['severity']} {row['check']}" for row in answer
            if row["domain"] and f".{row['domain']}".endswith(f".{label}.test")]
    assert sorted(said) == sorted(DOMAINS[label]["expected"])


def test_every_line_has_words_and_a_fix(answer):
    for row in answer:
        assert list(row) == ["severity", "check", "domain", "subject", "what", "fix"]
        assert all(row[key] for key in row), row
        assert "{" not in row["what"] + row["fix"] and "(null)" not in row["what"]


def test_the_worst_comes_first(answer):
    grades = ["critical", "warning", "info"]
    assert [row["severity"] for row in answer] == sorted((row["severity"] for row in answer), key=grades.index)


def test_it_says_the_same_twice(doctor, answer):
    assert json.loads(doctor().stdout) == answer


@pytest.mark.parametrize("label", ["good", "good-dane", "two", "e-expired", "s-self"])
def test_one_domain(doctor, label):
    done = doctor(f"{label}.test")
    said = collections.Counter(row["check"] for row in json.loads(done.stdout))
    assert said == collections.Counter(text.split()[1] for text in DOMAINS[label]["expected"])
    assert done.returncode == (1 if said else 0)


def test_a_healthy_domain_says_nothing(doctor):
    done = doctor("good.test", form=())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "tlsrpt: nothing is amiss\n")


def test_advice_alone_is_no_fault(doctor):
    assert doctor("ttl.test").returncode == 0
    assert json.loads(doctor("ttl.test", "--min-severity", "warning").stdout) == []


def test_a_person_reads_subject_fault_and_fix(doctor):
    done = doctor("two.test", form=())
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "_smtp._tls.two.test"
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["critical", "fix"]


def test_csv_and_ndjson(doctor):
    assert doctor("two.test", form=("--format", "csv")).stdout.splitlines()[0] == \
        "severity,check,domain,subject,what,fix"
    assert json.loads(doctor("two.test", form=("--format", "ndjson")).stdout)["check"] == "tlsrpt-two-records"


def test_the_words_name_what_is_wrong(answer):
    """A certificate's fault is said in its own words."""
    words = {row["domain"]: row["what"] for row in answer}
    for label, text in {"e-expired": "expired on 2021-01-01", "e-name": "is for another name: reports.another.test",
                        "e-self": "no authority that is trusted", "s-away": "no HTTPS at mta-sts.s-away.test",
                        "two": "there are 2 TLSRPT records", "s-404": "status 404", "e-pool": "127.0.0.2", "s-seen": "sender.example",
                        "lower": '"v=tlsrptv1; rua=mailto:tls@good.test"', "s-mx": "mx.s-mx.test"}.items():
        assert text in words[f"{label}.test"], words[f"{label}.test"]


def test_a_real_tlsrptd_is_a_healthy_endpoint(tlsrptd, tlsrpt, database, tmp_path):
    tmp_path.chmod(0o755)
    certificate, _ = make_certificate(tmp_path)
    with Daemon(tlsrptd, tmp_path, database.role_uri("tlsrpt_collector"), domains=["own.test"]) as daemon:
        names = NameServer(["own.test. MX 10 mx.own.test.", "localhost. A 127.0.0.1",
                            record("v=TLSRPTv1; rua=%s,mailto:t@own.test" % daemon.url, "_smtp._tls.own.test")])
        try:
            conf = tmp_path / "doctor.conf"
            conf.write_text(f'user = "{USER}"\ndomains = {{"own.test"}}\nhttps {{ listen = {{"127.0.0.1:1"}} }}\n'
                            f'resolver {{ forwarders = {{"{names.forwarder}"}} }}\n')
            words = [tlsrpt, "doctor", "-c", conf, "--db", database.role_uri("tlsrpt_reader"), "--format", "json"]
            done = subprocess.run([*words, "--ca", daemon.certificate], capture_output=True, text=True)
            # its certificate is made for two days
            assert [row["check"] for row in json.loads(done.stdout)] == ["endpoint-expiring"], done
            done = subprocess.run(words, capture_output=True, text=True)
            assert [row["check"] for row in json.loads(done.stdout)] == ["endpoint-certificate"], done
        finally:
            names.stop()
        assert certificate == daemon.certificate
