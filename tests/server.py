"""The whole service in a process of its own, to be used, stopped and killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass
class Server:
    """``python -m bot serve`` in a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(ROOT), "YOUJUN_WEB__PORT": str(self.port)}

    def run(self, *command: str) -> str:
        """A ``youjun`` command beside the server; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--migrate"],
            cwd=self.folder,
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()  # noqa: S310
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text("utf-8"))

    def stop(self) -> int:
        """SIGTERM, as a supervisor would; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def on_a_free_port(folder: Path) -> Server:
    """A server that is not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Server(folder, free.getsockname()[1])
