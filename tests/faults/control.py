"""What interpose.c does badly, by name; see there."""
import contextlib
import mmap
import struct

NAMES = ("write_every", "write_errno", "short_every", "late_ms", "fsync_every", "fsync_errno", "directory_every",
         "rename_every", "allocate_every", "clock_s", "seen")


class Control:
    """`variables`: for the environment of tlsrptd."""

    def __init__(self, folder, library):
        path = folder / "control"
        path.write_bytes(bytes(8 * len(NAMES)))
        path.chmod(0o666)
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        self.variables = {"LD_PRELOAD": library, "FAULTS_CONTROL": path}

    def set(self, **values):
        for name, value in values.items():
            struct.pack_into("q", self.map, 8 * NAMES.index(name), value)

    @contextlib.contextmanager
    def faults(self, **values):
        self.set(**values)
        try:
            yield
        finally:
            self.set(**dict.fromkeys(NAMES, 0))
