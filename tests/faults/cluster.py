"""A PostgreSQL server of the test's own, to be stopped and killed without harm to others."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.faults.rig import free_port


def programs() -> Path | None:
    """Where the newest installed server's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


class Cluster:
    """One server on a free port of 127.0.0.1, as user postgres where we are root."""

    def __init__(
        self, programs: Path, *, data: Path | None = None, wal: Path | None = None
    ) -> None:
        """``data`` and ``wal`` are folders made here, on disks that may fill up."""
        self._programs = programs
        self.wal = wal
        self._folder = Path(tempfile.mkdtemp(prefix="youjun-cluster-"))
        self._as = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
        if self._as:
            shutil.chown(self._folder, "postgres")
        self._data = data or self._folder / "data"
        port = free_port()
        self.url = f"postgresql+psycopg://youjun@127.0.0.1:{port}/postgres"
        self._options = f"-p {port} -k {self._folder} -c listen_addresses=127.0.0.1"
        usual = ("-A", "trust", "-U", "youjun", "-E", "UTF8", "--no-sync", "--wal-segsize=1")
        self._run("initdb", *usual, *(("-X", wal) if wal else ()), "-D", self._data)

    def start(self) -> None:
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-o", self._options, "-l", log, "-w", "start")
        self._pid = int((self._data / "postmaster.pid").read_text().split()[0])

    def runs(self) -> bool:
        """Whether it is there; a server that finds no room for its log ends."""
        status = [*self._as, str(self._programs / "pg_ctl"), "-D", str(self._data), "status"]
        return subprocess.run(status, capture_output=True, check=False).returncode == 0

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is like a crash: nothing is written, the next start recovers."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def vanish(self) -> None:
        """All its processes end at once, as when the machine does."""
        children = subprocess.run(
            ["pgrep", "-P", str(self._pid)], capture_output=True, text=True, check=False
        )
        family = [self._pid, *map(int, children.stdout.split())]
        for one in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(Path(f"/proc/{one}").exists() for one in family):
            time.sleep(0.05)

    def remove(self) -> None:
        if self.runs():
            self.stop()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as, str(self._programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)
