"""Debian's Dovecot with a private configuration, as an ordinary user, and a wire before it that can be cut."""
import http.server
import imaplib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from conftest import as_user
from daemon import free_port, make_certificate

USER, PASSWORD, TOKEN = "reports@example.org", "pass word\"\\ä", "good-token"


class Tokens(threading.Thread):
    """What Dovecot asks whether a token is good."""

    def __init__(self):
        super().__init__(daemon=True)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.path.endswith(TOKEN)
                body = json.dumps({"email": USER} if good else {"error": "invalid_token"}).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *ignored):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever()


class Dovecot:
    def __init__(self):
        self.user = "nobody" if os.geteuid() == 0 else None
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.home = self.dir / "home"
        self.maildir = self.home / "Maildir"
        self.certificate, key = make_certificate(self.dir)
        self.port, self.tls_port, self.tokens = free_port(), free_port(), Tokens()
        (self.home / "run").mkdir(parents=True)
        self.password_file = self.dir / "password"
        self.password_file.write_text(PASSWORD + "\n")
        me = self.user or subprocess.check_output(["id", "-un"], text=True).strip()
        group = subprocess.check_output(["id", "-gn", me], text=True).strip()
        (self.dir / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        (self.dir / "oauth2.conf").write_text(
            f"tokeninfo_url = http://127.0.0.1:{self.tokens.port}/info?access_token=\nusername_attribute = email\n")
        self.conf = self.dir / "dovecot.conf"
        self.conf.write_text(f"""
base_dir = {self.home}/run
state_dir = {self.home}/run
log_path = {self.home}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {me}
default_internal_group = {group}
default_login_user = {me}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{self.maildir}
maildir_very_dirty_syncs = yes
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{key}
auth_mechanisms = plain xoauth2 oauthbearer
auth_failure_delay = 0
auth_cache_size = 0
auth_username_format = %Lu
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {self.dir}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = {self.dir}/users
}}
userdb {{
  driver = static
  args = uid={me} gid={group} home={self.home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
""")
        self.own(self.dir)
        self.process = None
        self.start()

    def own(self, top):
        if self.user:
            for folder, _, names in os.walk(top):
                for path in [folder, *(os.path.join(folder, name) for name in names)]:
                    shutil.chown(path, self.user)

    def start(self):
        program = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin")
        # The password is for the daemon, whoever that is.
        self.process = subprocess.Popen(as_user(self.user, [program, "-F", "-c", str(self.conf)]), cwd=self.dir,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                return self.client().logout()
            except (OSError, imaplib.IMAP4.error):
                assert self.process.poll() is None, (self.home / "log").read_text()
                time.sleep(0.05)
        raise RuntimeError("Dovecot does not start")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def client(self, folder=None):
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client._encoding = "utf-8"
        quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
        client._simple_command("LOGIN", f'"{USER}"', f'"{quoted}"')
        client.state = "AUTH"
        if folder:
            assert client.select(f'"{folder}"')[0] == "OK"
        return client

    def fill(self, mails, folder="INBOX"):
        """Puts mails there, as another program would; their UIDs go with their order."""
        path = self.maildir if folder == "INBOX" else self.maildir / ("." + folder)
        for sub in ("new", "cur", "tmp"):
            (path / sub).mkdir(parents=True, exist_ok=True)
        self.filled = getattr(self, "filled", 0)
        for mail in mails:
            self.filled += 1
            text = mail if isinstance(mail, bytes) else mail.encode()
            (path / "cur" / f"{1700000000 + self.filled}.M{self.filled}.test:2,").write_bytes(text)
        self.own(self.maildir)

    def clear(self):
        shutil.rmtree(self.maildir, ignore_errors=True)

    def subjects(self, folder="INBOX", which="ALL"):
        """Of the mails in a folder: the last word of each subject, sorted."""
        client = self.client(folder)
        found = client.search(None, which)[1][0].split()
        rows = client.fetch(b",".join(found), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if found else []
        client.logout()
        return sorted(row[1].decode().split()[-1] for row in rows if isinstance(row, tuple))


class Wire:
    """Stands before a server that speaks plain IMAP, and hides its STARTTLS. `cut_at`: the n-th command of a connection
    is passed on, and its answer is not: the connection is cut; in `mode` "before" the command does not arrive either."""

    def __init__(self, port):
        self.server_port, self.cut_at, self.mode, self.hidden, self.commands = port, None, "after", b"\0", []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.server_port))
        self.commands, cut = [], threading.Event()

        def answers():
            try:
                while data := server.recv(65536):
                    if cut.is_set():
                        break
                    client.sendall(data.replace(b" STARTTLS", b" XTARTTLS").replace(self.hidden, b"X" * len(self.hidden)))
            except OSError:
                pass
            close(client, server)

        threading.Thread(target=answers, daemon=True).start()
        try:
            for line in client.makefile("rb"):
                self.commands.append(line)
                if len(self.commands) == self.cut_at:
                    cut.set()
                    if self.mode == "before":
                        break
                server.sendall(line)
        except OSError:
            pass
        if not cut.is_set() or self.mode == "before":
            close(client, server)


def close(*sockets):
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
