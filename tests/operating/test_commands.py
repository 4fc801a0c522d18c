"""The operator's commands on a running service: backup, restore into a running state, switch."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server import Server, on_a_free_port

PASSWORD = "correct-horse-battery"
pytestmark = pytest.mark.xdist_group("commands")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = on_a_free_port(tmp_path)
    server.start()
    yield server
    server.kill()


def ask(client: httpx.Client, text: str) -> str:
    """Say something in the web chat without JavaScript; the page afterwards."""
    page = client.get("/").text
    token = page.split('name="token" value="')[1].split('"')[0]
    once = page.split('name="id" value="')[1].split('"')[0]
    client.post("/chat/messages", data={"token": token, "id": once, "text": text})
    return client.get("/").text


def refused(server: Server, *command: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        server.run(*command)
    return str(failure.value.stdout) + str(failure.value.stderr)


def test_a_backup_of_a_running_service_is_restored_into_a_running_one(
    server: Server, tmp_path: Path
) -> None:
    with httpx.Client(base_url=server.url, follow_redirects=True) as client:
        assert "补领" in ask(client, "优待证丢了怎么补办")
        cookies = dict(client.cookies)
    server.run("staff", "add", "li", "--name", "李同志", "--password", PASSWORD)
    said = server.run("backup", "one.backup")
    assert "已核对" in said
    assert "备份完好" in server.run("backup", "--verify", "one.backup")

    assert "服务还在运行" in refused(server, "restore", "one.backup")
    assert server.stop() in (0, -15)  # uvicorn ends by the signal it was given
    assert "已经有数据" in refused(server, "restore", "one.backup")

    (tmp_path / "new" / "data").mkdir(parents=True)
    other = on_a_free_port(tmp_path / "new")
    assert "密钥" in refused(other, "restore", str(tmp_path / "one.backup"))
    (tmp_path / "new/data/secret.key").write_bytes((tmp_path / "data/secret.key").read_bytes())
    assert "已恢复" in other.run("restore", str(tmp_path / "one.backup"))
    assert "没有被改动" in other.run("audit", "verify")
    other.start()
    try:
        with httpx.Client(base_url=other.url, cookies=cookies) as client:
            assert "优待证丢了怎么补办" in client.get("/").text, "the same person, the same talk"
        assert "li\t李同志" in other.run("staff", "list")
    finally:
        other.kill()


def test_a_switch_takes_hold_of_a_running_service_within_seconds(server: Server) -> None:
    server.run("switch", "off", "web", "--notice", "维护到今晚八点")
    assert "维护到今晚八点" in server.run("switch", "list")
    with httpx.Client(base_url=server.url) as client:
        for _ in range(100):
            page = client.get("/")
            if page.status_code == 503:
                break
            time.sleep(0.1)
        assert "维护到今晚八点" in page.text
    assert "answers（政策问答）" in refused(server, "switch", "off", "everything")
    report = server.run("switch", "on", "web")
    assert "开着" in report
