"""Draws a sketch: where the person is, which way and how far the numbered places lie.

Plain SVG without a script, a style or anything from elsewhere; map tiles below it only where the
operator has set them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape

from handlers.messages import Sketch
from knowledge.coordinates import Crs, Degrees, distance_m, gcj02_to_bd09, wgs84_to_gcj02

WIDTH, HEIGHT = 360, 270
_MARGIN = 44
_TILE = 256
_NEAREST_ZOOM, _FARTHEST_ZOOM = 17.0, 7.0
_RINGS_M = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
_TOUCHING = 24
"""Marks nearer than this, in units of the picture, are drawn as one."""
Pixel = tuple[float, float]


@dataclass(frozen=True)
class Tiles:
    """A tile layer: its address with ``{x}``, ``{y}``, ``{z}``, and its coordinate system."""

    url: str
    crs: Crs = "wgs84"


@dataclass(frozen=True)
class _View:
    """Web Mercator at a zoom, moved so that the middle of what is shown is in the middle."""

    zoom: float
    left: float
    top: float
    turn: Callable[[Degrees], Degrees]

    def at(self, point: Degrees) -> Pixel:
        x, y = _world(self.turn(point), self.zoom)
        return x - self.left, y - self.top


def draw(
    sketch: Sketch, towns: Iterable[tuple[str, Degrees]] = (), tiles: Tiles | None = None
) -> str:
    """The picture as SVG; ``towns`` that lie in it are named."""
    view = _fit(sketch, tiles)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}" role="img" font-family="sans-serif" font-size="15">',
        f"<title>{escape(sketch.words)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f6f4ee"/>',
        *(_tiles(view, tiles) if tiles else ()),
        *_rings(view, sketch),
        *_towns(view, sketch, towns),
        *_marks(view, sketch),
        '<path d="M338 34V12m-6 9l6-10 6 10" fill="none" stroke="#222" stroke-width="2"/>'
        '<text x="338" y="50" text-anchor="middle">北</text>',
        "</svg>",
    ]
    return "".join(parts)


def _fit(sketch: Sketch, tiles: Tiles | None) -> _View:
    turn = _TURNS[tiles.crs if tiles else "wgs84"]
    points = [_world(turn(at), 0) for at in (sketch.origin, *_points(sketch))]
    xs, ys = zip(*points, strict=True)
    spans = (max(xs) - min(xs), WIDTH - 2 * _MARGIN), (max(ys) - min(ys), HEIGHT - 2 * _MARGIN)
    zooms = [math.log2(room / span) for span, room in spans if span > 0]
    zoom = max(_FARTHEST_ZOOM, min(_NEAREST_ZOOM, *zooms, _NEAREST_ZOOM))
    zoom = math.floor(zoom) if tiles else zoom
    scale = 2**zoom
    middle = (max(xs) + min(xs)) / 2 * scale, (max(ys) + min(ys)) / 2 * scale
    return _View(zoom, middle[0] - WIDTH / 2, middle[1] - HEIGHT / 2, turn)


def _points(sketch: Sketch) -> list[Degrees]:
    return [(latitude, longitude) for _, latitude, longitude in sketch.places]


def _world(point: Degrees, zoom: float) -> Pixel:
    size = _TILE * 2**zoom
    sine = math.sin(math.radians(point[0]))
    north = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return (point[1] / 360 + 0.5) * size, north * size


def _tiles(view: _View, tiles: Tiles) -> Iterator[str]:
    zoom = int(view.zoom)
    for column in range(int(view.left // _TILE), int((view.left + WIDTH) // _TILE) + 1):
        for row in range(int(view.top // _TILE), int((view.top + HEIGHT) // _TILE) + 1):
            url = tiles.url.replace("{x}", str(column)).replace("{y}", str(row))
            where = f'x="{column * _TILE - view.left:.1f}" y="{row * _TILE - view.top:.1f}"'
            href = escape(url.replace("{z}", str(zoom)))
            yield f'<image href="{href}" {where} width="{_TILE}" height="{_TILE}"/>'


def _rings(view: _View, sketch: Sketch) -> Iterator[str]:
    """Circles around the origin that say how far: the three largest that fit best."""
    x, y = view.at(sketch.origin)
    north = (sketch.origin[0] + 0.01, sketch.origin[1])
    unit = (y - view.at(north)[1]) / distance_m(sketch.origin, north)
    for metres in [one for one in _RINGS_M if 34 <= one * unit <= 230][:3]:
        radius = metres * unit
        name = f"{metres} 米" if metres < 1000 else f"{metres // 1000} 公里"
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke="#7a8a99"'
            ' stroke-dasharray="3 4"/>'
        )
        for at in (y + radius - 4, y - radius + 14):
            if 18 < at < HEIGHT - 8:
                yield _words(x, at, name, colour="#3d4a55", size=13)
                break


def _towns(view: _View, sketch: Sketch, towns: Iterable[tuple[str, Degrees]]) -> Iterator[str]:
    """At most six names, none on another."""
    taken: list[Pixel] = [view.at(sketch.origin)]
    for name, point in towns:
        x, y = view.at(point)
        inside = 30 < x < WIDTH - 30 and 20 < y < HEIGHT - 8
        if inside and all(abs(x - a) > 64 or abs(y - b) > 18 for a, b in taken) and len(taken) <= 6:
            taken.append((x, y))
            yield _words(x, y, name, colour="#5b5346", size=13)


def _marks(view: _View, sketch: Sketch) -> Iterator[str]:
    """The numbered places, those that touch as one, and over them where one starts from."""
    groups: list[tuple[Pixel, list[str]]] = []
    for number, latitude, longitude in sketch.places:
        at = view.at((latitude, longitude))
        near = (numbers for spot, numbers in groups if math.dist(spot, at) < _TOUCHING)
        found = next(near, None)
        if found is None:
            groups.append((at, [number]))
        else:
            found.append(number)
    for (x, y), numbers in groups:
        name = "·".join(numbers)
        half = 8 + 5 * len(name)
        yield (
            f'<rect x="{x - half:.1f}" y="{y - 13:.1f}" width="{2 * half}" height="26" rx="13"'
            ' fill="#b3261e" stroke="#fff" stroke-width="2"/>'
        )
        yield _words(x, y + 5.5, name, colour="#fff", size=16, halo=False)
    x, y = view.at(sketch.origin)
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="#0b57d0" stroke="#fff" stroke-width="3"/>'
    yield _words(x, y - 13, sketch.name, colour="#0b3d91", size=15)


def _words(x: float, y: float, said: str, *, colour: str, size: int, halo: bool = True) -> str:
    around = ' stroke="#fff" stroke-width="3" paint-order="stroke"' if halo else ""
    x = min(max(x, 8 + size * len(said) / 2), WIDTH - 8 - size * len(said) / 2)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"'
        f' text-anchor="middle"{around}>{escape(said)}</text>'
    )


_TURNS: dict[Crs, Callable[[Degrees], Degrees]] = {
    "wgs84": lambda at: at,
    "gcj02": lambda at: wgs84_to_gcj02(*at),
    "bd09": lambda at: gcj02_to_bd09(*wgs84_to_gcj02(*at)),
}
