"""``python -m bot`` and the ``youjun`` command."""

from __future__ import annotations

import sys

from bot.cli import cli, explain


def main() -> None:
    """Run the command line; trouble is one clear sentence, never a traceback."""
    try:
        cli()
    except Exception as problem:
        sys.exit(explain(problem))


if __name__ == "__main__":
    main()
