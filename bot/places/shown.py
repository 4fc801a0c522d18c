"""Places for the web: the page of one, and the pictures of where they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.fernet import MultiFernet

from bot.db.cipher import unseal
from bot.desk.clock import BEIJING
from bot.places.sketch import Tiles, draw
from handlers import placewords
from handlers.messages import Sketch
from knowledge.base import Knowledge
from knowledge.coordinates import Degrees

_HIDDEN = ("defunct", "inactive")


class Shown:
    """What the web chat shows of places; ``knowledge`` gives the directory of the moment."""

    def __init__(
        self,
        knowledge: Callable[[], Knowledge],
        cipher: MultiFernet,
        clock: Callable[[], datetime],
        tiles: Tiles | None = None,
    ) -> None:
        self._knowledge, self._cipher, self._clock, self._tiles = knowledge, cipher, clock, tiles

    @property
    def tiles(self) -> str:
        """The origin of map tiles, for the pages' policy; empty: none."""
        return "/".join(self._tiles.url.split("/")[:3]) if self._tiles else ""

    def page(self, id: str) -> dict[str, Any] | None:
        """``name``, ``text``, ``links`` [(url, label)], ``sample``, ``position`` (WGS-84, or
        empty) and ``picture`` (SVG or empty) of a place; None: there is none."""
        place = self._knowledge().directory.find(id)
        if place is None or place.status in _HIDDEN:
            return None
        now = self._clock().astimezone(BEIJING)
        links = (*placewords.phones(place), *placewords.maps(place))
        return {
            "id": place.id,
            "name": place.name,
            "text": placewords.whole(place, now),
            "links": [(link.url, link.label) for link in links],
            "sample": place.sample,
            "position": f"{place.point[1]:.6f},{place.point[0]:.6f}" if place.point else "",
            "picture": self._alone(place.name, place.point) if place.point else "",
        }

    def picture(self, name: str) -> str | None:
        """The SVG whose sealed name this is; None: not one of ours."""
        kept = unseal(self._cipher, name)
        if not isinstance(kept, dict):
            return None
        places = tuple((str(n), float(lat), float(lon)) for n, lat, lon in kept["places"])
        origin = (float(kept["origin"][0]), float(kept["origin"][1]))
        return self._draw(Sketch(origin, str(kept["name"]), places, str(kept["words"])))

    def _alone(self, name: str, point: Degrees) -> str:
        """A place among the towns around it."""
        town = self._knowledge().gazetteer.nearest_town(point)
        if town is None or town.point is None:
            return ""
        return self._draw(Sketch(town.point, town.name, (("★", *point),), f"示意图：{name}在哪里"))

    def _draw(self, sketch: Sketch) -> str:
        areas = self._knowledge().gazetteer.areas
        towns = [(one.name, one.point) for one in areas if one.kind == "town" and one.point]
        return draw(sketch, [one for one in towns if one[0] != sketch.name], self._tiles)
