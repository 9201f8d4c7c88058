"""No room, and disks that fail: PostgreSQL's and the spool's."""
import errno
import os
import shutil
import subprocess
import time

from load import Load, MailLoad
from site_control import SERVER_USER, Skipped, wait_until

POSTGRES_DISK, SPOOL_DISK = "160m", "1m"
LEFT_BYTES = 4 << 20  # not even room for WAL


def mount(path, size):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", path],
                      capture_output=True).returncode:
        raise Skipped("only root may mount a disk")
    shutil.chown(path, SERVER_USER)


def fill(disk, left):
    """The ballast."""
    room = os.statvfs(disk)
    with open(disk / "ballast", "wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, max(room.f_bavail * room.f_frsize - left, 1))
    return disk / "ballast"


def postgres_full(site, options):
    disk = site.postgres.dir / "disk"
    disk.mkdir(exist_ok=True)
    old = site.postgres.data
    mount(disk, POSTGRES_DISK)
    try:
        site.postgres.stop()
        subprocess.run(["cp", "-a", old, disk / "data"], check=True)
        site.postgres.data = disk / "data"
        site.mend()
        with Load(site) as clients, MailLoad(site, 2) as mails:
            for round_ in range(options.rounds):
                clients.wait_for_more()
                ballast = fill(disk, LEFT_BYTES)
                clients.wait_for_more(100, statuses=(202,))
                mails.wait_for_more(3, statuses=("451",))
                ballast.unlink()
                if site.postgres.process.poll() is not None:  # it ends when it cannot recover
                    site.postgres.start_again()
                clients.wait_for_more(statuses=(201,))
                mails.wait_for_more()
        site.mend()
        site.postgres.stop()
        shutil.rmtree(old)
        subprocess.run(["cp", "-a", disk / "data", old], check=True)
    finally:
        site.postgres.stop()
        site.postgres.data = old
        subprocess.run(["umount", "-l", disk], check=True)
    site.postgres.start_again()
    return f"202 {clients.count(202)}, 451 {mails.count('451')}"


def spool_full(site, options):
    """The disk, not the quota."""
    site.mend()
    site.door.stop()
    spool = site.folder / "state/spool"
    mount(spool, SPOOL_DISK)
    try:
        with Load(site) as clients:
            site.door.start()
            for round_ in range(options.rounds):
                site.postgres.stop()
                clients.wait_for_more(20, statuses=(503,))
                assert not site.spooled("half")
                site.postgres.start_again()
                wait_until(lambda: not site.spooled(), "an empty spool")
                clients.wait_for_more(statuses=(201,))
        site.mend()
        site.door.stop()
    finally:
        site.door.stop_hard()
        subprocess.run(["umount", "-l", spool], check=True)
    site.door.start()
    return f"202 {clients.count(202)}, 503 {clients.count(503)}"


def interposed(site, options, refused=(503,), **faults):
    """PostgreSQL is away, and the spool's disk does this."""
    control = site.interpose()
    with Load(site) as clients:
        site.postgres.stop()
        for round_ in range(options.rounds):
            with control.faults(**faults):
                for statuses in (refused, (202,)):
                    clients.wait_for_more(10, statuses=statuses)
            clients.wait_for_more(5, statuses=(202,))
        assert not site.spooled("aside")
        site.postgres.start_again()
        clients.wait_for_more(statuses=(201,))
    return f"202 {clients.count(202)}, 503 {clients.count(503)}; slowest answer {clients.slowest():.1f} s"


def failing_and_killed(site, options):
    """Whatever a failed sync leaves must not be there after a crash."""
    control = site.interpose()
    with Load(site) as clients:
        site.postgres.stop()
        for round_ in range(options.rounds):
            with control.faults(fsync_every=2, fsync_errno=errno.EIO, short_every=3, directory_every=3):
                clients.wait_for_more(10, statuses=(503,))
                clients.wait_for_more(10, statuses=(202,))
                site.door.process.kill()
                site.door.wait_for_death()
            site.door.start()
        site.postgres.start_again()
        clients.wait_for_more(statuses=(201,))


def cases(options):
    yield "disk full, PostgreSQL's", postgres_full
    yield "disk full, the spool's", spool_full
    yield "spool: writes fail", lambda s, o: interposed(s, o, write_every=3, write_errno=errno.EIO)
    yield "spool: no room now and then", lambda s, o: interposed(s, o, write_every=3, write_errno=errno.ENOSPC)
    yield "spool: short writes", lambda s, o: interposed(s, o, refused=(202,), short_every=1)
    yield "spool: late writes and fsyncs", lambda s, o: interposed(s, o, refused=(202,), late_ms=200)
    yield "spool: fsyncs of files fail", lambda s, o: interposed(s, o, fsync_every=3, fsync_errno=errno.EIO)
    yield "spool: fsyncs of the directory fail", lambda s, o: interposed(s, o, directory_every=3,
                                                                         fsync_errno=errno.EIO)
    yield "spool: renames fail", lambda s, o: interposed(s, o, rename_every=3)
    yield "spool: failing, and kill -9", failing_and_killed
