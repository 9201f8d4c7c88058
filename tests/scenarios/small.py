#!/usr/bin/env python3
"""Sites of every size, for the table of the manual: families named SESSIONS-SHARE-SENDERS, as
0.5-100-2: half a session a day from two senders, all of which fail from the 46th day on."""
import sys

import simulate
from blind import crowd, site
from simulate import Event

CLEAN, FAILING = 45, 45
SESSIONS = (.5, 3, 10, 100, 1000)
SHARES = (100, 50, 20, 5)
SENDERS = (2, 5)


def family(sessions, share, senders):
    def build(w):
        w.days = CLEAN + FAILING
        dom = site(w)
        crowd(w, senders, (sessions / senders, sessions / senders))
        w.late = w.bursts = 0
        w.base = {x.submitter: {"validation-failure": 1e-4} for x in w.senders}
        w.events.append(Event("certificate-expired", CLEAN, w.days, share / 100))
        w.expect("certificate-expired", ["ours"], [dom.name], CLEAN, w.days - 1)
    return build


FAMILIES = {f"{a:g}-{b}-{c}": family(a, b, c) for a in SESSIONS for b in SHARES for c in SENDERS}

if __name__ == "__main__":
    simulate.build.__defaults__ = (FAMILIES,)
    sys.exit(simulate.main(FAMILIES))
