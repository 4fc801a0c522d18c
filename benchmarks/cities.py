"""Cities side by side: ``python -m benchmarks.cities postgresql+psycopg://…/postgres``.

The unit that grows is the city with its own database. The same number of processes answers the same
number of updates, once all on one database and once on one each, in one server; both in one run.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
from collections.abc import Sequence

from benchmarks.core import bare, work
from benchmarks.scale import database


def together(urls: Sequence[str], count: int) -> tuple[float, float]:
    """Updates a second of one process for each address, ``count`` in all, and CPU ms of each."""
    context = multiprocessing.get_context("spawn")
    start, spent = context.Barrier(len(urls)), context.SimpleQueue()
    share = count // len(urls)
    processes = [
        context.Process(target=work, args=(url, share, f"p{number}", start, spent))
        for number, url in enumerate(urls)
    ]
    for one in processes:
        one.start()
    found = [spent.get() for _ in processes]
    for one in processes:
        one.join()
    slowest = max(seconds for seconds, _ in found)
    return share * len(urls) / slowest, 1000 * sum(cpu for _, cpu in found) / (share * len(urls))


def main() -> None:
    """Print a table for ``docs/scaling.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("--updates", type=int, default=4000)
    given = parser.parse_args()
    print("| processes | databases | updates/s | CPU ms each | bare insert-commit/s |")
    print("|---|---|---|---|---|")
    for processes, databases in ((1, 1), (2, 1), (2, 2), (4, 1), (4, 4)):
        with contextlib.ExitStack() as made:
            names = [f"youjun_city_{number}" for number in range(databases)]
            urls = [made.enter_context(database(given.server, name)) for name in names]
            loop = bare(urls[0])
            rate, cpu = together([urls[n % databases] for n in range(processes)], given.updates)
        print(f"| {processes} | {databases} | {rate:.0f} | {cpu:.2f} | {loop:.0f} |", flush=True)


if __name__ == "__main__":
    main()
