"""A file system of its own of a few megabytes, and a file that takes what is left of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

_PAGE = b"\0" * 4096


class Refused(Exception):
    """The system does not let us mount."""


class SmallDisk:
    """In memory, mounted at ``folder``, which the user postgres reaches too. Raises Refused."""

    def __init__(self, megabytes: int) -> None:
        if os.getuid() != 0:
            raise Refused("only root mounts file systems")
        self.folder = Path(tempfile.mkdtemp(prefix="youjun-disk-"))
        options = f"size={megabytes}m,mode=0755"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.folder.rmdir()
            raise Refused(done.stderr.strip())
        self._ballast = self.folder / "ballast"

    def fill(self) -> None:
        """Take what is left, to the last page."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(_PAGE)
            except OSError:
                return

    def make_room(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        """Unmount, even with files open."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        self.folder.rmdir()
