"""Figures for Prometheus: what went through this process, and how the database stands.

Labels never hold anything about a person. Names follow
https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from bot.channels.base import Channel
from bot.db import outbox
from bot.db.desk import Attempts
from bot.db.tables import Ticket
from bot.readiness import Fetcher

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SHARES = (0.04, 0.1, 0.2, 0.3, 0.5, 0.7, 0.82, 0.9, 0.95, 0.99)
"""Limits of likelihood: the thresholds of search are among them."""


class Metrics:
    """Counts what this process does; ``text`` is the page Prometheus reads."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        folder: Path,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._updates = self._counter("youjun_updates", "Updates taken in", "channel", "outcome")
        self._seconds = Histogram(
            "youjun_update_seconds",
            "From the arrival of an update to its commit",
            ("channel",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._answers = self._counter("youjun_answers", "Turns by what was decided", "status")
        self._likelihood = Histogram(
            "youjun_search_likelihood",
            "How likely the best entry answers, of questions that were searched",
            buckets=_SHARES,
            registry=self.registry,
        )
        self._deliveries = self._counter(
            "youjun_deliveries", "Replies given to a channel", "channel", "outcome"
        )
        self.registry.register(_State(engine, channels, folder, clock))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def updated(self, channel: str, seconds: float, *, ok: bool) -> None:
        """An update was committed, or its transaction failed."""
        self._updates.labels(channel, "ok" if ok else "failed").inc()
        self._seconds.labels(channel).observe(seconds)

    def answered(self, status: str, score: float) -> None:
        """A turn ended in one of the public statuses; ``score`` is 0 when nothing was searched."""
        self._answers.labels(status).inc()
        if score:
            self._likelihood.observe(score)

    def delivered(self, channel: str, outcome: str) -> None:
        """The courier settled a reply: ``sent``, ``failed``, ``queued`` or ``waiting``."""
        self._deliveries.labels(channel, outcome).inc()

    def text(self) -> bytes:
        """The page."""
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)


class _State(Collector):
    """Asks the database when Prometheus asks us; the same in every process."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        folder: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._channels, self._folder = engine, channels, folder
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Nothing is promised in advance: the database may be away."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Gauges; without a database only those that need none."""
        room = shutil.disk_usage(self._folder).free
        yield _gauge("youjun_disk_free_bytes", "Free on the disk of the data folder", room)
        fetching = GaugeMetricFamily(
            "youjun_channel_fetching", "1 while a channel fetches updates", labels=["channel"]
        )
        for name, channel in self._channels.items():
            if isinstance(channel, Fetcher):
                fetching.add_metric([name], float(channel.fetching()))
        yield fetching
        with Session(self._engine) as session:
            yield from _outbox(session, self._channels, self._clock())
            yield from _tickets(session, self._clock())
            closed = select(func.count()).where(col(Attempts.locked_until) > self._clock())
            words = "Accounts, browsers and networks that guessed passwords or codes too often"
            yield _gauge("youjun_sign_in_locked", words, session.exec(closed).one())


def _outbox(session: Session, channels: Iterable[str], now: datetime) -> Iterator[Metric]:
    depth = GaugeMetricFamily("youjun_outbox_due", "Replies due and not sent", labels=["channel"])
    age = GaugeMetricFamily(
        "youjun_outbox_age_seconds", "For how long the oldest of them is due", labels=["channel"]
    )
    for name in channels:
        count, oldest = outbox.due(session, name, now)
        depth.add_metric([name], count)
        age.add_metric([name], (now - oldest).total_seconds() if oldest else 0.0)
    yield from (depth, age)


def _tickets(session: Session, now: datetime) -> Iterator[Metric]:
    open_ = col(Ticket.queue_at).is_not(None)
    states = GaugeMetricFamily("youjun_tickets_open", "Open tickets", labels=["state"])
    for state, count in session.exec(
        select(Ticket.state, func.count()).where(open_).group_by(col(Ticket.state))
    ).all():
        states.add_metric([str(state)], count)
    yield states
    late = select(func.count()).where(open_, col(Ticket.queue_at) < now)
    yield _gauge("youjun_tickets_overdue", "Open tickets past a promise", session.exec(late).one())


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)
