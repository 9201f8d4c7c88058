"""Reports put into a migrated database by SQL, as the collector would store them: for tests of the
reader that need an exact arrival time, tier or key, which no door lets one choose."""
import contextlib
import datetime
import hashlib
import json

import psycopg2

DOORS = {"https": 1, "lmtp": 2, "deliver": 3, "import": 4}
TIERS = {"verified": 1, "operator": 2, "confirmed": 3, "unverified": 4}
STATUSES = {"quarantined": 2, "ignored": 3}


def policy(kind="sts", domain="example.com", good=10, bad=0, leads=True, failures=(), string=(), mx=()):
    return dict(kind=kind, domain=domain, good=good, bad=bad, leads=leads, failures=list(failures),
                string=list(string), mx=list(mx))


def failure(result, count, **more):
    return dict(result=result, count=count, **more)


@contextlib.contextmanager
def transaction(database):
    """A function that runs a statement, in one transaction with the others."""
    connection = psycopg2.connect(database.uri)
    try:
        with connection, connection.cursor() as cursor:
            yield cursor.execute
    finally:
        connection.close()


def insert(execute, table, **row):
    marks = ", ".join(["%s"] * len(row))
    execute(f"INSERT INTO tlsrpt.{table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def add_failures(execute, side, failures, **identity):
    members = ("count", "result", "sender_ip", "mx", "helo", "ip", "info", "code")
    values = [value for f in failures for value in (f.get(member) for member in members)]
    array = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)::tlsrpt.failure"] * len(failures))
    where = " AND ".join(f"{column} = %s" for column in identity)
    execute(f"UPDATE tlsrpt.{side}_policy SET failures = ARRAY[{array}] WHERE {where}", values + list(identity.values()))


def add_report(database, day, policies, sender="sender.example", trust="verified", received=None, door="lmtp",
               organization=None, contact=None, report_id=None, quirks=(), reason="", peer="", peer_name="",
               body=b"{}", long_window=False, key=None):
    """One report; returns its id as `tlsrpt reports` prints it."""
    day = datetime.date.fromisoformat(day)
    start = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
    end = start + datetime.timedelta(days=1, seconds=-1)
    received = received or (end + datetime.timedelta(hours=3)).isoformat()
    report_id = report_id or f"{day}-{sender}"
    key = key or hashlib.sha256(f"{sender} {report_id} {day}".encode()).digest()[:16]
    tier = TIERS[trust]
    domains = list(dict.fromkeys(p["domain"] for p in policies))
    organization = organization or sender.split(".")[0].title()
    quirks = list(quirks) or None
    identity = dict(day=day, report_key=key, tier=tier)
    side, claim, from_where = "believed", {}, {}
    if trust == "unverified":
        side, claim = "claimed", dict(believed_key=key)
        from_where = dict(claim, source=peer, bytes=1000)
    seen = dict.fromkeys(domains, 0)
    with transaction(database) as execute:
        execute("SELECT tlsrpt.ensure_month(%s)", (day,))
        for number, p in enumerate(policies):
            nth = seen[p["domain"]]
            seen[p["domain"]] += 1
            insert(execute, f"{side}_policy", **identity, **claim, policy_domain=p["domain"], nth=nth, policy_no=number,
                   content_hash=None if nth else hashlib.sha256(body).digest()[:16], received=received, sender=sender,
                   policy_type=p["kind"], leads=p["leads"], long_window=long_window, successful_sessions=p["good"],
                   failed_sessions=p["bad"], organization=organization if p["leads"] else None,
                   quirks=quirks if p["leads"] else None, policy_string="\n".join(p["string"]), mx_host=p["mx"])
            if p["failures"]:
                add_failures(execute, side, p["failures"], **identity, policy_domain=p["domain"], nth=nth)
        insert(execute, f"{side}_report", **identity, **from_where, raw_hash=hashlib.sha256(body).digest(), policy_domain=domains[0], received=received,
               policy_domains=domains if len(domains) > 1 else None, transport=DOORS[door], sender=sender,
               submitter=f"mail.{sender}", organization=organization, contact_info=contact or f"tlsrpt@mail.{sender}",
               report_id=report_id, window_start=start, window_end=end, long_window=long_window, peer=peer,
               peer_name=peer_name, trust_reason=reason or f"DKIM d={sender} is aligned", quirks=quirks)
        insert(execute, f"{side}_raw", **identity, policy_domain=domains[0], body=body)
    return f"{day:%Y%m%d}-{key.hex()[:16]}"


def add_conflict(database, day, report_id, domain="example.com", trust="verified", body=b"other", received=None):
    database.sql("INSERT INTO tlsrpt.conflict SELECT policy_domain, day, report_key, tier, %s, %s, 1, '192.0.2.9' "
                 "FROM tlsrpt.report WHERE day = %s AND policy_domain = %s AND tier = %s "
                 "AND left(encode(report_key, 'hex'), 16) = %s",
                 (hashlib.sha256(body).digest(), received or f"{day}T23:00:00Z", day, domain, TIERS[trust],
                  report_id[9:]))


def add_held(database, day, status, body, reason, domains="", peer="192.0.2.7", source="192.0.2.0/24",
             received=None, door="https"):
    """One input of the quarantine; returns its id."""
    day = datetime.date.fromisoformat(day)
    digest = hashlib.sha256(body).digest()
    database.sql("SELECT tlsrpt.ensure_quarantine_day(%s)", (day,))
    database.sql("INSERT INTO tlsrpt.quarantine VALUES (%s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s)",
                 (day, digest, received or f"{day}T12:00:00Z", STATUSES[status], DOORS[door], peer, source, domains,
                  reason, body))
    return f"{day:%Y%m%d}-{digest.hex()[:16]}"


def realistic(database):
    """Three weeks of two domains as an operator sees them; returns the ids by a short name."""
    google_sts = ["version: STSv1", "mode: enforce", "mx: *.example.com", "max_age: 604800"]
    ids = {}
    for number in range(1, 22):
        day = f"2026-11-{number:02}"
        bad = 180 if number >= 18 else 0
        details = [failure("certificate-expired", bad - 30, sender_ip="209.85.219.198", mx="mx2.example.com",
                           ip="192.0.2.25", helo="mx2.example.com"),
                   failure("certificate-expired", 30, sender_ip="2001:db8::25", mx="mx2.example.com",
                           ip="2001:db8::2")] if bad else []
        ids["google"] = add_report(
            database, day, [policy("sts", "example.com", 12345 + number, bad, failures=details, string=google_sts,
                                   mx=["*.example.com"]),
                            policy("no-policy-found", "a-rather-long-name.mail.example.org", 7)],
            sender="google.com", organization="Google Inc.", contact="smtp-tls-reporting@google.com",
            report_id=f"{day}T00:00:00Z_example.com", body=json.dumps({"report-id": day}).encode())
        ids["microsoft"] = add_report(
            database, day, [policy("sts", "example.com", 2000, 3, leads=True, failures=[
                                failure("validation-failure", 3, code="MX_HOSTS_MISMATCH")] if number == 20 else []),
                            policy("tlsa", "example.com", 2000, 1, leads=False)],
            sender="microsoft.com", organization="Microsoft Corporation", quirks=["policy-string-json", "late"],
            report_id=f"{number}+example.com")
    ids["stalwart"] = add_report(database, "2026-11-20", [policy("tlsa", "example.com", 1, 0)],
                                 sender="small.example", organization="mail.small.example", trust="unverified",
                                 door="https", peer="198.51.100.4", peer_name="out.small.example",
                                 reason="posted by a host that no https_sender lists", quirks=["no-contact"])
    ids["forged"] = add_report(database, "2026-11-20", [policy("sts", "example.com", 0, 1000000000)],
                               sender="google.com", organization="Google Inc.", trust="unverified", door="https",
                               peer="203.0.113.66", reason="posted by a host that has no confirmed name",
                               report_id="forged")
    ids["quarantined"] = add_held(database, "2026-11-21", "quarantined",
                                  b'{"organization-name": "Broken \x1b[31m", "date-range": {"start-', "truncated JSON",
                                  domains="example.com")
    ids["ignored"] = add_held(database, "2026-11-21", "ignored",
                              b"From: a@b.example\r\nSubject: Report Domain: example.com\r\n\r\nhello\r\n",
                              "no DKIM signature", source="d=", door="lmtp")
    return ids
