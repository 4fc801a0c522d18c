"""File systems of a few megabytes: one that fills up, one whose power is cut."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

_PAGE = b"\0" * 4096
_SHUTDOWN, _NO_FLUSH = 0x8004587D, struct.pack("I", 2)
"""ext4's own way of stopping at once, its journal not written (what xfstests calls godown)."""


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


class CutDisk:
    """ext4 in a file; after a cut only what was forced to the disk is there. Raises Refused."""

    def __init__(self, megabytes: int) -> None:
        if os.getuid() != 0:
            raise Refused("only root mounts file systems")
        self._beside = Path(tempfile.mkdtemp(prefix="youjun-power-"))
        self.folder = self._beside / "mounted"
        self._image = self._beside / "image"
        self.folder.mkdir()
        self._beside.chmod(0o755)
        with self._image.open("wb") as image:
            image.truncate(megabytes << 20)
        try:
            _system("mkfs.ext4", "-q", self._image)
            self.power_on()
        except (OSError, subprocess.CalledProcessError) as problem:
            raise Refused(str(problem)) from None

    def cut(self) -> None:
        """From now on nothing reaches the disk."""
        at = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(at, _SHUTDOWN, _NO_FLUSH)
        os.close(at)

    def power_on(self) -> None:
        """As the machine finds it when it starts: the journal is played."""
        _system("mount", "-o", "loop", self._image, self.folder)

    def power_off(self) -> None:
        """Unmount; raises CalledProcessError while somebody has files open."""
        _system("umount", self.folder)

    def remove(self) -> None:
        self.power_off()
        shutil.rmtree(self._beside)


def _system(*command: object) -> None:
    subprocess.run([*map(str, command)], check=True, capture_output=True)
