"""The account's menu: three buttons at the foot of the chat, whose keys are our commands."""

from __future__ import annotations

from typing import Any


def _click(name: str, key: str) -> dict[str, Any]:
    return {"type": "click", "name": name, "key": key}


MENU: dict[str, Any] = {
    "button": [
        _click("问政策", "/topics"),
        _click("找附近", "/nearby"),
        {
            "name": "要办事",
            "sub_button": [
                _click("有困难要帮助", "/help-me"),
                _click("查进度", "/status"),
                _click("找工作人员", "/human"),
                _click("关联网页申请", "/link"),
                _click("怎么用", "/help"),
            ],
        },
    ]
}
"""WeChat shows at most three buttons of four characters, each with five of eight under it."""
