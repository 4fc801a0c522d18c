"""How long an import takes and what it holds; run ``python -m benchmarks.places_import``.

Each step runs in a process of its own, so that the peak is that step's: reading 50,000 rows of
Excel into a preview, staging and applying it, importing the same again, loading a service. The
target is 60 s and 500 MB for an import; machines are shared, so processor time is held against
it and the time on the clock is shown beside it. ``BENCHMARK_DATABASE`` measures another
database than a new SQLite file (its directory must be empty).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.fernet import Fernet

ROWS = 50_000
TARGET_SECONDS, TARGET_MB = 60, 500


def main() -> None:
    if len(sys.argv) > 1:
        step(sys.argv[1], Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "key").write_bytes(Fernet.generate_key())
        for name in ("write the sheet", "import", "import again", "load a service"):
            command = [sys.executable, "-m", "benchmarks.places_import", name, folder]
            subprocess.run(command, check=True)  # noqa: S603 - ourselves


def step(name: str, folder: Path) -> None:
    """Run one step and print its figures."""
    clock, processor = time.perf_counter(), time.process_time()
    said = STEPS[name](folder)
    elapsed, seconds = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {seconds:.1f} s of processor, {elapsed:.1f} s on the clock, peak {peak:.0f} MB; {said}"
    )
    if name == "import":
        assert seconds < TARGET_SECONDS, f"more than {TARGET_SECONDS} s"
        assert peak < TARGET_MB, f"more than {TARGET_MB} MB"


def write(folder: Path) -> str:
    from tests import sheets

    path = sheets.write_xlsx(folder / "all.xlsx", sheets.shops(ROWS))
    return f"{ROWS} rows, {path.stat().st_size / 1e6:.1f} MB"


def bring(folder: Path) -> str:
    from bot.db.tables import now
    from bot.places import importing
    from knowledge.base import load_knowledge

    engine = _engine(folder)
    began = time.perf_counter()
    wanted = importing.Wanted(folder / "all.xlsx")
    seen = importing.preview(engine, load_knowledge(), wanted, now())
    read = time.perf_counter() - began
    number = importing.draft(engine, seen, actor="system", county="", replaces=False)
    staged = time.perf_counter() - began - read
    began = time.perf_counter()
    importing.apply(engine, number, actor="system")
    applied = (time.perf_counter() - began) * 1000
    counts = seen.difference.counts(seen.reading)
    return f"read {read:.1f} s, staged {staged:.1f} s, applied in {applied:.0f} ms; {counts}"


def load(folder: Path) -> str:
    from bot.places.live import LiveDirectory
    from knowledge.base import load_knowledge

    shipped = load_knowledge()
    live = LiveDirectory(_engine(folder), shipped, lambda _: None)
    live.refresh()
    began = time.perf_counter()
    for _ in range(1000):
        live.refresh()
    poll = time.perf_counter() - began
    return f"{len(live.stored.places)} imported places; a poll costs {poll:.2f} ms"


def _engine(folder: Path):  # type: ignore[no-untyped-def]
    from bot.db import schema
    from bot.db.cipher import make_cipher
    from bot.db.engine import connect

    url = os.environ.get("BENCHMARK_DATABASE", f"sqlite:///{folder}/places.db")
    engine = connect(url, make_cipher([(folder / "key").read_text("ascii")]))
    schema.migrate(engine)
    return engine


STEPS = {"write the sheet": write, "import": bring, "import again": bring, "load a service": load}

if __name__ == "__main__":
    main()
