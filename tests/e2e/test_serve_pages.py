"""The pages of `tlsrpt serve`: headers, links, rows equal to the command line's, hostile texts inert, refusals."""
import base64
import concurrent.futures
import gzip
import hashlib
import html
import json
import re
import shutil
import subprocess
import time
import urllib.parse

import psycopg2
import pytest

import store
from pages import Pages, Unix, links
from store import report

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(2)>', "' onmouseover='alert(3)", '</style><b>',
           '&lt;b&gt;', 'javascript:alert(4)', '\x1b[31mred\x07', '\u202eexe.txt', '\n\nSet-Cookie: a=b', '%3Cscript%3E',
           'W' * 800]
LISTS = {"/domains": "domains", "/senders": "senders", "/results": "results"}
ALL = ["/", "/now", "/now?state=resolved", "/domains", "/senders", "/results", "/reports", "/heat", "/trend", "/intake",
       "/domain/example.org", "/sender/example.net", "/nowhere", "/domains?nonsense=1", "/finding/nix"]


@pytest.fixture
def stored(build, database):
    store.migrate(build, database)
    return database


@pytest.fixture
def driver(build, stored):
    made = store.Driver(build, stored.role_uri("tlsrpt_collector"))
    yield made
    made.close()


@pytest.fixture
def serve(tlsrpt, stored, tmp_path):
    """Starts it as the reader; may be called again with other settings."""
    started = []

    def start(settings='listen = {"127.0.0.1:0"}', more=""):
        folder = tmp_path / f"serve{len(started)}"
        folder.mkdir()
        started.append(Pages(tlsrpt, folder, stored.role_uri("tlsrpt_reader"), settings, more))
        return started[-1]
    yield start
    for pages in started:
        assert pages.stop() == 0


def fill(driver, days=20, senders=4):
    """A domain whose certificate expires in the latest days, as all of its senders see it."""
    for n in range(senders):
        sender = f"sender{n}.example"
        reports = []
        for back in range(days, 0, -1):
            failed = 90 if back <= 5 else 0
            details = [{"type": "certificate-expired", "failed": failed, "mx": "mx.example.org"}] if failed else []
            reports.append(report(f"{sender}-{back}", days_ago=back, sender=sender, organization=f"Org {n}",
                                  received=store.start_of(back - 1) + 3600 + n,
                                  policies=[{"domain": "example.org", "successful": 100 - failed, "failed": failed,
                                             "details": details}]))
        driver.put(*reports)


def command(tlsrpt, database, *words):
    done = subprocess.run([tlsrpt, *words, "--db", database.role_uri("tlsrpt_reader")], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_answer_is_guarded(serve, driver):
    fill(driver)
    pages = serve()
    for path in ALL:
        answer = pages.get(path)
        style = re.search(r"<style>(.*?)</style>", answer.text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"), path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "set-cookie" not in answer.headers
        rest = answer.text.replace(style, "")
        assert rest.count("<h1") == 1 and rest.count("<main") == 1 and rest.count('href="#main"') == 1, path
        assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:|<iframe|<object|<embed", rest), path
        assert all(link.startswith(("/", "#", "?", "data:,")) for link in links(rest)), links(rest)


def test_statuses(serve, driver):
    driver.put(report())
    pages = serve()
    assert pages.get("/domains").status == 200
    for path, status, why in [("/nowhere", 404, "there is no page"), ("/finding/nix", 404, "no finding"),
                              ("/report/20260101-0000000000000000", 404, "nothing is kept"), ("/report/x", 404, "no id"),
                              ("/raw/x", 404, "no id"), ("/domains?nonsense=1", 400, "no parameter &quot;nonsense&quot;"),
                              ("/domains?since=sometime", 400, "sometime"), ("/domains?trust=full", 400, "full"),
                              ("/domains?rows=0", 400, "rows"), ("/reports?after=x", 400, "after"),
                              ("/domains?since=%zz", 400, "cannot be read"), ("/domain/%00", 400, "cannot be read"),
                              ("/domains?a=%ff", 400, "cannot be read"), ("/domain/a,b", 400, "one name")]:
        answer = pages.get(path)
        assert answer.status == status, path
        assert why in answer.text, answer.text
    rows = pages.get("/domains.json?since=sometime")
    assert rows.status == 400 and rows.headers["content-type"].startswith("text/plain")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        answer = pages.get("/domains", method)
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"
    assert pages.get("/domains", "POST", body=b"x" * 100000).status == 405
    assert pages.get("/domains", body=b"x" * 10).status == 400
    assert pages.get("/" + "x" * 5000).status == 414
    head = pages.get("/domains", "HEAD")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 1000


def test_only_our_hosts_are_answered(serve):
    pages = serve('listen = {"127.0.0.1:0"}\n hosts = {"tls.example.com"}\n public_url = "https://mail.example.org/x"')
    for host in ("tls.example.com", "TLS.example.com:443", "mail.example.org", "localhost", "127.0.0.1:1", "[::1]"):
        assert pages.get("/healthz", Host=host).status == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "tls.example.com.evil", "192.0.2.1", ""):
        assert pages.get("/healthz", Host=host).status in (400, 421), host
        assert pages.get("/now.json", Host=host).body.count(b"policy_domains") == 0
    assert pages.raw(b"GET /healthz HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert pages.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert pages.raw(b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_base_path(serve, driver):
    fill(driver)
    pages = serve('listen = {"127.0.0.1:0"}\n base_path = "/tools/tls"')
    assert pages.address.endswith("/tools/tls/")
    for path in ALL:
        kept, taken = pages.get("/tools/tls" + path), pages.get(path)
        assert kept.status == taken.status
        for link in links(kept.text):
            assert link.startswith(("/tools/tls/", "#", "?", "data:,")), link
    assert pages.get("/tools/tls").status == 200
    assert pages.get("/tools/tlsx").status == 404


NGINX = """
daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
    server {{
        listen unix:{0}/nginx;
        location /kept/ {{ proxy_pass http://127.0.0.1:{1}; }}
        location /taken/ {{ proxy_pass http://127.0.0.1:{2}/; proxy_set_header Host tls.example.com; }}
    }}
}}
"""


def test_behind_nginx(serve, driver, tmp_path):
    """As the manual says, which leaves the base path, and as others do it, who take it away."""
    fill(driver)
    kept = serve('listen = {"127.0.0.1:0"}\n base_path = "/kept"')
    taken = serve('listen = {"127.0.0.1:0"}\n base_path = "/taken/"\n hosts = {"tls.example.com"}')
    (tmp_path / "nginx.conf").write_text(NGINX.format(tmp_path, kept.port, taken.port))
    nginx = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", tmp_path / "nginx.conf", "-e", "stderr"],
                             stderr=subprocess.PIPE, text=True)
    try:
        while not (tmp_path / "nginx").exists():
            assert nginx.poll() is None, nginx.stderr.read()
            time.sleep(0.05)
        for base in ("/kept", "/taken"):
            seen, wanted = set(), [base + "/"]
            while wanted and len(seen) < 40:
                path = wanted.pop(0)
                if path in seen:
                    continue
                seen.add(path)
                answer = kept.get(path, connection=Unix(f"{tmp_path}/nginx"))
                assert answer.status == 200, path
                wanted += [link.split("#")[0] for link in links(answer.text) if link.startswith("/")] \
                    if answer.headers["content-type"].startswith("text/html") else []
            assert len(seen) == 40 and all(path.startswith(base + "/") for path in seen)
    finally:
        nginx.terminate()
        nginx.communicate()


def test_links_lead_somewhere_and_keep_the_days(serve, driver):
    fill(driver)
    pages = serve()
    seen, wanted = set(), ["/?since=14d", "/senders?since=14d"]
    while wanted:
        path = wanted.pop(0)
        if path in seen or len(seen) > 300:
            continue
        seen.add(path)
        answer = pages.get(path)
        assert answer.status == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            here = urllib.parse.urlsplit(path).path
            wanted += [urllib.parse.urljoin(here, link).split("#")[0] for link in links(answer.text)
                       if not link.startswith(("#", "data:"))]
    assert any(path.startswith("/report/") for path in seen)
    assert any(path.startswith("/finding/") for path in seen)
    assert "/sender/sender1.example?since=14d" in seen


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_rows_equal_the_command_line(serve, driver, stored, tlsrpt, path, form):
    fill(driver)
    pages = serve()
    for query, words in [("", ["--since", "7d"]), ("?since=3d", ["--since", "3d"]),
                         ("?since=90d&sender=sender1.example&trust=verified",
                          ["--since", "90d", "--sender", "sender1.example", "--trust", "verified"]),
                         ("?domain=nobody.example", ["--since", "7d", "--domain", "nobody.example"])]:
        assert pages.get(f"{path}.{form}{query}").body == command(
            tlsrpt, stored, LISTS[path], *words, "--format", form), query


def test_rows_of_the_other_pages(serve, driver, stored, tlsrpt):
    fill(driver)
    pages = serve()
    one = json.loads(command(tlsrpt, stored, "findings", "--state", "open", "--format", "json"))
    assert one and json.loads(pages.get("/now.json").body) == one
    found = one[0]["id"]
    assert json.loads(pages.get(f"/finding/{found}.json").body) == [one[0]]
    assert pages.get(f"/finding/{found}.csv").body == command(tlsrpt, stored, "findings", found, "--format", "csv")
    assert json.loads(pages.get("/now.json?domain=example.org&state=open").body) == json.loads(
        command(tlsrpt, stored, "findings", "--state", "open", "--domain", "example.org", "--format", "json"))
    for form in ("json", "csv"):
        assert pages.get(f"/reports.{form}").body == command(tlsrpt, stored, "reports", "--since", "7d", "--format", form)
        assert pages.get(f"/domain/example.org.{form}").body == command(
            tlsrpt, stored, "summary", "--domain", "example.org", "--since", "30d", "--format", form)
        assert pages.get(f"/sender/sender0.example.{form}").body == command(
            tlsrpt, stored, "summary", "--sender", "sender0.example", "--since", "7d", "--format", form)
    name = json.loads(pages.get("/reports.json").body)[0]["id"]
    assert pages.get(f"/report/{name}.json").body == command(tlsrpt, stored, "show", name, "--format", "json")


def test_trust_says_what_is_meant_where_none_is_chosen(serve, stored):
    pages = serve()
    for path, first in {"/heat": "verified, operator, confirmed", "/trend": "verified, operator, confirmed", "/results": "verified, operator, confirmed",
                        "/domains": "any", "/reports": "any"}.items():
        choices = re.search(r'name="trust">(.*?)</select>', pages.get(path).text)[1]
        assert re.search(r">([^<]+)</option>", choices)[1] == first, path
        assert ">any<" in choices, path


def test_now_says_what_is_wrong(serve, driver, stored, tlsrpt):
    pages = serve()
    empty = pages.get("/").text
    assert "No report has come yet" in empty and "_smtp._tls" in empty
    fill(driver, days=60)
    pages = serve()
    found = json.loads(command(tlsrpt, stored, "findings", "--state", "open", "--format", "json"))
    text = html.unescape(pages.get("/").text)
    for finding in found:
        assert finding["summary"] in text and finding["advice"] in text
    assert "since" in text and f'/finding/{found[0]["id"]}' in text
    told = html.unescape(pages.get(f'/finding/{found[0]["id"]}').text)
    full = command(tlsrpt, stored, "findings", found[0]["id"]).decode()
    matrix = full[full.index("Days and senders"):full.index("Reports behind it")]  # a coloured table on the page
    assert 'class="h5"' in told and 'class="h0"' in told
    for line in full.replace(matrix, "").splitlines():
        for word in line.split():
            assert word in told, line


def test_all_is_well(serve, driver):
    driver.put(*[report(f"r{back}", days_ago=back, policies=[{"domain": "example.org", "successful": 50, "failed": 0}])
                 for back in range(1, 15)])
    text = serve().get("/").text
    assert "All is well" in text
    assert "<strong>100 %</strong><span>secure, of 350 sessions</span>" in text
    assert 'href="/domain/example.org">example.org</a>' in text


def test_what_nobody_vouches_for_waits(serve, driver, stored, tlsrpt):
    """From which confirmed hosts, and the lines that make it count."""
    for number in range(3):
        driver.put(report(f"w{number}", sender="waits.example", tier=4, policies=[
            {"domain": "example.org", "successful": 9, "failed": 0}]))
    stored.sql("UPDATE tlsrpt.claimed_report SET peer_name = 'out.waits.example'")
    text = html.unescape(serve().get("/").text)
    assert "Nothing can be judged yet" in text and ">3 reports have come" in text
    assert 'https_sender "waits.example" { hosts = {"out.waits.example"} }' in text
    assert "All is well" not in text


def test_hostile_texts_are_inert(serve, driver, stored):
    for number, text in enumerate(HOSTILE):
        driver.put(report(f"{text} {number}", sender=f"h{number}.example", organization=text, raw=text,
                          policies=[{"domain": "example.org", "successful": 1, "failed": 1, "details": [
                              {"type": "validation-failure", "failed": 1, "mx": text, "mta": text}]}]))
    stored.sql("UPDATE tlsrpt.believed_report SET trust_reason = organization, contact_info = organization, "
               "peer_name = organization, quirks = ARRAY[organization]")
    stored.sql("UPDATE tlsrpt.believed_policy SET failures = ARRAY(SELECT (failed_sessions, result_type, sending_mta_ip,"
               " receiving_mx_hostname, receiving_mx_hostname, sending_mta_ip, receiving_mx_hostname,"
               " receiving_mx_hostname)::tlsrpt.failure FROM unnest(failures))")
    pages = serve()
    names = [row["id"] for row in json.loads(pages.get("/reports.json").body)]
    paths = ["/", "/domains", "/senders", "/results", "/reports", "/domain/example.org", "/heat", "/trend", "/intake",
             *[f"/sender/h{n}.example" for n in range(len(HOSTILE))], *[f"/report/{name}" for name in names]]
    paths += ["/domain/" + urllib.parse.quote(text, safe="") for text in HOSTILE]
    paths += ["/sender/" + urllib.parse.quote(text, safe="") for text in HOSTILE]
    paths += ["/domains?sender=" + urllib.parse.quote(text, safe="") for text in HOSTILE]
    paths += ["/nowhere/" + urllib.parse.quote(text, safe="") for text in HOSTILE]
    shown = ""
    for path in paths:
        answer = pages.get(path)
        assert answer.status < 500, path
        body = re.sub(r"<style>.*?</style>", "", answer.text, flags=re.S)
        shown += body
        for element in re.findall(r"<[^>]*>", body):
            assert not re.match(r"<(script|img|b>|iframe|style)", element), (path, element)
            assert "alert(" not in re.sub(r'"[^"]*"', "", element), (path, element)
            assert not re.search(r"""^[^"]*'""", re.sub(r'"[^"]*"', "", element)), (path, element)
        for bad in ("\x1b", "\x07", "\u202e", "\nSet-Cookie"):
            assert bad not in body, path
        assert "set-cookie" not in answer.headers
    assert "&lt;script&gt;alert(1)" in shown and "\\x1b[31m" in shown


def test_a_report_in_words_and_as_it_came(serve, driver, stored, tlsrpt):
    driver.put(report("a", sender="a.example", raw='{"x": 1}'))
    driver.put(report("b", sender="b.example", raw="<html>", status=2, reason="no JSON"))
    pages = serve()
    rows = json.loads(pages.get("/reports.json").body)
    assert {row["status"] for row in rows} == {"accepted", "quarantined"}
    for row in rows:
        name = row["id"]
        told = html.unescape(re.sub(r"<[^>]*>", " ", pages.get(f"/report/{name}").text))
        for line in command(tlsrpt, stored, "show", name).decode().splitlines():
            for word in line.split():
                assert word in told, line
        raw = pages.get(f"/raw/{name}")
        assert raw.status == 200 and raw.headers["content-type"] == "application/octet-stream"
        assert raw.headers["x-content-type-options"] == "nosniff"
        assert raw.headers["content-disposition"].startswith(f'attachment; filename="tlsrpt-{name}.')
        assert raw.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert raw.body == command(tlsrpt, stored, "show", name, "--raw")


def test_the_list_of_reports_goes_on(serve, driver):
    for batch in range(4):
        driver.put(*[report(f"{batch}-{n}", sender=f"s{n % 7}.example", days_ago=2,
                            received=store.start_of(1) + n // 3) for n in range(40)])
    pages = serve()
    wanted = [row["id"] for row in json.loads(pages.get("/reports.json").body)]
    path, got = "/reports", []
    while path:
        text = pages.get(path).text
        got += re.findall(r'href="/report/([^"?]*)"', text)
        more = re.search(r'href="([^"]*after=[^"]*)"', text)
        path = "/reports" + html.unescape(more[1]) if more else None
    assert got == wanted and len(got) == len(set(got)) == 160


def test_lists_are_bounded(serve, driver):
    driver.put(*[report(str(n), sender=f"s{n:03d}.example") for n in range(250)])
    pages = serve()
    text = pages.get("/senders").text
    assert text.count('href="/sender/') == 100
    more = html.unescape(re.search(r'href="(\?[^"]*rows=[^"]*)"', text)[1])
    assert pages.get("/senders" + more).text.count('href="/sender/') == 250


def test_gzip(serve, driver):
    driver.put(report())
    pages = serve()
    plain = pages.get("/domains")
    packed = pages.get("/domains", Accept_Encoding="br, gzip")
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-encoding"] == "gzip" and len(packed.body) < len(plain.body) / 2
    as_of = re.compile(rb"As of.*?</time>")
    assert as_of.sub(b"", gzip.decompress(packed.body)) == as_of.sub(b"", plain.body)
    assert "content-encoding" not in pages.get("/domains", Accept_Encoding="gzip;q=0, identity").headers
    assert "content-encoding" not in pages.get("/healthz", Accept_Encoding="gzip").headers


def test_unix_socket(serve, tmp_path):
    pages = serve(f'listen = {{"unix:{tmp_path}/s"}}')
    assert pages.address == f"unix:{tmp_path}/s"
    assert pages.get("/healthz", connection=Unix(f"{tmp_path}/s")).text == "ok\n"
    pages.stop()
    assert not (tmp_path / "s").exists()


def test_connections_hold_no_transaction(serve, driver, stored):
    fill(driver)
    pages = serve()
    for path in ALL:
        pages.get(path)
    assert stored.sql("SELECT DISTINCT state FROM pg_stat_activity WHERE usename = 'tlsrpt_reader' "
                      "AND datname = current_database()") == [("idle",)]


def test_a_database_that_hangs_takes_no_thread_for_good(serve, driver, stored):
    fill(driver)
    pages = serve()
    holder = psycopg2.connect(stored.uri)
    holder.cursor().execute("LOCK TABLE tlsrpt.policy_result IN ACCESS EXCLUSIVE MODE")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        said = [pool.submit(pages.get, "/domains") for _ in range(3)]
    assert {answer.result().status for answer in said} <= {503, 0} and 503 in {answer.result().status for answer in said}
    holder.close()
    assert pages.get("/domains").status == 200


def test_database_away_and_back(serve, driver, stored):
    driver.put(report())
    pages = serve()
    assert pages.get("/domains").status == pages.get("/healthz").status == 200
    connection = psycopg2.connect(stored.server.uri("postgres"))
    connection.autocommit = True
    try:
        connection.cursor().execute(f'ALTER DATABASE "{stored.name}" ALLOW_CONNECTIONS false')
        connection.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                                    (stored.name,))
        for path in ("/domains", "/domains", "/now.json?domain=x.example", "/healthz"):
            assert pages.get(path).status == 503, path
        assert "<h1>Not now</h1>" in pages.get("/domains").text
        assert pages.get("/nowhere").status == 404
    finally:
        connection.cursor().execute(f'ALTER DATABASE "{stored.name}" ALLOW_CONNECTIONS true')
        connection.close()
    assert pages.get("/healthz").status == 200
    assert pages.get("/domains").status == 200


def test_what_is_refused_at_start(tlsrpt, tmp_path, stored):
    for settings, why in [('listen = {"nonsense"}', "nonsense"), ('base_path = "x"', "base_path")]:
        conf = tmp_path / "x.conf"
        conf.write_text(f"web {{ {settings} }}")
        done = subprocess.run([tlsrpt, "serve", "-c", conf, "--db", stored.uri], capture_output=True, text=True)
        assert done.returncode == 78 and why in done.stderr, done.stderr


def scans(stored):
    """How often each month of each table was read."""
    rows = stored.sql("SELECT relname, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables "
                      "WHERE schemaname = 'tlsrpt' AND relname ~ '_[0-9]{6}$'")
    return {name: count for name, count in rows}


def test_the_first_view_reads_no_old_month(serve, driver, stored):
    """A year of reports: the pages as they open read the latest months, not the others."""
    for back in range(1, 360, 15):
        driver.put(*[report(f"{n}-{back}", days_ago=back, sender=f"s{n}.example", received=store.start_of(back - 1))
                     for n in range(20)])
    stored.sql("VACUUM ANALYZE")
    oldest = time.strftime("%Y%m", time.gmtime(store.start_of(130)))
    for path in ("/", "/domains", "/senders", "/results", "/reports", "/domain/example.org", "/sender/s1.example",
                 "/heat", "/trend", "/intake"):
        before = scans(stored)
        pages = serve()
        assert pages.get(path).status == 200
        pages.stop()  # which writes the statistics
        read = {name for name, count in scans(stored).items() if count > before.get(name, 0)}
        assert read, "the statistics must see something"
        assert {name for name in read if name[-6:] < oldest} == set(), path
