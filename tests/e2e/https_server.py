"""Web servers of many names on one loopback port, each with the certificate and the pages that a test plants."""
import http.server
import pathlib
import ssl
import subprocess
import threading

from daemon import free_port


class Authority:
    """An authority of our own; `issue()` gives certificates that hold, or not."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.certificate, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        self.openssl("req", "-x509", *self.new_key(self.key), "-days", "30", "-subj", "/CN=Test CA",
                     "-addext", "basicConstraints=critical,CA:TRUE", "-out", self.certificate)
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=a\n[a]\ndatabase={self.folder}/index\nserial={self.folder}/serial\n"
            f"new_certs_dir={self.folder}\ndefault_md=sha256\npolicy=p\nunique_subject=no\ncopy_extensions=copy\n"
            "[p]\ncommonName=supplied\n")

    @staticmethod
    def new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    def issue(self, *names, start="20200101000000Z", end="20491231000000Z"):
        """A file with certificate and key for names."""
        at = self.folder / f"{names[0]}-{end}"
        alternatives = ",".join(f"DNS:{name}" for name in names)
        request, certificate, key = at.with_suffix(".csr"), at.with_suffix(".crt"), at.with_suffix(".key")
        self.openssl("req", *self.new_key(key), "-subj", "/CN=x", "-addext", f"subjectAltName={alternatives}", "-out",
                     request)
        self.openssl("ca", "-batch", "-config", self.folder / "ca.conf", "-cert", self.certificate, "-keyfile",
                     self.key, "-startdate", start, "-enddate", end, "-notext", "-in", request, "-out", certificate)
        both = at.with_suffix(".pem")
        both.write_text(certificate.read_text() + key.read_text())
        return both

    def self_signed(self, name):
        both, key = self.folder / f"self-{name}.pem", self.folder / f"self-{name}.key"
        self.openssl("req", "-x509", *self.new_key(key), "-days", "300", "-subj", f"/CN={name}",
                     "-addext", f"subjectAltName=DNS:{name}", "-out", both)
        both.write_text(both.read_text() + key.read_text())
        return both


class Page:
    def __init__(self, body="", status=200, content_type="text/plain", chunked=False, location=None):
        self.body, self.status, self.content_type = body, status, content_type
        self.chunked, self.location = chunked, location


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.headers["Host"].split(":")[0]
        page = self.server.pages.get((host, self.path), Page("not here", 404))
        body = page.body.encode()
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        if page.location:
            self.send_header("Location", page.location)
        if page.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(body), 7):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *words):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        sock, address = super().get_request()
        sock.settimeout(30)
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        """A client that turns away from a certificate is what the tests are about."""


class WebServer:
    """`certificates`: name -> file; another name gets a TLS alert. `pages`: (name, path) -> Page."""

    def __init__(self, certificates, pages, port=None):
        self.port = port or free_port()
        self.contexts = {}
        for name, path in certificates.items():
            self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.contexts[name].load_cert_chain(path)
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        front.load_cert_chain(next(iter(certificates.values())))
        front.sni_callback = self.choose
        self.server = Quiet(("127.0.0.1", self.port), Handler)
        self.server.context, self.server.pages = front, pages
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def choose(self, sock, name, context):
        if name not in self.contexts:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = self.contexts[name]
        return None

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
