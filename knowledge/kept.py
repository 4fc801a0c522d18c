"""Keeps what was read of the texts on disk, so that a start does not read them again.

The file's name is the hash of everything that went in: texts, lexicon and this code. Another content is another
file; one that is damaged is made anew; a folder that cannot be written to changes nothing.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.postings import Cut
from knowledge.readings import Readings
from knowledge.text import Reader

_NAME = "index-{}.npz"
_MOST = 4
"""Files that are kept; the oldest go."""
_LISTS = ("asked", "folded", "plain")
_NUMBERS = ("first", "values", "wants", "denials")
_CUTS = ("characters", "bodies")
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def key(
    entries: Mapping[str, Sequence[str]], reader: Reader, bodies: Mapping[str, str] | None
) -> str:
    """The hash of all that readings depend on."""
    found = hashlib.sha256()
    for text in (*_code(), *_content(entries, reader, bodies)):
        found.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return found.hexdigest()[:32]


def kept(folder: Path | None, name: str, make: Callable[[], Readings]) -> Readings:
    """The readings kept in ``folder`` under ``name``, or those ``make`` gives, which are kept then.
    None: nothing is kept."""
    if folder is None:
        return make()
    path = folder / _NAME.format(name)
    try:
        return _restored(path.read_bytes())
    except _DAMAGED:
        found = make()
    with suppress(OSError):  # a folder that cannot be written to only makes starts slower
        _store(path, found)
    return found


def _code() -> Iterator[str]:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        yield path.read_text("utf-8")


def _content(
    entries: Mapping[str, Sequence[str]], reader: Reader, bodies: Mapping[str, str] | None
) -> Iterator[str]:
    yield from (f"{form}={term}" for form, term in sorted(reader.standard.items()))
    yield reader.stopwords.pattern
    yield from (f"{bit}={words.pattern}" for bit, words in reader.facets)
    for id, ways in entries.items():
        yield id
        yield from (f"-{text}" for text in ways)
    yield from (f"{id}:{text}" for id, text in (bodies or {}).items())


def _store(path: Path, found: Readings) -> None:
    """Whole or not at all, whoever else is writing."""
    arrays = {name: _packed(getattr(found, name)) for name in _LISTS}
    arrays |= {name: getattr(found, name) for name in _NUMBERS}
    for name in _CUTS:
        if (cut := getattr(found, name)) is not None:
            arrays[f"{name} grams"] = _packed(list(cut.vocabulary))
            arrays[f"{name} held"], arrays[f"{name} starts"] = cut.held, cut.starts
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    draft.replace(path)
    files = sorted(path.parent.glob(_NAME.format("*")), key=lambda one: one.stat().st_mtime)
    for old in files[:-_MOST]:
        old.unlink(missing_ok=True)


def _restored(data: bytes) -> Readings:
    """Raises one of ``_DAMAGED`` if ``data`` is not what was stored."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        given: dict[str, Any] = {name: _unpacked(arrays[name]) for name in _LISTS}
        given |= {name: arrays[name] for name in _NUMBERS}
        for name in _CUTS:
            given[name] = _cut(arrays, name) if f"{name} held" in arrays else None
    found = Readings(**given)
    count = int(found.first[-1])
    if not count == len(found.asked) == len(found.folded) == len(found.plain):
        raise ValueError("parts do not fit")
    return found


def _cut(arrays: Mapping[str, Any], name: str) -> Cut:
    words = _unpacked(arrays[f"{name} grams"])
    vocabulary = {gram: number for number, gram in enumerate(words)}
    return Cut(vocabulary, arrays[f"{name} held"], arrays[f"{name} starts"])


def _packed(texts: Sequence[str]) -> Any:
    """Texts as bytes, each ended by a nought. A text with a nought in it does not come back as it
    was, which is noticed as damage."""
    return np.frombuffer("\0".join((*texts, "")).encode("utf-8", "surrogatepass"), np.uint8)


def _unpacked(stored: Any) -> list[str]:
    return stored.tobytes().decode("utf-8", "surrogatepass").split("\0")[:-1]  # type: ignore[no-any-return]
