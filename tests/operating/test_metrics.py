"""What Prometheus reads: the figures are right, nobody else reads them, no person is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.testclient import TestClient

from bot.app import App
from bot.config import Settings
from bot.db.desk import Attempts
from bot.db.tables import Ticket, now
from bot.desk.throttle import LOCK
from handlers.messages import Contact, Update
from knowledge.base import Knowledge


@pytest.fixture
def app(sqlite: Engine, knowledge: Knowledge, tmp_path: Path) -> App:
    return App(Settings(database=sqlite.url.render_as_string()), sqlite, knowledge)


def figures(page: str) -> dict[str, float]:
    """``name{labels}`` → value."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def local(app: App) -> TestClient:
    return TestClient(app.web(), client=("127.0.0.1", 4711))


async def test_updates_answers_and_tickets_are_counted(app: App, sqlite: Engine) -> None:
    for number, text in enumerate(("优待证丢了怎么补办", "量子力学是什么", "菜单")):
        await app.receive(Update(str(number), Contact("web", "13800138000"), text))
    late = now().replace(year=2020)
    with Session(sqlite) as session:
        for number, at in (("T1", late), ("T2", now().replace(year=2090))):
            session.add(
                Ticket(number=number, contact="web:1", service="x", topic="x", county="海门区",
                       queue_at=at)
            )  # fmt: skip
        session.commit()
    page = local(app).get("/metrics").text
    found = figures(page)
    assert found["youjun_updates_total['ok', 'web']"] == 3
    assert found["youjun_update_seconds_count['web']"] == 3
    assert found["youjun_answers_total['answered']"] == 1
    assert found["youjun_search_likelihood_count[]"] >= 1
    assert found["youjun_tickets_open['新建']"] == 2
    assert found["youjun_tickets_overdue[]"] == 1
    assert found["youjun_disk_free_bytes[]"] > 0
    assert "13800138000" not in page


def test_only_this_machine_or_whoever_has_the_token_reads_them(app: App) -> None:
    assert local(app).get("/metrics").status_code == 200
    assert TestClient(app.web(), client=("10.0.0.9", 1)).get("/metrics").status_code == 403
    behind_proxy = {"x-forwarded-for": "203.0.113.7"}
    assert local(app).get("/metrics", headers=behind_proxy).status_code == 403
    app.settings.web.metrics_token = SecretStr("geheim")
    stranger = TestClient(app.web(), client=("10.0.0.9", 1))
    assert stranger.get("/metrics").status_code == 403
    assert local(app).get("/metrics").status_code == 403
    with_token = {"authorization": "Bearer geheim"}
    assert stranger.get("/metrics", headers=with_token).status_code == 200


def test_dashboard_and_alerts_ask_for_metrics_that_there_are(app: App) -> None:
    app.metrics.updated("web", 0.1, ok=True)
    app.metrics.answered("answered", 0.9)
    app.metrics.delivered("telegram", "sent")
    known = set(re.findall(r"^# TYPE (\w+)", app.metrics.text().decode(), re.M))
    folder = Path(__file__).parents[2] / "deploy"
    for name in ("grafana-dashboard.json", "alerts.yaml"):
        asked = set(re.findall(r"youjun_\w+", (folder / name).read_text("utf-8")))
        plain = {re.sub(r"_(bucket|sum|count)$", "", one) for one in asked}
        assert plain
        assert plain <= known | {"youjun_updates_total"}, name


def test_closed_counts_of_guesses_are_told(app: App, sqlite: Engine) -> None:
    at = now()
    with Session(sqlite) as session:
        for key, until in (("a", at + LOCK), ("b", at - LOCK), ("c", None)):
            session.add(Attempts(key=key, failures=0, at=at, locked_until=until))
        session.commit()
    assert figures(local(app).get("/metrics").text)["youjun_sign_in_locked[]"] == 1
