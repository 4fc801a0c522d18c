"""The terminal: plain in a pipe, coloured and with history on a screen, recorded when asked."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.channels.terminal import Terminal
from bot.recording import Recording, check
from handlers.messages import Choice, Reply, Update

MENU = Reply("您想办什么？\n请选", choices=(Choice("/menu", "回到菜单"),), author="李同志")


def shown(*, colours: bool) -> str:
    lines: list[str] = []
    Terminal("1", "a", colours=colours).show([MENU], lines.append)
    return "\n".join(lines)


def test_a_pipe_gets_plain_text_and_a_screen_colours() -> None:
    assert "\x1b" not in shown(colours=False)
    assert "\x1b[36m  1. 回到菜单\x1b[0m" in shown(colours=True)


def test_on_a_screen_the_arrow_key_brings_the_last_line_back(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "YOUJUN_DATABASE": f"sqlite:///{tmp_path}/t.db",
        "TERM": "xterm",
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
    }
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "bot", "talk"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as talk:
        os.close(theirs)
        heard = read_until(ours, "您：")
        os.write(ours, b"status-unknown\n")
        read_until(ours, "您：")
        os.write(ours, b"\x1b[A\n")
        again = read_until(ours, "您：")
        os.write(ours, b"\x04")
        assert talk.wait(timeout=30) == 0
    os.close(ours)
    assert "\x1b[36m" in heard
    assert "status-unknown" in again


def read_until(screen: int, wanted: str) -> str:
    seen = b""
    while wanted not in seen.decode("utf-8", "ignore"):
        seen += os.read(screen, 4096)
    return seen.decode("utf-8", "ignore")


def test_a_recorded_conversation_is_a_transcript_the_tests_can_play(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    terminal = Terminal("1", "a")
    for name in ("甲", "乙"):
        recording = Recording(name)
        recording.note(terminal.read("你好"), [MENU])
        terminal.show([MENU], lambda line: None)
        recording.note(terminal.read("1"), [])
        assert recording.save(file)
    assert yaml.safe_load(file.read_text("utf-8")) == [
        {
            "name": name,
            "talk": [{"人": "你好", "机": ["您想办什么？"]}, {"按": "回到菜单", "机": []}],
        }
        for name in ("甲", "乙")
    ]


def test_a_name_is_taken_once_and_silence_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "recorded.yaml"
    assert not Recording("甲").save(file)
    assert not file.exists()
    recording = Recording("甲")
    recording.note(Update("1", Terminal("1", "a").contact, "你好"), [])
    recording.save(file)
    with pytest.raises(ValueError, match="换个名字"):
        check("甲", file)
    with pytest.raises(ValueError, match="根目录"):
        check("乙", tmp_path / "nowhere" / "recorded.yaml")
