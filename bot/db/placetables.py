"""Tables of the directory of places: imports, the versions they brought, what was checked since."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, String
from sqlmodel import Field, SQLModel

from bot.db.tables import Utc, now


def _json() -> Any:
    return Column(JSON, nullable=False)


class ImportState(StrEnum):
    """Where an import stands."""

    DRAFT = "draft"
    """Staged and previewed; changes nothing yet."""
    APPLIED = "applied"
    REVERTED = "reverted"
    DROPPED = "dropped"
    """Previewed and not wanted."""


class PlaceImport(SQLModel, table=True):
    """One file of places: who brought it, when, what it changed, what was wrong in it."""

    id: int | None = Field(default=None, primary_key=True)
    state: ImportState = Field(default=ImportState.DRAFT, sa_type=String, index=True)
    county: str = ""
    """The county whose clerk brought it; empty: the city."""
    actor: str
    """``staff:<username>`` or ``system`` for the command line."""
    file_name: str
    file_hash: str
    """SHA-256 of the file, in hex."""
    replaces: bool = False
    """Whether places of the same kind and county that the file does not have are taken out."""
    based_on: int
    """``DirectoryNumber.lists`` that the differences were counted against."""
    counts: dict[str, int] = Field(default_factory=dict, sa_column=_json())
    """``rows new changed gone unchanged faulty``."""
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    preview: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    """The first new, changed and gone places, as the pages show them."""
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    applied_at: datetime | None = Field(default=None, sa_type=Utc)
    applied_by: str = ""
    reverted_at: datetime | None = Field(default=None, sa_type=Utc)
    reverted_by: str = ""


class PlaceVersion(SQLModel, table=True):
    """A place as one import left it; never changed. The latest of an applied import holds."""

    __table_args__ = (Index("ix_placeversion_line", "place_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    place_id: str
    import_id: int = Field(foreign_key="placeimport.id", index=True)
    gone: bool = False
    """The import took the place out."""
    data: dict[str, Any] = Field(default_factory=dict, sa_column=_json())


class PlaceCheck(SQLModel, table=True):
    """What staff found out about a place after it was imported; never changed, never deleted."""

    id: int | None = Field(default=None, primary_key=True)
    place_id: str = Field(index=True)
    substance: str
    """Fingerprint of what the place said then; another phone or address needs another check."""
    at: datetime = Field(default_factory=now, sa_type=Utc, index=True)
    actor: str
    name: str = ""
    """How the actor is called on the pages."""
    kind: str
    """One of ``verified proposed point status kept broken``."""
    data: dict[str, Any] = Field(default_factory=dict, sa_column=_json())


class DirectoryNumber(SQLModel, table=True):
    """One row. Grows with every change of the directory: processes poll it, changes lock it."""

    id: int = Field(default=1, primary_key=True)
    number: int = 0
    lists: int = 0
    """Grows with every import and revert, not with checks: what a preview was counted against."""
