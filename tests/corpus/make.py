#!/usr/bin/python3
"""Write the corpus: make.py [--day YYYY-MM-DD] [--out DIR].  The reports are about --day; see README.md."""
import argparse
import copy
import datetime
import gzip
import io
import json
import pathlib
import shutil
import struct
import tarfile
import zipfile
import zlib

CASES = {}  # "good/plain": (input file's name, bytes, expectation)
day = datetime.date(2026, 11, 1)


def stamp(days=0, clock="00:00:00", zone="Z"):
    return f"{day + datetime.timedelta(days)}T{clock}{zone}"


def epoch(days=0, seconds=0):
    start = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
    return int(start.timestamp()) + days * 86400 + seconds


def detail(result="certificate-expired", count=3, **more):
    out = {"result-type": result, "sending-mta-ip": "192.0.2.10", "receiving-mx-hostname": "mx1.example.com",
           "receiving-ip": "198.51.100.25", "failed-session-count": count}
    out.update({key.replace("_", "-"): value for key, value in more.items()})
    return out


def policy(kind="sts", domain="example.com", good=120, failed=0, details=None, **more):
    inner = {"policy-type": kind}
    if kind == "sts":
        inner["policy-string"] = ["version: STSv1", "mode: enforce", "mx: *.example.com", "max_age: 604800"]
    elif kind == "tlsa":
        inner["policy-string"] = ["3 1 1 " + "ab" * 32]
    inner["policy-domain"] = domain
    if kind == "sts":
        inner["mx-host"] = ["*.example.com"]
    inner.update({key.replace("_", "-"): value for key, value in more.items()})
    out = {"policy": inner,
           "summary": {"total-successful-session-count": good, "total-failure-session-count": failed}}
    if details is not None:
        out["failure-details"] = details
    return out


def report(name, policies=None, **more):
    """A correct report; the case's name makes its identity its own."""
    out = {"organization-name": "Example Net", "date-range": {"start-datetime": stamp(), "end-datetime": stamp(0, "23:59:59")},
           "contact-info": "tls-reports@example.net", "report-id": f"{day}_{name}@example.net",
           "policies": [policy()] if policies is None else policies}
    for key, value in more.items():
        out[key.replace("_", "-")] = value
    return out


def without(thing, *path):
    """The same without the member at the end of the path."""
    out = copy.deepcopy(thing)
    at = out
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return out


def put(thing, value, *path):
    out = copy.deepcopy(thing)
    at = out
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return out


def text(thing):
    return json.dumps(thing, indent=1, ensure_ascii=False).encode()


def gz(data):
    return gzip.compress(data, 9, mtime=0)


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 0, 0, 0)), data, method)
    return out.getvalue()


FILES = ((b"\x1f\x8b", "input.gz"), (b"PK", "input.zip"), (b"x", "input.zlib"), (b"{", "input.json"), (b"[", "input.json"))


def tarred(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(data), {"comment": "made by hand"}
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def add(name, about, data, **expect):
    data = data if isinstance(data, bytes) else text(data)
    file = next((file for magic, file in FILES if data.startswith(magic)), "input.bin")
    assert name not in CASES, name
    CASES[name] = (file, data, {"about": about, **expect})


def figures(thing, leading):
    """What a correct reader makes of a report that this script wrote as a dict."""
    rows = []
    for i, one in enumerate(thing["policies"]):
        inner = one["policy"]
        rows.append([inner["policy-domain"], inner["policy-type"], one["summary"]["total-successful-session-count"],
                     one["summary"]["total-failure-session-count"], len(one.get("failure-details") or []),
                     True if leading is None else i in leading])
    return rows


def accepted(name, about, thing, quirks=(), data=None, policies=None, leading=None, sender="example.net", received=None,
             http=201, kept=("example.com",), fields=None, reports=1):
    add(name, about, text(thing) if data is None else data, verdict="accepted", quirks=sorted(quirks),
        received=received or stamp(1, "03:00:00"), http=http, **({"kept_domains": sorted(kept)} if http == 201 else {}),
        sender=sender, policies=figures(thing, leading) if policies is None else policies, fields=fields or {},
        **({"reports": reports} if reports != 1 else {}))


def quarantined(name, about, data, reason):
    add(name, about, data, verdict="quarantined", reason=reason, received=stamp(1, "03:00:00"), http=202)


def refused(name, about, data, reason="neither gzip, zip, zlib nor JSON"):
    add(name, about, data, verdict="refused", reason=reason, received=stamp(1, "03:00:00"), http=400)


def too_big(name, about, data, reason):
    add(name, about, data, verdict="too-big", reason=reason, received=stamp(1, "03:00:00"), http=413)


FIGURES = [["example.com", "sts", 120, 0, 0, True]]


def make_good():
    r = report("plain")
    accepted("good/plain", "one STS policy, no failure, as most reports are", r, data=gz(text(r)),
             fields={"organization": "Example Net", "contact_info": "tls-reports@example.net", "start": epoch(),
                     "end": epoch(0, 86399), "policies.0.policy_string.1": "mode: enforce", "policies.0.mx_host.0": "*.example.com"})
    r = report("standard", [policy(domain="example.com", good=5326, failed=303, details=[
        detail("certificate-expired", 100, sending_mta_ip="2001:db8:abcd:12::1", receiving_mx_helo="mx1.mail.example.com"),
        detail("starttls-not-supported", 200, sending_mta_ip="2001:db8:abcd:13::1", receiving_mx_hostname="mx2.mail.example.com",
               receiving_ip="203.0.113.56", additional_information="https://reports.example.net/report_info?id=5065#results"),
        detail("validation-failure", 3, sending_mta_ip="198.51.100.62", receiving_ip="203.0.113.58",
               failure_reason_code="X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED")])],
        organization_name="Company-X", contact_info="sts-reporting@company-x.example")
    accepted("good/standard", "the shape of RFC 8460 appendix B, with its errors mended", r, sender="company-x.example",
             fields={"policies.0.details.0.result_type": "certificate-expired", "policies.0.details.0.failed_sessions": 100,
                     "policies.0.details.0.receiving_mx_helo": "mx1.mail.example.com",
                     "policies.0.details.1.additional_information": "https://reports.example.net/report_info?id=5065#results",
                     "policies.0.details.2.failure_reason_code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"})
    r = report("dane", [policy("tlsa", "mx1.example.com", 44, 2, [detail("tlsa-invalid", 2)])])
    accepted("good/dane", "DANE: the policy domain is the MX host (RFC 8460 section 1.1)", r, data=gz(text(r)), kept=("mx1.example.com",))
    r = report("no-policy", [policy("no-policy-found", good=7)])
    accepted("good/no-policy", "no policy found", r, data=gz(text(r)))
    r = report("large-counts", [policy(good=2**53, failed=2**31, details=[detail(count=2**31)])])
    accepted("good/large-counts", "counts past 31 bits, up to 2^53", r)
    r = report("policy-changed", [policy(good=10, failed=1, details=[detail(count=1)]), policy(good=20, policy_string=["version: STSv1", "mode: testing"])])
    accepted("good/policy-changed", "the policy changed during the day: two of one type are added (tlsrpt-reporter's _idx2_)", r)
    r = report("sts-and-tlsa", [policy("sts", good=2), policy("tlsa", good=2)])
    accepted("good/sts-and-tlsa", "the same mail under two policy types (Microsoft): never added up", r, leading=(0,))
    r = report("tlsa-more", [policy("sts", good=5, failed=1, details=[detail(count=1)]), policy("tlsa", good=9)])
    accepted("good/tlsa-more", "the type with the most sessions leads", r, leading=(1,))
    r = report("two-domains", [policy(), policy(domain="sub.example.org", good=8)])
    accepted("good/two-domains", "two policy domains, both ours", r, kept=("example.com", "sub.example.org"))
    r = report("some-not-ours", [policy(), policy(domain="other.example", good=8)])
    accepted("good/some-not-ours", "several policy domains, some not ours: ours are kept, the others dropped and noted", r)
    r = report("empty-lists", [policy(policy_string=[], mx_host=[], details=[])])
    accepted("good/empty-lists", "empty arrays (Stalwart)", r)
    r = report("escapes", organization_name="Büro \U0001F600 \"q\"\\\t/", report_id="\u00e9-escapes")
    accepted("good/escapes", "every form of string: UTF-8, escapes, a surrogate pair", r,
             data=json.dumps(r, ensure_ascii=True).replace("/", "\\/").encode(),
             fields={"organization": "Büro \U0001F600 \"q\"\\\t/", "report_id": "\u00e9-escapes"})
    r = report("reordered")
    r = {key: r[key] for key in reversed(list(r))}
    accepted("good/reordered", "members in another order, with white space everywhere", r, data=json.dumps(r, indent=7, separators=(" ,\r\n", "\t: ")).encode())
    r = report("helo-only", [policy(failed=1, details=[{"result-type": "starttls-not-supported", "failed-session-count": 1}])])
    accepted("good/details-bare", "a failure without addresses and names (Microsoft, mail.ru)", r)


def make_odd():
    def odd(name, quirk, about, thing, **more):
        quirks = [quirk] if isinstance(quirk, str) else list(quirk)
        accepted("odd/" + name, about, thing, quirks, **more)

    def same(name):
        return report(name), text(report(name))

    r, t = same("bom")
    odd("bom", "bom", "a byte order mark before the JSON", r, data=b"\xef\xbb\xbf" + t)
    r, t = same("bom-gzip")
    odd("bom-gzip", "bom", "the same inside gzip", r, data=gz(b"\xef\xbb\xbf \n" + t))
    r, t = same("double-gzip")
    odd("double-gzip", "double-gzip", "compressed by the program and by the server before it", r, data=gz(gz(t)))
    r, t = same("multi-member")
    odd("multi-member", "multi-member", "gzip of three members, one of them empty", r, data=gz(t[:50]) + gz(b"") + gz(t[50:]))
    r, t = same("trailing-gzip")
    odd("trailing-gzip", "trailing-garbage", "zeros after the gzip, as tape blocks have them", r, data=gz(t) + b"\0" * 100)
    r, t = same("trailing-json")
    odd("trailing-json", "trailing-garbage", "a list's footer after the JSON", r, data=t + b"\r\n-- \r\nlist footer\r\n")
    r, t = same("trailing-zip")
    odd("trailing-zip", ("trailing-garbage", "zip"), "bytes after the archive", r, data=zipped(("r.json", t)) + b"\r\n")
    r, t = same("zip")
    odd("zip", "zip", "application/tlsrpt+zip", r, data=zipped(("example.net!example.com!1!2.json", t)))
    r, t = same("zip-stored")
    odd("zip-stored", "zip", "a zip archive that does not compress", r, data=zipped(("r.json", t), method=zipfile.ZIP_STORED))
    r, t = same("zip-junk")
    odd("zip-junk", "zip", "what a Mac adds to an archive", r, data=zipped(
        ("reports/", b""), ("reports/r.json", t), ("__MACOSX/reports/._r.json", b"\0\5\x16\7"), ("reports/.DS_Store", b"\0\0\0\1Bud1")))
    def pair(name):
        return *same(name), text(report(name + "-b"))

    r, t, other = pair("zip-two")
    odd("zip-two", "zip", "a zip archive of two reports", r, data=zipped(("a.json", t), ("b.json", other)), reports=2)
    r, t = same("zip-readme")
    odd("zip-readme", "zip", "a report and a word about it", r, data=zipped(("README.txt", b"See r.json\n"), ("r.json", t)))
    r, t, other = pair("zip-of-zip")
    odd("zip-of-zip", ("double-gzip", "zip"), "a zip of zips", r, data=zipped(("a.zip", zipped(("a.json", t))), ("b.zip", zipped(("b.json", other)))), reports=2)
    r, t, other = pair("tar-gz")
    odd("tar-gz", "tar", "a .tar.gz of two reports", r, data=gz(tarred(("a.json", t), ("._a.json", b"\0\5"), ("sub/b.json", other))), reports=2)
    r, t = same("tar")
    odd("tar", "tar", "a bare tar archive", r, data=tarred(("a.json", t)))
    r, t, other = pair("tar-of-gzip")
    odd("tar-of-gzip", "tar", "a .tar of .json.gz", r, data=tarred(("a.json.gz", gz(t)), ("b.json.gz", gz(other))), reports=2)
    r, t, other = pair("array")
    odd("array", "bundle", "a JSON array of two reports", r, data=b"[" + t + b",\n" + other + b"]", reports=2)
    r, t = same("array-of-one")
    odd("array-of-one", "bundle", "a JSON array of one report", r, data=b" [ " + t + b" ] ")

    def lines(name):
        return report(name), json.dumps(report(name)).encode(), json.dumps(report(name + "-b")).encode()

    r, line, other = lines("lines")
    odd("lines", "bundle", "JSON lines", r, data=line + b"\n" + other + b"\n", reports=2)
    r, line, other = lines("lines-gz")
    odd("lines-gz", "bundle", "JSON lines in gzip", r, data=gz(line + b"\r\n" + other), reports=2)
    r, line, other = lines("json-seq")
    odd("json-seq", "bundle", "JSON texts as RFC 7464 has them", r, data=line + b"\n\x1e" + other + b"\n", reports=2)
    for code in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for mark in ("", "-mark"):
            r = report(code + mark, organization_name="B\u00fcro \U0001f600")
            wide = json.dumps(r, ensure_ascii=False)
            if mark:
                odd(code + mark, "wide-unicode", "%s with a mark, in gzip" % code, r, data=gz(("\ufeff" + wide).encode(code)))
            else:
                odd(code, "wide-unicode", "%s without a mark" % code, r, data=(" \n" + wide).encode(code), fields={"organization": "B\u00fcro \U0001f600"})
    r, t = same("zip-of-gzip")
    odd("zip-of-gzip", ("double-gzip", "zip"), "a .json.gz in a zip archive", r, data=zipped(("r.json.gz", gz(t))))
    r, t = same("zlib")
    odd("zlib", "zlib", "a zlib stream, which some libraries call deflate", r, data=zlib.compress(t, 9))
    r, t = same("trailing-zlib")
    odd("trailing-zlib", ("trailing-garbage", "zlib"), "a line feed after the zlib stream", r, data=zlib.compress(t, 9) + b"\n")

    def window(name, start, end, quirk, about, **more):
        odd(name, quirk, about, report(name, date_range={"start-datetime": start, "end-datetime": end}), **more)

    window("date-without-zone", stamp(zone=""), stamp(0, "23:59:59", ""), "date-without-zone", "Microsoft, 2023",
           fields={"start": epoch(), "end": epoch(0, 86399)})
    window("date-space", stamp().replace("T", " "), stamp(0, "23:59:59", " +0000").replace("T", " "), "date-format",
           "dates as databases print them", fields={"start": epoch(), "end": epoch(0, 86399)})
    window("date-only", str(day), str(day + datetime.timedelta(1)), ("date-without-zone", "date-format", "end-at-midnight"),
           "days where instants belong", fields={"start": epoch(), "end": epoch(1)})
    window("date-hour-24", stamp(), stamp(0, "24:00:00"), ("date-format", "end-at-midnight"), "RFC 8460 section 4.1 speaks of 24:00",
           fields={"end": epoch(1)})
    window("date-offset", stamp(0, "02:00:00", "+02:00"), stamp(1, "01:59:59.999", "+02:00"), (), "an offset and a fraction, both right",
           fields={"start": epoch(), "end": epoch(0, 86399)})
    window("end-at-midnight", stamp(), stamp(1), "end-at-midnight", "mail.ru, Stalwart", fields={"end": epoch(1)})
    window("week", stamp(-6), stamp(0, "23:59:59"), "not-a-day", "weekly reports (Stalwart's sendFrequency)", fields={"start": epoch(-6)})
    window("hour", stamp(0, "05:00:00"), stamp(0, "05:59:59"), "not-a-day", "hourly reports (Stalwart's sendFrequency)")
    window("late", stamp(-24), stamp(-24, "23:59:59"), "late", "24 days late (Microsoft)")

    odd("no-organization", "no-organization", "organization-name is absent", without(report("no-organization"), "organization-name"), fields={"organization": ""})
    odd("organization-empty", "no-organization", "organization-name is empty", report("organization-empty", organization_name=""))
    odd("no-contact", ("no-contact", "no-sender"), "contact-info is null (Stalwart)", report("no-contact", contact_info=None), sender="example net",
        fields={"contact_info": None})
    odd("contact-absent", "no-contact", "contact-info is absent, and the organization is a host (Stalwart)",
        without(report("contact-absent", organization_name="mail.sub.example.co.uk"), "contact-info"), sender="example.co.uk")
    odd("contact-url", ("contact-format", "no-sender"), "contact-info is a web page", report("contact-url", contact_info="https://example.net/contact"), sender="example net")
    odd("contact-markup", ("contact-format", "no-sender"), "a contact whose domain is none, and an organization that is no name",
        report("contact-markup", contact_info='x@">...', organization_name="<b>"), sender="unknown")
    odd("contact-name", "contact-format", "contact-info with a display name", report("contact-name", contact_info="TLS Team <tls@mail.example.net>"))
    odd("no-report-id", "no-report-id", "report-id is absent", without(report("x"), "report-id"), fields={"report_id": ""})
    odd("report-id-number", "member-type", "report-id is a number", report("x", report_id=1762041600), fields={"report_id": "1762041600"})
    odd("report-id-plus", (), "report-id ends in a bare plus (Microsoft)", report("x", report_id="133982345213456789+"))
    odd("policies-object", "not-array", "policies is one object", report("policies-object", policies=policy()), policies=FIGURES)
    odd("details-object", ("not-array",), "failure-details is one object",
        report("details-object", [policy(failed=3, details=detail())]), policies=[["example.com", "sts", 120, 3, 1, True]])
    odd("details-null", "details-null", "failure-details is null", put(report("details-null"), None, "policies", 0, "failure-details"))
    odd("lists-null", "details-null", "policy-string and mx-host are null", report("lists-null", [policy(policy_string=None, mx_host=None)]))
    r = without(report("x", report_id=f"{day}_idx1_example.com"), "policies", 0, "policy", "policy-domain")
    r["policies"][0]["policy"]["policy-type"] = "no-policy-found"
    odd("no-policy-domain", "no-policy-domain", "policy-domain is absent (Postfix 3.10 with tlsrpt-reporter); the report-id ends in it", r,
        policies=[[None, "no-policy-found", 120, 0, 0, True]])
    odd("domain-form", "policy-domain-form", "capitals and a final dot", report("domain-form", [policy(domain="Example.COM.")]), policies=FIGURES)
    odd("domain-u-label", "policy-domain-form", "U-labels instead of A-labels", report("domain-u-label", [policy(domain="b\u00fccher.example.com")]),
        policies=[["xn--bcher-kva.example.com", "sts", 120, 0, 0, True]], kept=("xn--bcher-kva.example.com",))
    odd("policy-type", "policy-type", "a policy-type of the future", report("policy-type", [policy("Signed-STS")]),
        policies=[["example.com", "signed-sts", 120, 0, 0, True]])
    odd("policy-type-absent", "policy-type", "a policy without a type", without(report("policy-type-absent"), "policies", 0, "policy", "policy-type"),
        policies=[["example.com", "unknown", 120, 0, 0, True]])
    odd("policy-type-case", (), "words in capitals", report("policy-type-case", [policy("STS", failed=1, details=[detail("Certificate-Expired", 1)])]),
        policies=[["example.com", "sts", 120, 1, 1, True]], fields={"policies.0.details.0.result_type": "certificate-expired"})
    odd("no-summary", "no-summary", "summary is absent", without(report("no-summary"), "policies", 0, "summary"), policies=[["example.com", "sts", 0, 0, 0, True]])
    odd("no-failure-count", "no-summary", "the failure count is absent",
        without(report("no-failure-count"), "policies", 0, "summary", "total-failure-session-count"), policies=FIGURES)
    r = without(report("no-failure-total", [policy(good=1, details=[detail(count=5), detail("starttls-not-supported", 2)])]),
                "policies", 0, "summary", "total-failure-session-count")
    odd("no-failure-total", "no-summary", "the failure total is absent: the sum of the details", r,
        policies=[["example.com", "sts", 1, 7, 2, True]])
    r = without(report("no-summary-details", [policy(details=[detail(count=7)])]), "policies", 0, "summary")
    odd("no-summary-details", "no-summary", "summary is absent and failures are described", r, policies=[["example.com", "sts", 0, 7, 1, True]])
    r = report("no-counts-share", [policy(failed=9, details=[detail(count=4), detail(count=None), detail(count=None)])])
    odd("no-counts-share", "no-summary", "two details without a count: nobody knows whose share is which", r,
        fields={"policies.0.details.0.failed_sessions": 4, "policies.0.details.1.failed_sessions": 0, "policies.0.details.2.failed_sessions": 0})
    r = without(report("no-counts-at-all", [policy(details=[detail(count=None), detail(count=None)])]), "policies", 0, "summary")
    odd("no-counts-at-all", "no-summary", "failures are described and never counted: one each at least", r,
        policies=[["example.com", "sts", 0, 2, 2, True]])
    r = report("no-count-exceeded", [policy(failed=3, details=[detail(count=4), detail(count=None)])])
    odd("no-count-exceeded", ("no-summary", "details-exceed-total"), "the others leave nothing of the total", r,
        fields={"policies.0.details.1.failed_sessions": 0})
    r = report("blanks", [policy(" STS\t", good=4, mx_host=[" mx1.example.com\n", "mx: *.example.com "], failed=6, details=[
        detail("\tCertificate-Expired ", 6, sending_mta_ip=" 198.51.100.9", receiving_mx_hostname="mx1.example.com. ",
               receiving_mx_helo=" MX1.example.com", receiving_ip=" 192.0.2.1\r\n")])])
    odd("blanks", ("blanks", "mx-host-prefix"), "white space around words, names and addresses", r, policies=[["example.com", "sts", 4, 6, 1, True]],
        fields={"policies.0.mx_host.0": "mx1.example.com", "policies.0.mx_host.1": "*.example.com",
                "policies.0.details.0.result_type": "certificate-expired", "policies.0.details.0.sending_mta_ip": "198.51.100.9",
                "policies.0.details.0.receiving_mx_hostname": "mx1.example.com", "policies.0.details.0.receiving_mx_helo": "MX1.example.com",
                "policies.0.details.0.receiving_ip": "192.0.2.1"})
    r = report("blanks-only", [policy(failed=1, details=[detail(" ", 1, sending_mta_ip="\t", receiving_mx_hostname=" ")])])
    odd("blanks-only", ("blanks", "no-result-type"), "white space and nothing else", r,
        fields={"policies.0.details.0.result_type": "unknown", "policies.0.details.0.sending_mta_ip": None,
                "policies.0.details.0.receiving_mx_hostname": None})
    for name, proper in (("dane", "tlsa"), ("mta-sts", "sts"), ("no-policy", "no-policy-found")):
        odd("type-" + name, "policy-type", "a policy-type by another name: %s for %s" % (name, proper), report("type-" + name, [policy(name)]),
            policies=[["example.com", proper, 120, 0, 0, True]])
    r = report("error-code", [policy(failed=2, details=[detail("validation-failure", 2, failure_error_code="X509_V_ERR_CERT_HAS_EXPIRED")])])
    odd("error-code", "grammar-name", "failure-error-code for the reason", r,
        fields={"policies.0.details.0.failure_reason_code": "X509_V_ERR_CERT_HAS_EXPIRED"})
    odd("mx-host-string", "mx-host-string", "mx-host is a string, as RFC 8460's own example has it (erratum 6241)",
        report("mx-host-string", [policy(mx_host="*.Mail.example.com")]), fields={"policies.0.mx_host.0": "*.mail.example.com"})
    odd("mx-host-prefix", "mx-host-prefix", "the key stayed in the value", report("mx-host-prefix", [policy(mx_host=["mx: mx.example.com"])]),
        fields={"policies.0.mx_host.0": "mx.example.com"})
    odd("policy-string-string", "policy-string-string", "policy-string is a string",
        report("policy-string-string", [policy(policy_string="version: STSv1; mode: enforce")]), fields={"policies.0.policy_string.0": "version: STSv1; mode: enforce"})
    odd("policy-string-json", "policy-string-json", "TLSA records as JSON in a string (Microsoft)",
        report("policy-string-json", [policy("tlsa", policy_string=[json.dumps(["3 1 1 " + "AA" * 32, "3 1 1 " + "BB" * 32])])]),
        fields={"policies.0.policy_string.0": "3 1 1 " + "AA" * 32, "policies.0.policy_string.1": "3 1 1 " + "BB" * 32})
    odd("member-type", "member-type", "texts that are none: a number is read, the rest passed over",
        report("member-type", [policy(failed=1, details=[detail(count=1, failure_reason_code=404, receiving_mx_helo=["x"], receiving_mx_hostname=True)])]),
        fields={"policies.0.details.0.failure_reason_code": "404", "policies.0.details.0.receiving_mx_helo": None})

    def failing(name, quirk, about, total=3, fields=None, **more):
        odd(name, quirk, about, report(name, [policy(failed=total, details=[detail(**more)])]), fields=fields)

    failing("result-type", "result-type", "a result-type of the future", result="Certificate-Bored",
            fields={"policies.0.details.0.result_type": "certificate-bored"})
    odd("no-result-type", "no-result-type", "a failure without result-type (tlsrpt-reporter, unknown internal code)",
        report("no-result-type", [policy(failed=3, details=[without(detail(), "result-type")])]), fields={"policies.0.details.0.result_type": "unknown"})
    odd("no-detail-count", "no-summary", "a failure without its count: it has what the total leaves", report("no-detail-count", [policy(failed=3, details=[without(detail(), "failed-session-count")])]),
        fields={"policies.0.details.0.failed_sessions": 3})
    odd("number-string", "number-form", "counts as strings", report("number-string", [policy(good="120", failed="0")]), policies=FIGURES)
    odd("number-fraction", "number-form", "counts with a fraction of zero", report("x", report_id="number-fraction"), policies=FIGURES,
        data=text(report("x", report_id="number-fraction")).replace(b": 120", b": 1.20e2").replace(b": 0\n", b": 0.0\n"))
    odd("negative-count", "negative-count", "a negative count is taken as 0", report("negative-count", [policy(failed=-5)]), policies=FIGURES)
    failing("details-exceed-total", "details-exceed-total", "failure types overlap, which RFC 8460 section 4 allows (mail.ru)", total=1, count=2)
    odd("failures-without-details", "failures-without-details", "failures without a description (Microsoft)", report("failures-without-details", [policy(failed=4)]))
    failing("ip-zone", "ip-form", "a scoped address", sending_mta_ip="fe80::1%eth0", fields={"policies.0.details.0.sending_mta_ip": "fe80::1"})
    failing("ip-form", "ip-form", "an address that is not canonical, as in RFC 8460's own example", sending_mta_ip="2001:DB8:abcd:0012::1",
            receiving_ip="[IPv6:2001:db8:0:0:0:0:0:1]",
            fields={"policies.0.details.0.sending_mta_ip": "2001:db8:abcd:12::1", "policies.0.details.0.receiving_ip": "2001:db8::1"})
    failing("ip-invalid", "ip-invalid", "a host name where an address belongs", sending_mta_ip="mta7.example.net",
            fields={"policies.0.details.0.sending_mta_ip": "mta7.example.net"})
    failing("uri-form", "uri-form", "a URI with spaces, as copied from RFC 8460", additional_information="https://reports.example.net/report_info ? id = 5065",
            fields={"policies.0.details.0.additional_information": "https://reports.example.net/report_info ? id = 5065"})
    r = report("grammar-name", [policy(failed=3, details=[detail(additional_info_uri="https://example.net/x")])])
    r["policies"][0]["policy"]["mx-host-pattern"] = r["policies"][0]["policy"].pop("mx-host")
    odd("grammar-name", "grammar-name", "names of the grammar as keys", r,
        fields={"policies.0.mx_host.0": "*.example.com", "policies.0.details.0.additional_information": "https://example.net/x"})
    r = report("underscore", [policy(failed=3)])
    r["policies"][0]["failure_details"] = [detail()]
    odd("underscore", "grammar-name", "failure_details (Mail::TLSRPT)", r, policies=[["example.com", "sts", 120, 3, 1, True]])
    r = report("unknown-member", generator={"name": "x", "deep": [[[{}]]]})
    r["policies"][0]["policy"]["policy-ttl"] = 5
    odd("unknown-member", "unknown-member", "members of the future", r)
    r = report("no-host", [policy("sts", failed=1, details=[detail("validation-failure", 1, failure_reason_code="MX_HOSTS_MISMATCH"),
                                                            detail("validation-failure", 1, failure_reason_code="VALIDATION_FAILURE")])])
    for one in r["policies"][0]["failure-details"]:
        for key in ("sending-mta-ip", "receiving-mx-hostname", "receiving-ip"):
            del one[key]
    odd("microsoft-twice", "details-exceed-total", "one event twice and no address (Microsoft)", r)


def make_bad():
    def bad(name, about, data, reason):
        quarantined("bad/" + name, about, data, reason)

    def swap(name, old, new):
        data = text(report(name))
        assert old in data, old
        return data.replace(old, new)

    t = text(report("x"))
    bad("truncated-gzip", "the connection broke", gz(t)[:-30], "truncated")
    bad("truncated-trailer", "eight bytes short", gz(t)[:-8], "truncated")
    bad("gzip-checksum", "a bit flipped", gz(t)[:-8] + b"\0\0\0\0" + gz(t)[-4:], "broken")
    bad("gzip-garbage", "gzip's magic and noise", b"\x1f\x8b\x08\x00" + bytes(range(200)), "compressed data is broken")
    bad("second-member", "the second member is broken", gz(t) + b"\x1f\x8b\x08\x00noise and noise", "compressed data is")
    refused("bad/gzip-of-html", "a web page in gzip", gz(b"<html><body>Moved</body></html>"), "web page")
    refused("bad/gzip-of-dmarc", "a DMARC report in gzip", gz(b'<?xml version="1.0"?>\n<feedback/>'), "a DMARC report")
    refused("bad/zip-of-dmarc", "a DMARC report in a zip archive", zipped(("example.net!example.com!1!2.xml", b'<?xml version="1.0"?>\n<feedback/>')), "a DMARC report")
    refused("bad/zip-of-pdf", "an invoice", zipped(("invoice.pdf", b"%PDF-1.4")), "a PDF document")
    refused("bad/json-alert", "JSON of another kind", b'{"alert": 1, "labels": {}}', "JSON without any member of one")
    for name, magic in (("xz", b"\xfd7zXZ\0"), ("bzip2", b"BZh91AY"), ("7z", b"7z\xbc\xaf\x27\x1c"), ("rar", b"Rar!\x1a\x07"), ("zstd", b"\x28\xb5\x2f\xfd")):
        refused("bad/" + name, "an archive that is not opened", magic + bytes(40), name + " archive")
    refused("bad/tnef", "an attachment as Outlook wraps it", b"\x78\x9f\x3e\x22" + b"x" * 80, "TNEF")
    bad("gzip-of-nothing", "gzip of no bytes", gz(b""), "ends too early")
    bad("triple-gzip", "compressed three times", gz(gz(gz(t))), "more than 2 times")
    bad("truncated-zip", "the archive's end is missing", zipped(("r.json", t))[:-40], "zip archive is truncated")
    bad("zip-none", "an empty zip archive", zipped(), "0 members")
    z = bytearray(zipped(("r.json", t)))
    z[z.index(b"PK\1\2") + 16] ^= 1
    bad("zip-checksum", "the wrong checksum", bytes(z), "bad checksum")
    z = bytearray(zipped(("r.json", t)))
    z[z.index(b"PK\1\2") + 8] |= 1
    bad("zip-encrypted", "an encrypted archive", bytes(z), "encrypted")
    z = bytearray(zipped(("r.json", t)))
    z[z.index(b"PK\1\2") + 10] = 14
    bad("zip-lzma", "another compression", bytes(z), "compression method 14")
    bad("zlib-truncated", "half a zlib stream", zlib.compress(t, 9)[:60], "truncated")
    bad("truncated-json", "half a report", t[:len(t) // 2], "not JSON")
    bad("broken-json", "a comma too many", t.replace(b"\n}", b",\n}"), "not JSON")
    bad("single-quotes", "a Python dict", str(report("x")).encode(), "not JSON")
    bad("bare-newline", "a line feed within a string", swap("nl", b"Example Net", b"Example\nNet"), "control character")
    bad("array-empty", "an array of no reports", b"[]", "not JSON")
    bad("array-numbers", "an array of something else", b"[1, 2]", "not a JSON object")
    bad("tar-truncated", "half a tar archive", gz(tarred(("r.json", t))[:1800]), "tar archive is truncated")
    bad("utf-16-cut", "UTF-16 that ends within a character", json.dumps(report("x")).encode("utf-16")[:-1], "broken UTF-16")
    bad("utf-16-surrogate", "UTF-16 with half a pair", '{"a":"x"}'.encode("utf-16-le").replace(b"x\0", b"\0\xdc"), "broken UTF-16")
    bad("utf-32-range", "UTF-32 past the last character", '{"a":"x"}'.encode("utf-32-le").replace(b"x\0\0\0", b"\0\0\x11\0"), "broken UTF-32")
    bad("nul", "\\u0000, which PostgreSQL cannot keep", swap("nul", b"Example Net", b"Example\\u0000Net"), "NUL")
    bad("nul-skipped", "\\u0000 in a member that is not read", swap("nul-skipped", b'"report-id"', b'"x": ["\\u0000"], "report-id"'), "NUL")
    bad("nul-raw", "a NUL byte", swap("nul-raw", b"Example Net", b"Example\0Net"), "control character")
    bad("latin-1", "not UTF-8", swap("latin-1", b"Example Net", "B\u00fcro".encode("latin-1")), "invalid UTF-8")
    bad("overlong", "an overlong form", swap("overlong", b"Example Net", b"\xc0\xafx"), "invalid UTF-8")
    bad("surrogate-utf8", "a surrogate in UTF-8", swap("surrogate-utf8", b"Example Net", b"\xed\xa0\x80"), "invalid UTF-8")
    bad("surrogate-high", "half a pair", swap("surrogate-high", b"Example Net", b"\\ud83d"), "lone surrogate")
    bad("surrogate-low", "the other half", swap("surrogate-low", b"Example Net", b"\\ude00\\ud83d"), "lone surrogate")
    bad("number-past-2-53", "2^53 + 1", report("x", [policy(good=2**53 + 1)]), "2^53")
    bad("number-past-2-64", "more than 64 bits", report("x", [policy(good=2**64)]), "out of range")
    bad("number-past-double", "more than a double", swap("number-past-double", b": 120", b": 1e400"), "out of range")
    bad("number-fraction", "half a session", report("x", [policy(good=1.5)]), "whole number")
    bad("number-word", "a count in words", report("x", [policy(good="many")]), "whole number")
    bad("number-hex", "a count in hexadecimal", report("x", [policy(good="0x10")]), "whole number")
    bad("number-zeros", "a leading zero", swap("number-zeros", b": 120", b": 0120"), "bad number")
    bad("count-object", "a count that is an object", report("x", [policy(good={})]), "whole number")
    bad("no-policies", "an empty array", report("x", []), "no policies")
    bad("policies-absent", "no policies at all", without(report("x"), "policies"), "no policies")
    bad("policies-text", "policies is a string", report("x", "none"), "policies: not an array")
    bad("policy-text", "a policy is a string", report("x", ["sts"]), "[0]: not an object")
    bad("summary-array", "summary is an array", put(report("x"), [120, 0], "policies", 0, "summary"), "summary: not an object")
    bad("details-text", "a failure is a string", report("x", [policy(details=["certificate-expired"])]), "failure-details: [0]: not an object")
    bad("no-date-range", "no window", without(report("x"), "date-range"), "no start-datetime")
    bad("no-end", "half a window", without(report("x"), "date-range", "end-datetime"), "no end-datetime")
    bad("date-words", "a date in words", put(report("x"), "yesterday", "date-range", "start-datetime"), "not a date as RFC 3339")
    bad("date-number", "a date as a number", put(report("x"), 1762041600, "date-range", "start-datetime"), "not a date")
    bad("date-impossible", "31 February", put(report("x"), "2026-02-31T00:00:00Z", "date-range", "start-datetime"), "not a date as RFC 3339")
    bad("end-before-start", "a window that ends before it starts",
        report("x", date_range={"start-datetime": stamp(0, "23:59:59"), "end-datetime": stamp()}), "before it starts")
    bad("years-ahead", "next year's report",
        report("x", date_range={"start-datetime": stamp(700), "end-datetime": stamp(700, "23:59:59")}), "days after it was received")
    bad("years-ago", "older than 400 days",
        report("x", date_range={"start-datetime": stamp(-700), "end-datetime": stamp(-700, "23:59:59")}), "days before it was received")
    bad("window-too-long", "41 days", report("x", date_range={"start-datetime": stamp(-40), "end-datetime": stamp(1)}), "longer than 40 days")
    bad("given-twice", "two report-ids", swap("given-twice", b'"report-id"', b'"report-id": "a", "report-id"'), "report-id: given twice")
    bad("given-twice-escaped", "two report-ids, one in disguise", swap("given-twice-escaped", b'"report-id"', b'"r\\u0065port-id": "a", "report-id"'), "given twice")
    bad("given-twice-otherwise", "mx-host and mx-host-pattern", report("x", [policy(mx_host_pattern=["*.example.com"])]), "given twice")
    bad("domain-too-long", "a policy domain that no key takes", report("x", [policy(domain="a." * 122 + "example.com.xx")]), "longer than 255 bytes")
    bad("string-too-long", "a string past the limit", report("x", organization_name="x" * 4097), "longer than 4096 bytes")
    bad("list-too-long", "1001 strings", gz(text(report("x", [policy(policy_string=["x"] * 1001)]))), "more than 1000 elements")
    bad("policies-too-many", "1001 policies", gz(text(report("x", [policy()] * 1001))), "more than 1000 policies")
    bad("details-too-many", "20001 failure details over two policies",
        gz(text(report("x", [policy(details=[detail()] * 10000), policy(details=[detail()] * 10001)]))), "more than 20000 failure details")
    bad("nested-too-deep", "65 arrays, one in another", swap("nested", b'"report-id"', b'"x": ' + b"[" * 64 + b"]" * 64 + b', "report-id"'), "nested too deep")
    refused("bad/html", "a browser's form or a scanner", b"<!DOCTYPE html><html></html>\n", "web page")
    refused("bad/xml", "a DMARC report", b'<?xml version="1.0"?><feedback/>\n', "a DMARC report")
    refused("bad/text", "words", b"hello\n")
    refused("bad/json-string", "JSON, but no object", b'"report"\n')
    r = report("not-ours", [policy(domain="other.example")])
    accepted("bad/not-ours", "no policy domain is ours", r, http=403)


def make_hostile():
    too_big("hostile/bomb", "64 MiB and a byte of spaces", gz(b"{" + b" " * (64 << 20)), "inflates to more than")
    too_big("hostile/bomb-inner", "the bomb is in the inner gzip", gz(gz(b"{" + b" " * (64 << 20))), "inflates to more than")
    too_big("hostile/bomb-zip", "a zip archive that says it is small", None or zip_bomb(), "inflates to more than")
    too_big("hostile/members", "17 members of gzip", b"".join(gz(b" ") for _ in range(16)) + gz(text(report("x"))), "more than 16 members")

    def bad(name, about, data, reason):
        quarantined("hostile/" + name, about, data, reason)

    bad("deep", "a million brackets", gz(b'{"x":' + b"[" * 1000000), "nested too deep")
    bad("empty-objects", "a million empty policies", gz(b'{"policies":[' + b"{}," * 1000000 + b"{}]}"), "more than 1000 policies")
    bad("digits", "a number of a million digits", gz(b'{"x":' + b"9" * 1000000 + b"}"), "number too long")
    bad("zeros", "a million zeros of a fraction", gz(b'{"x":0.' + b"0" * 1000000 + b"}"), "number too long")
    bad("long-string", "a string of a mebibyte of escapes", gz(text(report("x")).replace(b"Example Net", b"\\u0041" * 200000)), "longer than 4096 bytes")
    z = bytearray(zipped(("r.json", text(report("x")))))
    struct.pack_into("<I", z, z.index(b"PK\5\6") + 16, 0xFFFFFFF0)
    bad("zip-offset", "the directory lies outside", bytes(z), "zip archive is broken")
    z = bytearray(zipped(("r.json", text(report("x")))))
    struct.pack_into("<I", z, z.index(b"PK\1\2") + 42, 0xFFFFFFF0)
    bad("zip-local", "the member lies outside", bytes(z), "zip archive is broken")
    z = bytearray(zipped(("r.json", text(report("x")))))
    struct.pack_into("<I", z, z.index(b"PK\1\2") + 20, 0xFFFFFFF0)
    bad("zip-size", "the member ends outside", bytes(z), "zip archive is broken")
    struct.pack_into("<I", z, z.index(b"PK\1\2") + 20, 0)
    bad("zip-size-zero", "the member has no bytes", bytes(z), "truncated")
    bad("gzip-extra", "a header that promises more than there is", b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xff\xff" + b"x" * 40, "truncated")
    r = report("\x1b]0;owned\x07\x1b[31m", [policy(failed=1, details=[detail(count=1, failure_reason_code="\u202egnp.exe\u2066\u200b\u0085\u2028\x7f",
               receiving_mx_hostname="mx1\x1b[2j.example.com", additional_information="javascript:alert(1)")])], organization_name="\x1b[2JExample\r\nNet\u0007")
    accepted("hostile/terminal", "escapes, controls and bidirectional text that no terminal and no log may meet", r,
             fields={"organization": "\x1b[2JExample\r\nNet\u0007"})
    r = report("markup", [policy(failed=1, details=[detail(count=1, failure_reason_code="<script>alert(1)</script>", receiving_mx_helo="\"},evil=\"\\\n")])],
               organization_name="=HYPERLINK(\"http://evil.example\";\"x\"),'; DROP TABLE report;--")
    accepted("hostile/markup", "what a spreadsheet, a browser, SQL or a metric label would act on", r, ["blanks"])
    t = text(report("many-names")).replace(b'"report-id"', b"".join(b'"k%d": 0, ' % (i % 50) for i in range(20000)) + b'"report-id"')
    accepted("hostile/many-names", "20000 members that are not read, most given twice", report("many-names"), ["unknown-member"], data=gz(t))
    r = report("million", [policy(good=2**53, failed=2**53, details=[detail(count=2**53)] * 3)])
    accepted("hostile/sum-overflow", "counts whose sum needs more than 64 bits", r, ["details-exceed-total"])
    r = report("limits", [policy(good=1, domain=f"d{i}.example.com") for i in range(1000)], organization_name="x" * 4096)
    accepted("hostile/at-the-limits", "1000 policies and a string of 4096 bytes", r, data=gz(text(r)), http=202, kept=[f"d{i}.example.com" for i in range(1000)])


def zip_bomb():
    z = bytearray(zipped(("r.json", b"{" + b" " * (64 << 20))))
    struct.pack_into("<I", z, z.index(b"PK\1\2") + 24, 100)
    return bytes(z)


def main():
    global day
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=datetime.date.fromisoformat, default=day)
    parser.add_argument("--out", type=pathlib.Path, default=here)
    options = parser.parse_args()
    day = options.day
    for part in (make_good, make_odd, make_bad, make_hostile):
        part()
    for folder in ("good", "odd", "bad", "hostile"):
        shutil.rmtree(options.out / folder, ignore_errors=True)
    for name, (file, data, expect) in CASES.items():
        (options.out / name).mkdir(parents=True)
        (options.out / name / file).write_bytes(data)
        (options.out / name / "expect.json").write_text(json.dumps(expect, indent=1) + "\n")


if __name__ == "__main__":
    main()
