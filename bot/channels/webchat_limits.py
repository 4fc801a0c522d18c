"""How often somebody may ask for something: a token bucket for each person and each address."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_REMEMBERED = 20_000
"""Buckets kept; whoever was quiet longest is forgotten first, so that memory stays bounded."""


class TooFast(Exception):
    """More than the allowance."""


class Allowance:
    """``burst`` at once, growing again by ``per_second``."""

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, key: str) -> None:
        """Take one from the bucket of ``key``. Raises TooFast."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        self._left[key] = (max(left - 1, 0) if left >= 1 else left, now)
        if len(self._left) > _REMEMBERED:
            del self._left[next(iter(self._left))]
        if left < 1:
            raise TooFast


def network(host: str) -> str:
    """The address as one household holds it: an IPv6 customer has a whole /64 to himself."""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or int(found) >> 64)
    return host
