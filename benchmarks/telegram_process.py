"""A bot as a process of its own: started, measured, killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def cpu_seconds(process: subprocess.Popen[Any]) -> float:
    """What all its threads have used so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def megabytes(process: subprocess.Popen[Any]) -> int:
    """The most memory it ever had."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def ours(
    api_url: str, port: int, database: str, *, webhook: bool, per_second: int = 1000
) -> subprocess.Popen[bytes]:
    """``youjun serve`` for the Bot API at ``api_url``; returns once it answers."""
    environment = os.environ | {
        "YOUJUN_DATABASE": database,
        "YOUJUN_WEB__PORT": str(port),
        "YOUJUN_LOG_LEVEL": "WARNING",
        "YOUJUN_TELEGRAM__ENABLED": "true",
        "YOUJUN_TELEGRAM__TOKEN": "123456:the-token-of-nobody",
        "YOUJUN_TELEGRAM__BASE_URL": api_url,
        "YOUJUN_TELEGRAM__MESSAGES_PER_SECOND": str(per_second),
    }
    if webhook:
        environment["YOUJUN_TELEGRAM__WEBHOOK"] = f"http://127.0.0.1:{port}/telegram"
    command = [sys.executable, "-m", "bot", "serve", "--migrate"]
    log = Path(tempfile.gettempdir()) / f"youjun-benchmark-{port}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603
    _await(process, f"http://127.0.0.1:{port}/healthz")
    return process


def peer(name: str, api_port: int, hook_port: int) -> subprocess.Popen[bytes]:
    """An echo bot; returns once it listens."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.telegram_peers", name]
    process = subprocess.Popen(  # noqa: S603
        [*command, str(api_port), str(hook_port)], stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline().strip() == b"up"
    return process


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)
