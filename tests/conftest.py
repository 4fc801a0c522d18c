"""What every test may use: databases of both kinds, the shipped knowledge, a person who talks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, create_engine, text

from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.desk.effects import Settings
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge, load_knowledge
from tests.person import Person

POSTGRES = os.environ.get("TEST_POSTGRES")
CI = os.environ.get("CI") == "true"
KEY = Fernet.generate_key().decode()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Under CI, a service test that was skipped has failed."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path}/test.db", make_cipher([KEY]))
    schema.migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres() -> Iterator[Engine]:
    """A PostgreSQL database of its own, dropped afterwards."""
    if not POSTGRES:
        pytest.skip("TEST_POSTGRES is not set")
    name = f"youjun_{secrets.token_hex(6)}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    engine = connect(url, make_cipher([KEY]))
    schema.migrate(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def service(engine: Engine, knowledge: Knowledge) -> Service:
    titles = {one.id: one.title for one in knowledge.library.services.values()}
    return Service(engine, knowledge, desk_settings=Settings(staff_group=-100, titles=titles))


@pytest.fixture
def somebody(service: Service) -> Callable[[str], Person]:
    """Makes a person by name: ``somebody("老王")``."""
    return lambda name: Person(service, Contact("terminal", name))


@pytest.fixture
def person(somebody: Callable[[str], Person]) -> Person:
    return somebody("1")
