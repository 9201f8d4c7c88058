"""What the pages are shown with: ten weeks of a mail operator's reports up to yesterday, with incidents that are
over and one that is not, a policy that changed, a sender that fell silent; and strangers with hostile names."""
import datetime
import gzip
import json
import random
import subprocess
import sys

from conftest import SOURCE

sys.path.insert(0, str(SOURCE / "tests/scenarios"))
import simulate  # noqa: E402

DAYS = 75
HOSTILE = [
    '<script>window.__owned=1</script>',
    '"><img src=x onerror="window.__owned=2">',
    "'><svg/onload=window.__owned=3>",
    '</title></style></textarea></details></table><script>alert(4)</script>',
    '<a href="javascript:window.__owned=5">click me</a>',
    'javascript:window.__owned=6',
    '<style>*{display:none}</style>',
    '} body { display: none } .x {',
    '<!-- -- <![CDATA[ ]]> -->',
    '&lt;b&gt; &amp;amp; &#x3c;script&#x3e;window.__owned=7&#x3c;/script&#x3e;',
    '{{constructor.constructor("window.__owned=8")()}} ${window.__owned=8} <%= 8 %>',
    '" style="position:fixed;inset:0" autofocus onfocus="window.__owned=9',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<form action="https://evil.example/"><input autofocus onfocus=window.__owned=10>',
    '<svg><animate onbegin=window.__owned=11 attributeName=x dur=1s>',
    '<math><mtext></table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.__owned=12&gt;">',
    '<iframe srcdoc="<script>parent.__owned=13</script>"></iframe>',
    '=HYPERLINK("https://evil.example/";"x")',
    "'; DROP TABLE report; --",
    '../../../../etc/passwd?a=b&c=d#e',
    '%3Cscript%3Ewindow.__owned=14%3C/script%3E',
    'line one\nline two\r\nSet-Cookie: owned=15',
    '\x01\x1b[31mred\x07\x7f\x85\x1b]0;title\x07',
    'right-to-left \u202eexe.txt\u202c \u2066isolate\u2069 end',
    'zero\u200bwidth\ufeff\u2028separator\u2029',
    'Zażółć gęślą jaźń 株式会社 🐧 𝓯𝓪𝓷𝓬𝔂',
    'W' * 1000,
    'long words ' * 90,
]


def story(world, now):
    """Puts the world's days before `now`, and makes things happen in it."""
    world.days = DAYS
    world.start = now.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=DAYS)
    world.dane()
    pool, event = world.pool(), simulate.Event
    broken = world.domains[0].nodes[1]
    world.events += [
        event("certificate-expired", 30, 33, .97, domains=pool),
        event("certificate-host-mismatch", DAYS - 6, DAYS, .6, domains=pool, nodes=[broken.ip]),
        event("starttls-not-supported", 52, 58, .3, domains=[world.names()[2]], senders=["cableco.example"]),
        event("sts-policy-fetch-error", 20, 24, .8, domains=[world.names()[2]]),
    ]
    world.silence += [("freepost.example", DAYS - 9, DAYS), (None, 44, 44)]
    world.change_policy(1, 55, mode="enforce")


def hostile_report(number, text, day, domain, host):
    """A well-formed report in which every free text is hostile."""
    start = day.strftime("%Y-%m-%dT00:00:00Z")
    details = [{"result-type": "validation-failure", "sending-mta-ip": "203.0.113.9", "receiving-mx-hostname": text,
                "receiving-mx-helo": text, "receiving-ip": "192.0.2.11", "failed-session-count": 2,
                "additional-information": text, "failure-reason-code": text},
               {"result-type": "certificate-expired", "receiving-mx-hostname": host, "failed-session-count": 1,
                "failure-reason-code": text},
               {"result-type": text, "receiving-mx-hostname": host, "failed-session-count": 1}]
    return {"organization-name": text, "contact-info": f"tls@hostile{number}.example", "report-id": f"{text} {number}",
            "date-range": {"start-datetime": start, "end-datetime": day.strftime("%Y-%m-%dT23:59:59Z")},
            "policies": [{"policy": {"policy-type": "sts", "policy-domain": domain, "mx-host": [text],
                                     "policy-string": ["version: STSv1", "mode: enforce", f"mx: {text}", "max_age: 86400"]},
                          "summary": {"total-successful-session-count": 40 + number, "total-failure-session-count": 4},
                          "failure-details": details}]}


def write_history(folder, now):
    """The mails of the simulated senders; what the operator knows of himself."""
    world = simulate.World(random.Random(11))
    story(world, now)
    sent = sorted((x for x in world.reports() if x[0] <= now), key=lambda x: x[0])
    (folder / "mail").mkdir()
    for n, (arrival, sender, domain, _, report) in enumerate(sent, 1):
        (folder / f"mail/{n:05d}.eml").write_text(simulate.mail(arrival, sender, domain, report, n), newline="")
    return {"authserv_id": simulate.AUTHSERV,
            "domains": [{"name": d.name, "mx": sorted({x.host for x in d.nodes}),
                         "mx_addresses": sorted({x.ip for x in d.nodes}),
                         "sts_policies": [{"since": world.day(k), "policy": text} for k, text in world.declared[d.name]],
                         "tlsa": [{"since": world.day(0), "records": simulate.TLSA}]} for d in world.domains]}


def write_strangers(folder, now, world):
    (folder / "hostile").mkdir()
    domain = world["domains"][0]
    for number, text in enumerate(HOSTILE):
        for back in (2, 3):
            report = hostile_report(number, text, now - datetime.timedelta(days=back), domain["name"], domain["mx"][0])
            path = folder / f"hostile/{number:02d}-{back}.json"
            path.write_text(json.dumps(report))
    (folder / "posts").mkdir()
    for number, body in enumerate([b"<script>window.__owned=20</script>", b'{"organization-name": "<b>half</b>', b"\x1f\x8b\x08junk",
                                   gzip.compress(json.dumps({"report-id": HOSTILE[1], "policies": 7}).encode())]):
        (folder / f"posts/{number}.json").write_bytes(body)


def call(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def seed(folder, build, uri, configuration):
    """Fills a migrated database; returns the path of the configuration. `configuration` makes it of a world."""
    now = datetime.datetime.now(datetime.timezone.utc)
    world = write_history(folder, now)
    write_strangers(folder, now, world)
    conf = folder / "tlsrpt.conf"
    conf.write_text(configuration(world))
    program = [build / "tlsrptd", "import", "--db", uri, "-c", conf]
    yesterday = (now - datetime.timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    call(*program, "--trust-authres", folder / "mail")
    call(*program, "--vouch", "--received", yesterday, folder / "hostile")
    for path in sorted((folder / "posts").iterdir()):
        call(*program, "--as", "https", "--received", yesterday, "--peer", "198.51.100.66", path)
    one = json.loads((folder / "hostile/00-2.json").read_text())
    one["report-id"] += " posted"
    (folder / "posted.json").write_text(json.dumps(one))
    call(*program, "--as", "https", "--received", yesterday, "--peer", "198.51.100.67", folder / "posted.json")
    call(build / "tlsrptd", "maintain", "--db", uri, "-c", conf)
    return conf
