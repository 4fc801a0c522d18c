"""A real server in a process of its own, and a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.server import Server, on_a_free_port

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = on_a_free_port(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("Chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()
