"""A short soak: under mixed traffic nothing fails and nothing piles up."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak

UPDATES = 1200


async def test_mixed_traffic_leaves_no_files_open_and_fails_nobody(tmp_path: Path) -> None:
    """Too short to judge memory to ten per cent: that is ``python -m benchmarks.soak``."""
    found = await soak(tmp_path, UPDATES)
    assert found.failures == ()
    assert found.files[1] <= found.files[0] + 20, found
    assert found.growth < 0.25, found
