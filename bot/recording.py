"""Conversations had in the terminal, kept as transcripts that the tests play again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from handlers.messages import Reply, Update

FOLDER = Path("tests/dialogues")
FILE = FOLDER / "recorded.yaml"


class Recording:
    """Collects the steps of one conversation; ``save`` appends it to a file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[dict[str, Any]] = []

    def note(self, update: Update, replies: Sequence[Reply]) -> None:
        """What was typed or pressed, and the first line of each answer."""
        said = {"按": update.label} if update.label else {"人": update.text}
        self.steps.append(said | {"机": [reply.text.strip().split("\n")[0] for reply in replies]})

    def save(self, file: Path = FILE) -> bool:
        """Append the conversation; False when nothing was said. Raises ValueError when the file
        has a conversation of that name or there is no folder for it."""
        if not self.steps:
            return False
        check(self.name, file)
        case = [{"name": self.name, "talk": self.steps}]
        with file.open("a", encoding="utf-8") as out:
            out.write(yaml.safe_dump(case, allow_unicode=True, sort_keys=False, width=1000))
        return True


def check(name: str, file: Path = FILE) -> None:
    """Raises ValueError where ``save`` would."""
    if not file.parent.is_dir():
        raise ValueError(f"没有文件夹 {file.parent}：请在项目的根目录里运行")
    taken = yaml.safe_load(file.read_text("utf-8")) if file.exists() else None
    if any(case["name"] == name for case in taken or ()):
        raise ValueError(f"{file} 里已经有“{name}”，请换个名字")
