"""``/readyz``: the database answers and every channel that fetches has fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot.app import App
from bot.channels.telegram import Telegram
from bot.config import Settings
from knowledge.base import Knowledge


@pytest.fixture
def app(sqlite: Engine, knowledge: Knowledge, tmp_path: Path) -> App:
    settings = Settings(database=sqlite.url.render_as_string())
    settings.telegram.enabled, settings.telegram.token = True, SecretStr("1:a")
    return App(settings, sqlite, knowledge)


def test_a_poller_that_fetched_nothing_is_not_ready_and_one_that_did_is(app: App) -> None:
    client = TestClient(app.web())  # without its loops: nothing is fetched
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "database": True,
        "channels": {"telegram": False},
        "set_aside": 0,
    }
    telegram = app.channels["telegram"]
    assert isinstance(telegram, Telegram)
    telegram._poller.last_fetched = telegram._clock()
    assert client.get("/readyz").json()["ready"] is True
    telegram._poller.last_fetched -= telegram.timing.stale + 1
    assert client.get("/readyz").status_code == 503


def test_a_database_that_is_away_is_not_ready(app: App, sqlite: Engine) -> None:
    app.channels.clear()
    client = TestClient(app.web())
    assert client.get("/readyz").status_code == 200

    def away(*_: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    event.listen(sqlite, "before_cursor_execute", away)
    assert client.get("/readyz").json()["database"] is False
    assert client.get("/healthz").status_code == 200
    event.remove(sqlite, "before_cursor_execute", away)
