"""The README's command blocks, run as they stand: ./quickstart, a deployment in ten lines, the first
questions. The release build is used, since that is what they build."""
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (SOURCE / "README.md").read_text(), re.M | re.S)
QUICKSTART, TESTS, DEPLOYMENT, RECORDS, DOCTOR, QUESTIONS = range(6)
RELEASE = SOURCE / "build/release"


def test_every_block_is_known():
    assert [block.split()[0] for block in BLOCKS] == ["./quickstart", "tests/run", "tests/install-packages", "sudo", "sudo",
                                                     "sudo"]
    assert os.access(SOURCE / "tests/run", os.X_OK)


@pytest.fixture(scope="module")
def quickstart():
    """Runs quickstart with a directory of its own; whatever happens, nothing of it stays."""
    parent = pathlib.Path(tempfile.mkdtemp(prefix="tlsrpt-quickstart-"))
    parent.chmod(0o711)  # as root, the daemon's user has to get there, and pytest's own folders are closed
    folder = parent / "state"
    environment = {**os.environ, "TLSRPT_QUICKSTART_DIR": str(folder)}

    def run(*arguments):
        return subprocess.run([SOURCE / "quickstart", *map(str, arguments)], env=environment,
                              capture_output=True, text=True, cwd=SOURCE)
    run.folder = folder
    yield run
    run("--remove")
    parent.rmdir()


def ask(quickstart, *words):
    done = subprocess.run([RELEASE / "tlsrpt", *words, "-c", quickstart.folder / "tlsrpt.conf", "--format", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def statuses(text):
    return [line.split()[0] for line in text.splitlines() if re.match(r"\d{3}  \S", line)]


def test_quickstart_shows_the_main_road(quickstart):
    assert BLOCKS[QUICKSTART] == "./quickstart\n"
    done = quickstart()
    assert done.returncode == 0, done.stdout + done.stderr
    samples = len(list((SOURCE / "tests/quickstart").glob("*.json")))
    assert statuses(done.stdout) == ["201"] * samples
    assert len(ask(quickstart, "reports", "--since", "30d")) == samples
    for expected in ("google.com", "certificate-expired", "_smtp._tls.example.com", "--stop", "--remove"):
        assert expected in done.stdout


def test_quickstart_again_changes_nothing(quickstart):
    before = ask(quickstart, "reports", "--since", "30d")
    done = quickstart()
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(statuses(done.stdout)) == {"200"}
    assert ask(quickstart, "reports", "--since", "30d") == before


def test_quickstart_goes_on_after_a_stop(quickstart):
    before = ask(quickstart, "summary", "--since", "30d")
    assert quickstart("--stop").returncode == 0
    done = quickstart()
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(statuses(done.stdout)) == {"200"}
    assert ask(quickstart, "summary", "--since", "30d") == before


def test_quickstart_tells_what_is_lost(quickstart, tmp_path):
    (tmp_path / "noise.json").write_text("this is no report")
    done = quickstart(tmp_path)
    assert done.returncode == 1
    assert statuses(done.stdout) == ["400"]
    assert "1 of 1 reports were not taken" in done.stderr


def test_quickstart_shows_pages(quickstart):
    address = re.search(r"in a browser: (http://127\.0\.0\.1:\d+/)", quickstart().stdout)[1]
    with urllib.request.urlopen(address + "domains.json?since=30d") as answer:
        assert json.load(answer) == ask(quickstart, "domains", "--since", "30d")
    assert quickstart("--stop").returncode == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)


def test_quickstart_removes_all_of_it(quickstart):
    done = quickstart("--remove")
    assert done.returncode == 0, done.stderr
    assert not quickstart.folder.exists()


# ---- the deployment, in a machine of its own as far as a namespace makes one ----

# What a shell of the operator's has and a namespace lacks. systemd's part is done by hand, from the
# unit that was installed: its user, its state directory, its socket, its command.
SHIM = r"""
set -euo pipefail
sudo() { "$@"; }
editor() { test -s "$1"; }
systemctl() {
    [ "$1" != daemon-reload ] || return 0
    [ "$*" = "enable --now tlsrptd.socket tlsrptd" ]
    unit=/usr/local/lib/systemd/system/tlsrptd.service
    socket=/usr/local/lib/systemd/system/tlsrptd.socket
    user=$(sed -n 's/^User=//p' $unit)
    install -d -o "$user" -g "$user" -m "$(sed -n 's/^StateDirectoryMode=//p' $unit)" /var/lib/tlsrpt
    install -d -o "$user" -g "$user" /run/tlsrpt
    grep -q '^Sockets=tlsrptd.socket$' $unit
    door=$(sed -n 's/^FileDescriptorName=//p' $socket)
    listen=$(sed -n 's/^ListenStream=/-l /p' $socket | head -n 1)
    systemd-socket-activate $listen --fdname="$door" -E STATE_DIRECTORY=/var/lib/tlsrpt \
        setpriv --reuid="$user" --regid="$user" --clear-groups --bounding-set=-all --no-new-privs -- \
        $(sed -n 's/^ExecStart=//p' $unit) >/run/tlsrptd.log 2>&1 &
    for _ in $(seq 300); do
        ! curl -s --cacert /etc/tlsrpt/cert.pem --resolve reports.example.com:443:127.0.0.1 https://reports.example.com/ >/dev/null || return 0
        sleep 0.1
    done
    cat /run/tlsrptd.log >&2
    return 1
}
"""

SETUP = r"""
set -euo pipefail
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for folder in etc usr/local var/lib; do
    mkdir -p "$1/$folder/up" "$1/$folder/work"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/$folder/up,workdir=$1/$folder/work" "/$folder"
done
mount -t tmpfs tmpfs /run
rm -rf /etc/tlsrpt /var/lib/tlsrpt
! id tlsrpt >/dev/null 2>&1 || userdel tlsrpt
live=/etc/letsencrypt/live/reports.example.com
mkdir -p $live
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=reports.example.com \
    -addext subjectAltName=DNS:reports.example.com -keyout $live/privkey.pem -out $live/fullchain.pem 2>/dev/null
chmod 600 $live/privkey.pem
"""

LOOPBACK_UP = struct.pack("16sh14x", b"lo", 1 | 64)  # struct ifreq: IFF_UP | IFF_RUNNING


def raise_loopback():
    with contextlib.closing(socket.socket()) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, LOOPBACK_UP)  # SIOCSIFFLAGS


def in_namespace(script, *arguments):
    """bash SCRIPT in new mount, network and process namespaces; all that it started ends with it."""
    inner = ["/usr/bin/python3", "-c",
             "import sys; sys.path.insert(0, sys.argv[1]); import test_readme as t, os; t.raise_loopback(); "
             "os.execvp('bash', ['bash', '-c', sys.argv[2], 'bash', *sys.argv[3:]])",
             str(pathlib.Path(__file__).parent), script, *map(str, arguments)]
    return subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *inner],
                          capture_output=True, text=True, cwd=SOURCE)


@pytest.fixture(scope="module")
def namespace(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("a deployment needs root")
    folder = tmp_path_factory.mktemp("overlay")
    probe = in_namespace(SETUP, folder)
    if probe.returncode != 0:
        pytest.skip(f"no namespaces here: {probe.stderr.strip()}")
    return folder


POST = r"""
for file in /run/samples/*.json; do
    curl -sS --fail --cacert /etc/tlsrpt/cert.pem --resolve reports.example.com:443:127.0.0.1 \
        --data-binary "@$file" https://reports.example.com/v1/tlsrpt
done
"""


def test_deployment_and_first_questions(namespace, tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    today = datetime.datetime.now(datetime.timezone.utc)
    for template in (SOURCE / "tests/quickstart").glob("google*.json"):
        text = template.read_text()
        for days in range(4):
            text = text.replace(f"@D{days}@", (today - datetime.timedelta(days=days)).strftime("%Y-%m-%d"))
        (samples / template.name).write_text(text)
    questions = "".join(f"echo '== {line}'\n{line}\n" for line in BLOCKS[QUESTIONS].splitlines())
    doctor = BLOCKS[DOCTOR].strip() + ' || [ "$?" = 1 ]\n'  # there is no DNS in a namespace, and it says so
    script = (SETUP + 'cp -r "$2" /run/samples\n' + SHIM + BLOCKS[DEPLOYMENT] + POST +
              f"echo '== records'\n{BLOCKS[RECORDS]}echo '== doctor'\n{doctor}" + questions)
    done = in_namespace(script, namespace, samples)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = done.stdout.split("== ")[1:]
    assert len(answers) == 5
    assert '_smtp._tls.example.com. 86400 IN TXT "v=TLSRPTv1; rua=https://reports.example.com/v1/tlsrpt,' in answers[0]
    assert "DNS gives no answer for example.com" in answers[1]
    assert "google.com" in answers[2]
    assert "certificate-expired" in answers[3]
    assert len(json.loads(answers[4].split("\n", 1)[1])) == 3
