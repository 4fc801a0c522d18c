"""A whole run at DEBUG with planted secrets: none of them in the log, the figures or an error page."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from tests.server import Server, on_a_free_port

KEY = Fernet.generate_key().decode()
SECRETS = {
    "Telegram's token": "7654321098:PLANTEDxTOKENxOFxTELEGRAMxxxxxxxxxxx",
    "the key": KEY,
    "WeChat's word": "planted-wechat-word",
    "WeChat's secret": "planted-wechat-secret",
    "the metrics' word": "planted-metrics-word",
    "the map key": "planted-map-key",
    "the speech key": "planted-speech-key",
    "a password": "planted correct horse",
    "a wrong password": "planted wrong password",
    "an identity number": "320601195001011234",
    "a phone": "13912345678",
    "a bank card": "6222021234567890123",
    "a message": "我腿伤复发三个月没有收入planted",
    "a name": "王planted贵",
}
METRICS = "the metrics' word"
SETTINGS = {
    "SECRET_KEYS": f'["{KEY}"]',
    "LOG_LEVEL": "DEBUG",
    "TELEGRAM__ENABLED": "true",
    "TELEGRAM__TOKEN": SECRETS["Telegram's token"],
    "TELEGRAM__BASE_URL": "http://127.0.0.1:9/bot",
    "TELEGRAM__EXIT_AFTER_SECONDS": "0",
    "WECHAT__ENABLED": "true",
    "WECHAT__TOKEN": SECRETS["WeChat's word"],
    "WECHAT__APP_ID": "wx1",
    "WECHAT__APP_SECRET": SECRETS["WeChat's secret"],
    "WECHAT__BASE_URL": "http://127.0.0.1:9",
    "WECHAT__PUSH": "true",
    "TRANSCRIBER__URL": "http://127.0.0.1:9/v1",
    "TRANSCRIBER__KEY": SECRETS["the speech key"],
    "GEOCODER__KEY": SECRETS["the map key"],
    "WEB__METRICS_TOKEN": SECRETS["the metrics' word"],
}


@dataclass
class Guarded(Server):
    """A server with the planted settings."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {f"YOUJUN_{key}": value for key, value in SETTINGS.items()}


def test_a_whole_run_tells_no_secret(tmp_path: Path) -> None:
    server = Guarded(tmp_path, on_a_free_port(tmp_path).port)
    server.run("staff", "add", "li", "--name", "李同志", "--password", SECRETS["a password"])
    server.start()
    try:
        shown = use(server)
        break_the_database(tmp_path)
        shown += use(server)
    finally:
        server.stop()
    log = (tmp_path / "log").read_text("utf-8")

    assert "Traceback" in log  # things did go wrong
    assert log.count("\n") > 50
    for what, secret in SECRETS.items():
        assert secret not in log, f"{what} in the log"
        assert secret not in shown, f"{what} on a page"


def use(server: Server) -> str:
    """Talk, sign in rightly and wrongly, ask for what is not there; all that was shown to others."""
    shown = []
    with httpx.Client(base_url=server.url, follow_redirects=True) as http:
        page = http.get("/").text
        token = re.search(r'name="token" value="(\w+)"', page)
        for name in ("an identity number", "a phone", "a bank card", "a message", "a name"):
            if token:
                http.post("/chat/messages", data={"token": token[1], "text": SECRETS[name]})
    with httpx.Client(base_url=server.url, follow_redirects=True) as http:
        for name in ("a wrong password", "a password"):
            form = re.search(r'name="token" value="(\w+)"', http.get("/desk/sign-in").text)
            data = {"username": "li", "password": SECRETS[name], "token": form[1] if form else ""}
            shown.append(http.post("/desk/sign-in", data=data).text)
        secret = {"authorization": f"Bearer {SECRETS[METRICS]}"}
        for path in ("/desk/", "/desk/nowhere", "/readyz", "/healthz", "/nowhere", "/metrics"):
            shown.append(http.get(path, headers=secret).text)
        shown.append(http.post("/telegram", content=SECRETS["a message"]).text)
        shown.append(http.post("/wechat?signature=x&timestamp=1&nonce=1", content="<xml/>").text)
    return "\n".join(shown)


def break_the_database(folder: Path) -> None:
    """Take tables away while the service runs."""
    with sqlite3.connect(folder / "data" / "youjun.db", timeout=20) as raw:
        raw.execute("ALTER TABLE message RENAME TO elsewhere")
        raw.execute("ALTER TABLE ticketevent RENAME TO elsewhere2")
