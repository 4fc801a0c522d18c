"""One place as a reply: everything about it, its maps, its phones, and a way to say it is wrong."""

from __future__ import annotations

from datetime import datetime

from handlers.messages import Choice, Link, Reply, Venue
from handlers.placewords import address, maps, phones, whole
from knowledge.locations import Location


def about(place: Location, now: datetime) -> Reply:
    """``place`` at ``now``, in Nantong's time."""
    return Reply(
        whole(place, now),
        choices=(
            Choice(f"/wrong {place.id}", "信息不对？"),
            Choice("/nearby", "再找附近"),
            Choice("/menu", "回到菜单"),
        ),
        links=(Link(f"/place/{place.id}", "看单独一页"), *phones(place), *maps(place)),
        venue=_venue(place),
    )


def _venue(place: Location) -> Venue | None:
    if place.point is None or place.sample:
        return None
    return Venue(place.name, address(place), *place.point)
