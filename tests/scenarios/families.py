#!/usr/bin/env python3
"""More families for simulate.py: incidents and noise that it does not have. Same arguments."""
import copy
import sys
from datetime import datetime, timedelta

import simulate
from simulate import Event, Sender

ANY = ["ours", "node", "sender", "path", "unknown"]


# ---- incidents ---------------------------------------------------------------------------------

def mitm_foreign_address(w):
    """One sender is led to an address that is none of ours."""
    a = w.rng.randrange(18, 28); b = a + w.rng.randrange(2, 6)
    snd = w.sender(w.rng.choice(["bigmail.example", "cableco.example"]))
    w.events.append(Event("certificate-not-trusted", a, b, .2, domains=w.pool(), senders=[snd.submitter],
                          receiving_ip="203.0.113.66"))
    w.expect("certificate-not-trusted", ["path"], w.pool(), a, b)

def mitm_few_sessions(w):
    """The same for one session in a hundred."""
    a = w.rng.randrange(18, 28); b = a + w.rng.randrange(3, 6)
    names = [w.domain(0).name]
    w.events.append(Event("certificate-host-mismatch", a, b, .01, domains=names, senders=["bigmail.example"],
                          receiving_ip="203.0.113.66"))
    w.expect("certificate-host-mismatch", ["path"], names, a, b)

def stripped_sender(w):
    """STARTTLS is stripped on the way from one sender to one of our sites; the other site is fine."""
    a = w.rng.randrange(18, 28); b = a + w.rng.randrange(2, 5)
    w.events.append(Event("starttls-not-supported", a, b, .5, domains=w.pool(), senders=["northwind.example"]))
    w.expect("starttls-not-supported", ["path"], w.pool(), a, b)

def node_mismatch(w):
    """One address, of either family, shows a certificate of another host."""
    a = w.rng.randrange(15, 25); b = a + w.rng.randrange(3, 9)
    node = w.rng.choice(w.domain(0).nodes)
    w.events.append(Event("certificate-host-mismatch", a, b, .95, domains=w.pool(), nodes=[node.ip]))
    w.expect("certificate-host-mismatch", ["node"], w.pool(), a, b)

def ipv6_only(w):
    """A firewall spoils STARTTLS over IPv6."""
    a = w.rng.randrange(15, 28); b = w.days - 1
    v6 = [n.ip for n in w.domain(0).nodes if ":" in n.ip]
    w.events.append(Event("starttls-not-supported", a, b, .9, domains=w.pool(), nodes=v6))
    w.expect("starttls-not-supported", ["node", "ours"], w.pool(), a, b)

def undeclared_policy(w):
    """The published MTA-STS policy changes and nobody declared it."""
    k, i = w.rng.randrange(16, 28), w.rng.randrange(0, 3)
    dom = w.domain(i)
    w.change_policy(i, k, mx=["mx.elsewhere.example", *dom.mx])
    w.declared[dom.name] = w.declared[dom.name][:1]
    w.expect("policy-drift", ["ours", "unknown"], [dom.name], k, w.days - 1)

def policy_lost(w):
    """The _mta-sts record disappears: senders find no policy any more."""
    first, dom, one = w.rng.randrange(18, 28), w.domain(2), w.one_report
    def report(k, snd, at, week):
        mode = dom.mode
        if at is dom and k >= first:
            dom.mode = ""
        rep = one(k, snd, at, week)
        dom.mode = mode
        return rep
    w.one_report = report
    w.expect("policy-drift", ["ours"], [dom.name], first, w.days - 1)

def mx_uncovered(w):
    """A backup MX that the policy does not list."""
    a = w.rng.randrange(16, 28); b = w.days - 1
    kind = w.rng.choice(["certificate-host-mismatch", "validation-failure"])
    names = [w.domain(0).name]
    w.events.append(Event(kind, a, b, .15, domains=names, receiving_host="mx9.backup.example", receiving_ip="203.0.113.9"))
    w.expect("mx-not-covered", ["ours", "node"], names, a, b)

def dane_onset_one_sender(w):
    """One of several DANE senders cannot match our records."""
    w.dane()
    a = w.rng.randrange(16, 28); b = w.days - 1
    w.events.append(Event("tlsa-invalid", a, b, .9, senders=["freepost.example"], policy_type="tlsa"))
    w.expect("tlsa-invalid", ["sender"], w.names(), a, b)

def dnssec_broken(w):
    w.dane()
    a = w.rng.randrange(16, 28); b = a + w.rng.randrange(1, 4)
    names = [w.domain(2).name]
    w.events.append(Event("dnssec-invalid", a, b, .9, domains=names, policy_type="tlsa"))
    w.expect("dnssec-invalid", ["ours"], names, a, b)

def webpki_one_domain(w):
    a = w.rng.randrange(15, 28); b = w.days - 1
    names = [w.domain(0).name]
    w.events.append(Event("sts-webpki-invalid", a, b, .6, domains=names, policy_type="sts"))
    w.expect("sts-webpki-invalid", ["ours"], names, a, b)

def distrusting_sender(w):
    """A sender drops our authority from its list."""
    a = w.rng.randrange(16, 26); b = w.days - 1
    w.events.append(Event("certificate-not-trusted", a, b, .97, senders=["cableco.example"]))
    w.expect("certificate-not-trusted", ["sender"], w.names(), a, b)

def intake_silent(w):
    """Nobody's reports come any more."""
    a = w.rng.randrange(22, 36)
    w.silence.append((None, a, w.days))
    w.expect("intake-silent", ["ours"], w.names(), a, w.days - 1)

def short_gap(w):
    """A sender that stops for a week."""
    a = w.rng.randrange(22, 28); b = a + 6
    w.silence.append(("cableco.example", a, b))
    w.expect("report-gap", ["unknown", "sender"], w.names(), a, b, senders=["cableco.example"])

def recurring(w):
    """It comes back within days: one incident."""
    a = w.rng.randrange(15, 18)
    for first in (a, a + 6):
        w.events.append(Event("certificate-expired", first, first + 2, .9, domains=w.pool()))
    w.expect("certificate-expired", ["ours"], w.pool(), a, a + 8)

def flapping(w):
    a = w.rng.randrange(15, 20)
    for k in range(a, a + 12, 2):
        w.events.append(Event("certificate-expired", k, k, .3, domains=w.pool()))
    w.expect("certificate-expired", ["ours"], w.pool(), a, a + 10)

def two_episodes(w):
    """It comes back after three weeks: two incidents."""
    for a, b in ((10, 12), (32, w.days - 1)):
        w.events.append(Event("certificate-expired", a, b, .9, domains=w.pool()))
        w.expect("certificate-expired", ["ours"], w.pool(), a, b)

def two_at_once(w):
    simulate.cert_expired_node(w)
    simulate.sts_fetch_one_sender(w)

def two_of_a_kind(w):
    """One node of the pool, and days later the other site."""
    a, b = w.rng.randrange(16, 24), w.days - 1
    w.events.append(Event("certificate-expired", a, a + 6, .95, domains=w.pool(), nodes=[w.domain(0).nodes[0].ip]))
    w.expect("certificate-expired", ["node"], w.pool(), a, a + 6)
    w.events.append(Event("certificate-expired", a + 3, b, .9, domains=[w.domain(2).name]))
    w.expect("certificate-expired", ["ours"], [w.domain(2).name], a + 3, b)

def late_incident(w):
    """An incident among reports of which a third are late."""
    w.late = .3
    simulate.cert_expired_all(w)

def clock_skew(w):
    """Windows that begin hours before or after midnight."""
    plain = w.report_json
    hours = {s.submitter: w.rng.choice([0, -8, -5, 2, 5, 8]) for s in w.senders}
    def report(k, snd, dom, policies):
        rep = plain(k, snd, dom, policies)
        if snd.style in ("google", "stalwart", "mailru"):
            for key, text in rep["date-range"].items():
                at = datetime.fromisoformat(text.rstrip("Z")) + timedelta(hours=hours.get(snd.submitter, 0))
                rep["date-range"][key] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return rep
    w.report_json = report
    simulate.cert_expired_all(w)


# ---- small sites, and what agrees ---------------------------------------------------------------

def tiny_one_sender(w):
    """One of four senders fails, once or twice a day, and goes on."""
    a, dom = w.rng.randrange(20, 26), w.tiny((1.2, 2.5))
    snd = w.sender("acme.example")
    w.events.append(Event("starttls-not-supported", a, w.days - 1, .97, senders=[snd.submitter]))
    w.expect("starttls-not-supported", ["sender", "path"], [dom.name], a, w.days - 1)

def tiny_installed_broken(w):
    """Installed because nothing works, on three sessions a day."""
    dom = w.tiny((.6, 1.0))
    w.events.append(Event("certificate-not-trusted", 0, w.days, .98))
    w.expect("certificate-not-trusted", ["ours"], [dom.name], 0, w.days - 1)

def tiny_half(w):
    """Of eight sessions a day four fail, for everybody."""
    a, dom = w.rng.randrange(16, 24), w.tiny((1.5, 2.5))
    w.events.append(Event("validation-failure", a, w.days - 1, .5))
    w.expect("validation-failure", ["ours"], [dom.name], a, w.days - 1)

def chain_incomplete(w):
    """Three senders do not know the intermediate, the others fetch or remember it."""
    a, b = w.rng.randrange(16, 26), w.days - 1
    some = ["freepost.example", "cableco.example", "acme.example"]
    w.events.append(Event("certificate-not-trusted", a, b, .98, senders=some))
    w.expect("certificate-not-trusted", ["ours"], w.names(), a, b)

def described_by_nobody(w):
    """A small site where everything fails, and the reports only count it."""
    a, dom = w.rng.randrange(16, 26), w.tiny((.8, 2.0))
    w.events.append(Event("validation-failure", a, w.days - 1, .97, told=False))
    w.expect("not-described", ["ours"], [dom.name], a, w.days - 1)

def tiny_silent(w):
    """A small site's reports stop, and a month later somebody looks."""
    dom = w.tiny((.8, 2.5))
    w.silence.append((None, w.rng.randrange(28, 34), w.days))
    w.later = w.rng.randrange(20, 40)
    w.expect("intake-silent", ["ours", "unknown"], [dom.name], w.silence[0][1], w.days - 1 + w.later, state="open")


# ---- noise -------------------------------------------------------------------------------------

def bad_hour(w):
    k = w.rng.randrange(16, 36)
    w.events.append(Event("starttls-not-supported", k, k, .042))
    w.expect("starttls-not-supported", ANY, w.names(), k, k, optional=True)

def weekly_reporters(w):
    for snd in w.senders[4:]:
        snd.cadence = .14

def late_flood(w):
    w.late = .5

def holiday(w):
    """Hardly any mail for six days."""
    one = w.one_report
    w.one_report = lambda k, snd, dom, week: one(k, snd, dom, week * (.1 if 20 <= k <= 25 else 1))

def sender_growth(w):
    snd, one = w.sender("cableco.example"), w.one_report
    usual = snd.sessions
    def report(k, who, dom, week):
        snd.sessions = usual * (20 if k >= 18 else 1)
        return one(k, who, dom, week)
    w.one_report = report

def new_dane_sender(w):
    """A sender begins to look at our TLSA records, and all is well."""
    w.dane()
    snd, first, one = w.sender("cableco.example"), w.rng.randrange(15, 25), w.one_report
    def report(k, who, dom, week):
        snd.validates = ("sts", "tlsa") if k >= first else ("sts",)
        return one(k, who, dom, week)
    w.one_report = report

def sender_renames(w):
    old, k = w.sender("freepost.example"), w.rng.randrange(18, 28)
    new = copy.deepcopy(old)
    new.org, new.submitter = "Freepost Europe", "freepost-eu.example"
    w.senders.append(new)
    w.base[new.submitter] = w.base[old.submitter]
    w.silence += [(old.submitter, k, w.days), (new.submitter, 0, k - 1)]

def report_loops(w):
    """Reporters whose only session each day is their own report; for one of them it comes to fail, which is no loop any more."""
    loops = [Sender(f"loop{i}", f"loop{i}.example", "stalwart", 1, [f"203.0.{140 + i}"]) for i in range(4)]
    w.senders += loops
    one = w.one_report
    def report(k, snd, dom, week):
        if snd not in loops:
            return one(k, snd, dom, week)
        if dom is not w.domain(0):
            return None
        failed = int(snd is loops[1] and k > 20)
        details = [{"result-type": "certificate-expired", "failed-session-count": 1,
                    "receiving-mx-hostname": dom.nodes[0].host}] * failed
        return w.report_json(k, snd, dom, [{
            "policy": {"policy-type": "sts", "policy-string": dom.policy_string(), "policy-domain": dom.name},
            "summary": {"total-successful-session-count": 1 - failed, "total-failure-session-count": failed},
            "failure-details": details}])
    w.one_report = report
    w.expect("certificate-expired", ["sender"], [w.domain(0).name], 21, w.days - 1)

def tiny_hobby_server(w):
    """One of four senders, with a session or two a day, has never trusted our authority."""
    w.tiny((1.0, 2.5))
    w.events.append(Event("certificate-not-trusted", 0, w.days, 1.0, senders=["hosty.example"]))

def tiny_twentieth(w):
    """A session in twenty fails, always."""
    w.tiny((1.0, 4.0))
    w.events.append(Event("starttls-not-supported", 0, w.days, .05))

def unverified_crowd(w):
    """Many agree that everything fails, and none of them can be believed."""
    for snd in w.senders[4:]:
        snd.https = True
    w.events.append(Event("certificate-expired", 20, w.days - 1, .9, senders=[s.submitter for s in w.senders[4:]]))


FAMILIES = {f.__name__: f for f in (
    mitm_foreign_address, mitm_few_sessions, stripped_sender, node_mismatch, ipv6_only, undeclared_policy, policy_lost,
    mx_uncovered, dane_onset_one_sender, dnssec_broken, webpki_one_domain, distrusting_sender, intake_silent, short_gap,
    recurring, flapping, two_episodes, two_at_once, two_of_a_kind, late_incident, clock_skew, bad_hour, weekly_reporters,
    late_flood, holiday, sender_growth, new_dane_sender, sender_renames, report_loops, unverified_crowd,
    tiny_one_sender, tiny_installed_broken, tiny_half, chain_incomplete, described_by_nobody, tiny_silent, tiny_hobby_server,
    tiny_twentieth)}

if __name__ == "__main__":
    # build() has the families of its own module as default
    simulate.build.__defaults__ = (FAMILIES,)
    sys.exit(simulate.main(FAMILIES))
