"""The file that says which desks there are, who works there and by which rules: YAML or Excel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.desk import officefile
from bot.desk.officefile import OrganisationError
from bot.desk.roles import ROLES
from bot.desk.rules import Frame, Promised, Route, Rules

Row = TypeVar("Row", bound=BaseModel)


def _words(value: Any) -> Any:
    return [one for one in value.replace("，", "、").split("、") if one] if _is(value) else value


def _is(value: Any) -> bool:
    return isinstance(value, str)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) else value


def _yes(value: Any) -> Any:
    return {"是": True, "否": False}.get(value.strip(), value) if _is(value) else value


Code = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[a-z0-9-]{1,40}$")]
_BY_TITLE = {title: role for role, title in ROLES.items()}


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class DeskRow(_Written):
    """One desk as the file has it."""

    code: Code
    name: Annotated[str, Field(min_length=2, max_length=40)]
    parent: Code | None = None
    county: str | None = None
    town: str = ""
    topics: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    telegram_group: int | None = None
    telegram_replies: Annotated[bool, BeforeValidator(_yes)] = False


class StaffRow(_Written):
    """Somebody's role at a desk as the file has it."""

    username: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[\w.-]{2,32}$")]
    name: Annotated[str, Field(min_length=1, max_length=20)]
    desk: Code
    role: Annotated[str, BeforeValidator(lambda value: _BY_TITLE.get(value, value))]
    telegram_id: int | None = None


@dataclass(frozen=True)
class Organisation:
    """The whole file, sound by itself."""

    desks: tuple[DeskRow, ...]
    staff: tuple[StaffRow, ...]
    rules: Rules


@dataclass
class _Reading:
    """Rows with where they stand, and what is wrong so far."""

    problems: list[str] = field(default_factory=list)

    def rows(self, kind: type[Row], found: Iterable[tuple[str, Any]]) -> list[tuple[str, Row]]:
        """The rows that are sound; the others go to the problems."""
        return [(where, row) for where, raw in found if (row := self._row(kind, where, raw))]

    def _row(self, kind: type[Row], where: str, raw: Any) -> Row | None:
        try:
            return kind.model_validate(raw)
        except ValidationError as problem:
            self.problems += [f"{where}：{officefile.explain(one)}" for one in problem.errors()]
        return None


def read(path: Path, *, towns: Callable[[str], tuple[str, ...] | None]) -> Organisation:
    """The organisation in a YAML or Excel file.

    ``towns`` gives the towns of a county, None for a county that does not exist. Raises
    OrganisationError with every problem of the file at once, and FileNotFoundError.
    """
    if not path.exists():
        raise FileNotFoundError(f"没有这个文件：{path}")
    found = officefile.rows(path)
    reading = _Reading()
    desks = reading.rows(DeskRow, found["desks"])
    staff = reading.rows(StaffRow, found["staff"])
    frames = reading.rows(Frame, found["frames"])
    routes = reading.rows(Route, found["routes"])
    promises = reading.rows(Promised, found["promises"])
    reading.problems += [*_desk_problems(desks, towns), *_staff_problems(staff, desks)]
    reading.problems += _route_problems(routes, desks)
    if not desks and not reading.problems:
        reading.problems.append("文件里没有部门：请在“部门”（desks）里至少写一个市级部门")
    if reading.problems:
        raise OrganisationError(f"{path.name} 没有导入：\n" + "\n".join(reading.problems))
    parts: dict[str, Any] = {"frames": frames, "routes": routes, "promises": promises}
    rules = _rules({key: [row for _, row in rows] for key, rows in parts.items() if rows}, path)
    return Organisation(tuple(d for _, d in desks), tuple(s for _, s in staff), rules)


def _rules(parts: dict[str, Any], path: Path) -> Rules:
    try:
        return Rules(**parts)
    except ValidationError as problem:
        said = "；".join(officefile.explain(one) for one in problem.errors())
        raise OrganisationError(f"{path.name} 没有导入：{said}") from None


def _desk_problems(
    desks: list[tuple[str, DeskRow]], towns: Callable[[str], tuple[str, ...] | None]
) -> Iterator[str]:
    by_code: dict[str, DeskRow] = {}
    for where, desk in desks:
        if desk.code in by_code:
            yield f"{where}：编号 {desk.code} 重复，请每个部门写不同的编号"
        by_code[desk.code] = desk
    roots = [desk.name for _, desk in desks if desk.parent is None]
    if len(roots) > 1:
        yield f"没有写上级的部门有 {len(roots)} 个（{'、'.join(roots)}）：只有市级部门可以不写上级"
    for where, desk in desks:
        if desk.parent is not None and desk.parent not in by_code:
            yield f"{where}：上级编号 {desk.parent} 不在文件里，请先加上这个部门或改正编号"
        elif _circles(desk, by_code):
            yield f"{where}：{desk.name}的上级绕了一圈回到自己，请改上级编号"
        yield from _region_problems(where, desk, towns)


def _region_problems(
    where: str, desk: DeskRow, towns: Callable[[str], tuple[str, ...] | None]
) -> Iterator[str]:
    if desk.county is None:
        if desk.town:
            yield f"{where}：写了镇街 {desk.town}，请同时写县市区"
        return
    known = towns(desk.county)
    if known is None:
        yield f"{where}：没有县市区“{desk.county}”，请写全名，例如 海门区"
    elif desk.town and desk.town not in known:
        yield f"{where}：{desk.county}没有“{desk.town}”，请写全名，例如 {'、'.join(known[:3])}"


def _circles(desk: DeskRow, by_code: dict[str, DeskRow]) -> bool:
    seen: set[str] = set()
    here: DeskRow | None = desk
    while here is not None and here.parent:
        if here.code in seen:
            return True
        seen.add(here.code)
        here = by_code.get(here.parent)
    return False


def _staff_problems(
    staff: list[tuple[str, StaffRow]], desks: list[tuple[str, DeskRow]]
) -> Iterator[str]:
    codes = {desk.code for _, desk in desks}
    for where, one in staff:
        if one.desk not in codes:
            yield f"{where}：部门编号 {one.desk} 不在文件里，请改正或先加上这个部门"
        if one.role not in ROLES:
            yield f"{where}：没有角色“{one.role}”，请写：{'、'.join(ROLES.values())}"


def _route_problems(
    routes: list[tuple[str, Route]], desks: list[tuple[str, DeskRow]]
) -> Iterator[str]:
    codes = {desk.code for _, desk in desks}
    for where, route in routes:
        if route.desk is not None and route.desk not in codes:
            yield f"{where}：部门编号 {route.desk} 不在文件里，请改正"
