"""One house for all tests of a module: building it takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security import house as houses


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[houses.House]:
    built = houses.build(tmp_path_factory.mktemp("house"))
    yield built
    built.app.engine.dispose()
