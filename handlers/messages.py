"""The words every channel shares: what comes in, what goes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Crs = Literal["wgs84", "gcj02", "bd09"]
Share = Literal["location", "phone"]


@dataclass(frozen=True)
class Contact:
    """A person as one channel knows them; ``str(contact)`` is the key we store."""

    channel: str
    address: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.address}"

    @classmethod
    def parse(cls, key: str) -> Contact:
        """The contact that ``str()`` wrote."""
        channel, _, address = key.partition(":")
        return cls(channel, address)


@dataclass(frozen=True)
class Point:
    """A position in degrees, in the coordinate system the channel gives it in.

    ``doubtful``: a pin may have been dragged on a map of another system, half a kilometre off.
    """

    latitude: float
    longitude: float
    crs: Crs = "wgs84"
    doubtful: bool = False


@dataclass(frozen=True)
class Update:
    """One thing a person sent us.

    ``text`` is what they typed or the value of the button they pressed; ``label`` is the
    button as they saw it. ``phone`` is a contact card they shared. ``unsupported`` names
    something we cannot read (``语音``, ``图片``, ``贴纸`` …).
    """

    id: str
    contact: Contact
    text: str = ""
    point: Point | None = None
    phone: str | None = None
    label: str | None = None
    unsupported: str | None = None
    spoken: bool = False
    """``text`` is what a speech model heard."""
    public: bool = False
    """Asked in a group: everybody reads the answer."""
    edited_after: float | None = None
    """Seconds after sending it, the person changed a message; ``text`` is the new one."""


@dataclass(frozen=True)
class Choice:
    """One button: the value it sends (at most 64 bytes) and the label the person reads."""

    value: str
    label: str


@dataclass(frozen=True)
class Link:
    """An address to open: a map, a source."""

    url: str
    label: str


@dataclass(frozen=True)
class Venue:
    """A place for the person's own map, where a channel has one; WGS-84 degrees."""

    title: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Sketch:
    """A picture of where things are, where a channel can draw: where from, and numbered places.

    WGS-84 degrees, latitude first. ``origin`` may be where the person is: personal data.
    """

    origin: tuple[float, float]
    name: str
    """What the origin is called."""
    places: tuple[tuple[str, float, float], ...]
    """(number, latitude, longitude)"""
    words: str
    """What the picture shows, for those who cannot see it."""


@dataclass(frozen=True)
class Reply:
    """One thing we say back.

    ``share`` asks the channel for a native "share my location/phone" button where it has one.
    ``author`` is empty when the assistant speaks, else how the staff member is shown.
    ``venue`` and ``sketch`` go beside the text, where the channel can.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    links: tuple[Link, ...] = ()
    share: Share | None = None
    author: str = ""
    venue: Venue | None = None
    sketch: Sketch | None = None
