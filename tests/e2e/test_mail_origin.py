"""Which host a post came from: forward-confirmed, against a real name server, lying and silent ones
included."""
import pytest

import dkim_mails as mails
from dns_server import NameServer

V6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."

RECORDS = [
    "9.113.0.203.in-addr.arpa. PTR Out.Example.Net.", "out.example.net. A 203.0.113.9", "out.example.net. A 203.0.113.8",
    "10.113.0.203.in-addr.arpa. PTR out.example.net.",                                   # a lie
    "11.113.0.203.in-addr.arpa. PTR absent.example.net.",
    "12.113.0.203.in-addr.arpa. PTR absent.example.net.", "12.113.0.203.in-addr.arpa. PTR second.example.net.",
    "second.example.net. A 203.0.113.12",
    "13.113.0.203.in-addr.arpa. PTR alias.example.net.", "alias.example.net. CNAME real.example.net.",
    "real.example.net. A 203.0.113.13",
    "14.113.0.203.in-addr.arpa. PTR loop.example.net.", "loop.example.net. CNAME pool.example.net.",
    "pool.example.net. CNAME loop.example.net.",
    "15.113.0.203.in-addr.arpa. PTR slow.example.net.",
    "16.113.0.203.in-addr.arpa. PTR x.broken.example.",
    'odd.example.net. TXT "no address"', "17.113.0.203.in-addr.arpa. PTR odd.example.net.",
    "18.113.0.203.in-addr.arpa. PTR esc\\027[31m.example.net.",
    *(f"19.113.0.203.in-addr.arpa. PTR n{i}.example.net." for i in range(100)),
    f"{V6} PTR six.example.net.", "six.example.net. AAAA 2001:db8::1", "six.example.net. A 203.0.113.20",
    "20.113.0.203.in-addr.arpa. CNAME 20.0/25.113.0.203.in-addr.arpa.",                  # RFC 2317
    "20.0/25.113.0.203.in-addr.arpa. PTR six.example.net.",
    "1.0.0.127.in-addr.arpa. PTR here.example.net.", "here.example.net. A 127.0.0.1",
]

WANTED = {
    "203.0.113.9": "out.example.net", "203.0.113.10": "", "203.0.113.11": "", "203.0.113.12": "second.example.net",
    "203.0.113.13": "alias.example.net", "203.0.113.14": "", "203.0.113.15": "", "203.0.113.16": "",
    "203.0.113.17": "", "203.0.113.18": "", "203.0.113.19": "", "203.0.113.20": "six.example.net",
    "203.0.113.99": "", "2001:db8::1": "six.example.net", "2001:db8::2": "", "127.0.0.1": "here.example.net",
    "not an address": "", "": "",
}


@pytest.fixture(scope="module")
def driver(build, tmp_path_factory):
    server = NameServer(RECORDS, broken=["broken.example"])
    path = tmp_path_factory.mktemp("conf") / "tlsrpt.conf"
    path.write_text(f'resolver {{ forwarders = {{"{server.forwarder}"}} }}\n')
    driver = mails.Driver(build, "origin", path)
    yield driver
    assert driver.close() == 0
    server.stop()


@pytest.mark.parametrize("peer", WANTED)
def test_confirmed_name(driver, peer):
    assert driver.line(peer)["name"] == WANTED[peer]


def test_cache_outlives_the_server(build, tmp_path):
    """The second answer comes from the cache: the server is gone by then."""
    server = NameServer(RECORDS)
    path = tmp_path / "tlsrpt.conf"
    path.write_text(f'resolver {{ forwarders = {{"{server.forwarder}"}} }}\n')
    driver = mails.Driver(build, "origin", path)
    assert driver.line("203.0.113.9")["name"] == "out.example.net"
    server.stop()
    assert driver.line("203.0.113.9")["name"] == "out.example.net"
    assert driver.line("203.0.113.12")["name"] == ""
    assert driver.close() == 0
