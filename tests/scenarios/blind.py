#!/usr/bin/env python3
"""Families for simulate.py that were written before the rules they are scored with, and to which
the rules were not fitted. They vary what the others hold fixed: how many domains, sessions, senders
and nodes there are, who is affected, and by what share. Same arguments as simulate.py."""
import sys

import simulate
from simulate import Domain, Event, Node, Sender


def site(w, nodes=1, volume=1.0, mode="enforce"):
    """One domain alone, with so many hosts of one address each."""
    tld = w.domains[0].name.rsplit(".", 1)[1]
    hosts = [Node(f"mx{i}.only.{tld}", f"198.51.100.{30 + i}") for i in range(1, nodes + 1)]
    only = Domain(f"only.{tld}", hosts, mode, [f"*.only.{tld}"], volume=volume)
    w.domains = [only]
    w.declared = {only.name: [(0, only.policy_string())]}
    return only

def crowd(w, count, sessions, cadence=1.0, validates=("sts",)):
    """So many senders of about the same size, none of them related to another."""
    styles = ("google", "postfix", "stalwart", "mox", "google")
    w.senders = [Sender(f"mx.s{i}.example", f"s{i}.example", styles[i % 5], w.rng.uniform(*sessions),
                        [f"100.{64 + i}.1", f"100.{64 + i}.2"][:1 + i % 2], validates, w.rng.uniform(1, 18), cadence)
                 for i in range(count)]
    w.base = {x.submitter: w.background(w.rng) for x in w.senders}


# ---- incidents ---------------------------------------------------------------------------------

def only_one_sender(w):
    """There is only one who reports at all, and one day everything that it sends fails."""
    a, dom = w.rng.randrange(18, 30), site(w)
    crowd(w, 1, (10, 60))
    w.events.append(Event("certificate-expired", a, w.days - 1, .96))
    w.expect("certificate-expired", ["ours", "unknown"], [dom.name], a, w.days - 1)

def sixty_senders(w):
    """Sixty senders that each come by once or twice a week: nobody sees enough, together they do."""
    a, dom = w.rng.randrange(18, 30), site(w, 2)
    crowd(w, 60, (.1, .4))
    w.events.append(Event("starttls-not-supported", a, w.days - 1, .98))
    w.expect("starttls-not-supported", ["ours"], [dom.name], a, w.days - 1)

def many_domains(w):
    """A host with three hundred domains, most of which get a message a day: its certificate expires."""
    a, first = w.rng.randrange(20, 28), site(w, 2)
    w.domains = [Domain(f"d{i}.{first.name}", first.nodes, "testing", first.mx, volume=w.rng.uniform(.3, 1.7)) for i in range(300)]
    w.declared = {d.name: [(0, d.policy_string())] for d in w.domains}
    crowd(w, 5, (.1, .3))
    w.events.append(Event("certificate-expired", a, w.days - 1, .98))
    w.expect("certificate-expired", ["ours"], w.names(), a, w.days - 1)

def hundred_thousand(w):
    """A hundred thousand sessions a day, of which one in fifty begins to break."""
    a, dom = w.rng.randrange(18, 28), site(w, 4)
    crowd(w, 8, (5000, 20000))
    w.events.append(Event("validation-failure", a, w.days - 1, .02, reason="connection-closed-during-handshake"))
    w.expect("validation-failure", ["ours"], [dom.name], a, w.days - 1)

def half_of_the_senders(w):
    """The chain lacks an intermediate: half of the senders know it from elsewhere, half do not."""
    a, dom = w.rng.randrange(16, 28), site(w, 2)
    b = w.days - 1 if w.rng.random() < .5 else a + 6
    crowd(w, 10, (40, 400))
    w.events.append(Event("certificate-not-trusted", a, b, .97, senders=[x.submitter for x in w.rng.sample(w.senders, 5)]))
    w.expect("certificate-not-trusted", ["ours"], [dom.name], a, b)

def office_that_grows(w):
    """No mail to speak of at weekends, four times as much at the end as at first, and then one session in eight fails."""
    a, dom, one = w.rng.randrange(16, 28), site(w, 2), w.one_report
    crowd(w, 7, (10, 80))
    w.one_report = lambda k, snd, at, week: one(k, snd, at, (.05 if week < 1 else 1) * (1 + 3 * k / w.days))
    w.events.append(Event("certificate-host-mismatch", a, w.days - 1, .12))
    w.expect("certificate-host-mismatch", ["ours"], [dom.name], a, w.days - 1)

def come_and_go(w):
    """Reporters that are there for a fortnight and away for another, and a TLSA record that is wrong."""
    a, dom, one = w.rng.randrange(16, 28), site(w, 3), w.one_report
    dom.dane = True
    crowd(w, 12, (5, 50), validates=("sts", "tlsa"))
    phase = {x.submitter: w.rng.randrange(0, 28) for x in w.senders}
    w.one_report = lambda k, snd, at, week: one(k, snd, at, week) if (k + phase[snd.submitter]) % 28 < 16 else None
    w.events.append(Event("tlsa-invalid", a, w.days - 1, .97, policy_type="tlsa"))
    w.expect("tlsa-invalid", ["ours"], [dom.name], a, w.days - 1)

def two_words_one_cause(w):
    """The certificate has expired, and one of the senders calls it a validation failure."""
    a, dom = w.rng.randrange(16, 28), site(w, 2)
    b = a + w.rng.randrange(4, 9)
    crowd(w, 8, (20, 200))
    other = w.rng.choice(w.senders).submitter
    w.events.append(Event("certificate-expired", a, b, .97, senders=[x.submitter for x in w.senders if x.submitter != other]))
    w.events.append(Event("validation-failure", a, b, .97, senders=[other]))
    w.expect(["certificate-expired", "validation-failure"], ["ours"], [dom.name], a, b)

def two_things_at_once(w):
    """IPv6 has lost STARTTLS, and from the same day on the policy of one domain cannot be fetched."""
    a, b = w.rng.randrange(16, 26), w.days - 1
    v6 = [n.ip for n in w.domain(0).nodes if ":" in n.ip]
    w.events.append(Event("starttls-not-supported", a, b, .9, domains=w.pool(), nodes=v6))
    w.expect("starttls-not-supported", ["node", "ours"], w.pool(), a, b)
    w.events.append(Event("sts-policy-fetch-error", a, b, .4, domains=[w.domain(2).name], policy_type="sts"))
    w.expect("sts-policy-fetch-error", ["ours"], [w.domain(2).name], a, b)

def one_network_of_a_small_sender(w):
    """Half of a sender's machines stand behind something that eats STARTTLS."""
    a = w.rng.randrange(18, 26); b = a + w.rng.randrange(6, 12)
    dom = site(w, 4)
    crowd(w, 7, (30, 120))
    snd = w.senders[1]
    w.events.append(Event("starttls-not-supported", a, b, .95, senders=[snd.submitter], net=snd.nets[0]))
    w.expect("starttls-not-supported", ["path"], [dom.name], a, b)

def installed_in_trouble(w):
    """Three sessions a day, from three senders, and never one that worked."""
    dom = site(w)
    crowd(w, 3, (.8, 1.4))
    w.events.append(Event("certificate-host-mismatch", 0, w.days, .98))
    w.expect("certificate-host-mismatch", ["ours"], [dom.name], 0, w.days - 1)

def quiet_small_site(w):
    """A small site whose reports stop, and nobody looks for two months."""
    a, dom = w.rng.randrange(24, 34), site(w)
    crowd(w, 5, (.5, 2))
    w.silence.append((None, a, w.days))
    w.later = w.rng.randrange(10, 100)
    w.expect("intake-silent", ["ours", "unknown"], [dom.name], a, w.days - 1 + w.later, state="open")

def every_fifth(w):
    """Eight sessions a day, and of a sudden one in five fails."""
    a, dom = w.rng.randrange(14, 20), site(w)
    crowd(w, 5, (1.2, 2.5))
    w.events.append(Event("starttls-not-supported", a, w.days - 1, .22))
    w.expect("starttls-not-supported", ["ours"], [dom.name], a, w.days - 1)


# ---- noise -------------------------------------------------------------------------------------

def always_a_twentieth(w):
    """A small site where one session in twenty has always failed, one way or another."""
    site(w)
    crowd(w, 6, (.5, 3))
    for kind in ("starttls-not-supported", "validation-failure"):
        w.events.append(Event(kind, 0, w.days, .025))

def believed_by_nobody(w):
    """All reports come by HTTPS, from nobody that is known."""
    site(w)
    crowd(w, 6, (2, 20))
    for snd in w.senders:
        snd.https = True
    w.events.append(Event("certificate-expired", 20, w.days - 1, .9))


FAMILIES = {f.__name__: f for f in (
    only_one_sender, sixty_senders, many_domains, hundred_thousand, half_of_the_senders, office_that_grows, come_and_go,
    two_words_one_cause, two_things_at_once, one_network_of_a_small_sender, installed_in_trouble, quiet_small_site, every_fifth,
    always_a_twentieth, believed_by_nobody)}

if __name__ == "__main__":
    # build() has the families of its own module as default
    simulate.build.__defaults__ = (FAMILIES,)
    sys.exit(simulate.main(FAMILIES))
