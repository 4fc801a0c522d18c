"""Opens what clerks bring – Excel, CSV, GeoJSON – as sheets of text cells, and refuses bombs.

A cell is text: numbers lose a needless ``.0``, dates become ISO dates. Formulas and error values
stay recognisable, since their result is not in the file as anybody typed it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from bot.plaintext import plain

LARGEST_FILE = 100 * 1024 * 1024
"""Bytes of a file."""
LARGEST_JSON = 30 * 1024 * 1024
"""Bytes of GeoJSON, which is held in memory whole."""
LARGEST_UNPACKED = 300 * 1024 * 1024
"""Bytes of an Excel file, unpacked; zipfile reads no more than the archive declares."""
_BOMB_RATIO, _BOMB_FROM = 100, 20 * 1024 * 1024
_MOST_PARTS = 2000
_PIECE = 1024 * 1024
_DOCTYPES = tuple("<!DOCTYPE".encode(name) for name in ("ascii", "utf-16-le", "utf-16-be"))
MOST_ROWS = 200_000
MOST_COLUMNS = 60
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, SyntaxError),
)
"""What zipfile, expat and openpyxl raise for files that are damaged."""
_SPLIT = "请拆成几份导入"


class Unreadable(Exception):
    """The file cannot be read at all; the message says why and what to do."""


class Formula(str):
    """A cell that holds a formula, not a value."""


class Broken(str):
    """A cell that shows an error such as #REF!."""


@dataclass(frozen=True)
class Sheet:
    """One sheet; ``rows`` are (number as the clerk sees it, cells) and can be read once."""

    name: str
    rows: Iterator[tuple[int, tuple[str, ...]]]


def sheets(path: Path, name: str = "") -> Iterator[Sheet]:
    """The sheets of a file; ``name`` is what the clerk called it. Raises Unreadable."""
    ending = Path(name or path.name).suffix.lower()
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise Unreadable(f"文件有 {size // 1_000_000} MB，超过 100 MB，没有打开。{_SPLIT}")
    if size == 0:
        raise Unreadable("文件是空的")
    if ending == ".xlsx":
        yield from _xlsx(path)
    elif ending in (".csv", ".tsv", ".txt"):
        yield Sheet("CSV", _csv(path))
    elif ending in (".geojson", ".json"):
        yield Sheet("GeoJSON", _geojson(path))
    else:
        raise Unreadable(f"不认识“{ending or name}”文件；请另存为 .xlsx（Excel 工作簿）或 .csv")


def _xlsx(path: Path) -> Iterator[Sheet]:
    import openpyxl  # a third of a second, only when needed

    refuse_bombs(path)
    with path.open("rb") as file:  # by name, openpyxl insists on the ending
        try:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
        except BROKEN as broken:
            raise Unreadable(_damaged(broken)) from broken
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield Sheet(sheet.title, _cells(sheet))
        book.close()


def _damaged(broken: Exception) -> str:
    return f"Excel 文件有损坏（{type(broken).__name__}）；请在 Excel 里重新另存为 .xlsx"


def refuse_bombs(path: Path) -> None:
    """Raises Unreadable for an Excel file that unpacks to far too much or defines entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_large(archive.infolist())
            hidden = any(_has_doctype(archive, part) for part in archive.infolist())
    except BROKEN as broken:
        raise Unreadable(
            "这不是真正的 .xlsx 文件；请在 Excel 里另存为“Excel 工作簿(.xlsx)”"
        ) from broken
    if hidden:
        raise Unreadable("这个文件里有不该有的定义，为安全没有打开。请把数据复制到新的表里再存")


def _refuse_large(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    bomb = unpacked > _BOMB_FROM and unpacked / packed > _BOMB_RATIO
    if unpacked > LARGEST_UNPACKED or bomb or len(parts) > _MOST_PARTS:
        raise Unreadable(
            f"这个文件解开后有 {unpacked // 1_000_000} MB，不像正常的表格，为安全没有打开。"
            f"请把数据复制到新的表里再存；确实很大的{_SPLIT}"
        )


def _has_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part may define entities, which is what XML bombs are made of.

    Office never writes a document type. Expat reads no encoding in which it could hide from this.
    """
    with archive.open(part) as file:
        before = b""
        while piece := file.read(_PIECE):
            if any(word in before + piece for word in _DOCTYPES):
                return True
            before = piece[-32:]
    return False


def _cells(sheet: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    sheet.reset_dimensions()  # some programs write a wrong size
    rows = enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1)
    while True:
        try:
            number, row = next(rows)
        except StopIteration:
            return
        except BROKEN as broken:
            raise Unreadable(_damaged(broken)) from broken
        _refuse_long(number)
        cells = tuple(["" if cell.value is None else _shown(cell) for cell in row])
        if any(cells):
            yield number, cells


def _shown(cell: Any) -> str:
    value = cell.value
    if cell.data_type == "f":
        return Formula(value if isinstance(value, str) else "公式")
    if cell.data_type == "e":
        return Broken(value)
    return text(value)


def text(value: object) -> str:
    """A value as a clerk would type it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else plain(str(value)).strip()


def _csv(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    said = _decoded(path.read_bytes())
    first = next((line for line in said.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(said, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            _refuse_long(number)
            cells = tuple(plain(cell).strip() for cell in row[:MOST_COLUMNS])
            if any(cells):
                yield number, cells
    except csv.Error as broken:
        raise Unreadable(
            f"CSV 第 {reader.line_num} 行读不出来（{broken}）；请检查引号和逗号"
        ) from broken


def _decoded(raw: bytes) -> str:
    """Excel in China writes CSV in GB 18030, everybody else in UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            said = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in said:
            return said
    raise Unreadable("文字编码认不出来；请另存为“CSV UTF-8”")


def _geojson(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    if path.stat().st_size > LARGEST_JSON:
        raise Unreadable(f"GeoJSON 超过 30 MB，没有打开。{_SPLIT}，或改用 CSV")
    try:
        features = json.loads(path.read_bytes())["features"]
        properties = [_properties(feature.get("properties")) for feature in features]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as broken:
        raise Unreadable("不是 GeoJSON 的 FeatureCollection；请检查导出时选的格式") from broken
    _refuse_long(len(features))
    headings = list(dict.fromkeys(key for one in properties for key in one))
    yield 0, (*headings, "经度", "纬度")
    for number, (feature, one) in enumerate(zip(features, properties, strict=True), start=1):
        yield number, (*(text(one.get(key)) for key in headings), *_position(feature))


def _properties(value: object) -> dict[str, Any]:
    """Raises TypeError for what is no object."""
    if value is not None and not isinstance(value, dict):
        raise TypeError(value)
    return value or {}


def _position(feature: dict[str, Any]) -> tuple[str, str]:
    """Longitude and latitude (RFC 7946 order); words that are no number when it is no point."""
    match feature.get("geometry"):
        case None:
            return "", ""
        case {"type": "Point", "coordinates": [longitude, latitude, *_]}:
            return text(longitude), text(latitude)
        case other:
            kind = other.get("type") if isinstance(other, dict) else other
            return f"{kind}（不是点）", f"{kind}（不是点）"


def _refuse_long(number: int) -> None:
    if number > MOST_ROWS:
        raise Unreadable(f"超过 {MOST_ROWS} 行，没有导入。{_SPLIT}")
