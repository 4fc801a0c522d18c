"""The organisation file: what it may say, what it is told, what an import does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook
from sqlmodel import select

from bot.db.desk import Membership
from bot.db.tables import Desk, Staff
from bot.desk import importing, organisation, rules
from bot.desk.officefile import OrganisationError
from tests.desk.conftest import MONDAY, SAMPLE, Desks

Towns = Callable[[str], tuple[str, ...] | None]
CITY = {"code": "city", "name": "示例市中心"}


def written(path: Path, **sections: Any) -> Path:
    path.write_text(yaml.safe_dump(sections, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"desks": [{"name": "没编号"}]}, ["desks 第 1 条：编号（code） 没有填"]),
        ({"desks": [CITY, CITY]}, ["第 2 条：编号 city 重复"]),
        ({"desks": [CITY, {**CITY, "code": "b"}]}, ["没有写上级的部门有 2 个"]),
        ({"desks": [CITY | {"parent": "nobody"}]}, ["上级编号 nobody 不在文件里"]),
        ({"desks": [CITY | {"parent": "city"}]}, ["绕了一圈"]),
        ({"desks": [CITY | {"county": "海门"}]}, ["没有县市区“海门”，请写全名"]),
        (
            {"desks": [CITY | {"county": "海门区", "town": "三星"}]},
            ["海门区没有“三星”，请写全名"],
        ),
        ({"desks": [CITY | {"town": "三星镇"}]}, ["请同时写县市区"]),
        (
            {
                "desks": [CITY],
                "staff": [{"username": "a!", "name": "甲", "desk": "x", "role": "局长"}],
            },
            ["staff 第 1 条：登录名（username） 格式不对"],
        ),
        (
            {
                "desks": [CITY],
                "staff": [{"username": "jia", "name": "甲", "desk": "x", "role": "局长"}],
            },
            ["部门编号 x 不在文件里", "没有角色“局长”，请写：接单员、组长"],
        ),
        ({"desks": [CITY], "routes": [{"topic": "a"}]}, ["写部门编号，或者写级别"]),
        ({"desks": [CITY], "routes": [{"desk": "x"}]}, ["部门编号 x 不在文件里"]),
        ({"desks": [CITY], "promises": [{"first": 0}]}, ["首次答复（first） 太小"]),
        ({"desks": [CITY], "frames": [{"start": "12:00", "end": "09:00"}]}, ["应早于"]),
        (
            {
                "desks": [CITY],
                "frames": [
                    {"start": "09:00", "end": "12:00"},
                    {"start": "11:00", "end": "18:00"},
                ],
            },
            ["不能重叠"],
        ),
        ({"desks": []}, ["文件里没有部门"]),
        ({"offices": []}, ["不认识 offices"]),
    ],
)
def test_every_mistake_is_named_with_its_row_and_a_remedy(
    tmp_path: Path, towns: Towns, sections: dict[str, Any], said: list[str]
) -> None:
    with pytest.raises(OrganisationError) as problem:
        organisation.read(written(tmp_path / "desks.yaml", **sections), towns=towns)
    for words in said:
        assert words in str(problem.value)


@pytest.mark.parametrize("name", ["desks.yaml", "desks.xlsx"])
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, towns: Towns, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\xff: [")
    with pytest.raises(OrganisationError, match="不是能读的"):
        organisation.read(tmp_path / name, towns=towns)


def excel(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_excel_says_the_same_as_yaml(tmp_path: Path, towns: Towns) -> None:
    file = excel(
        tmp_path / "desks.xlsx",
        {
            "部门": [
                ["编号", "名称", "上级编号", "县市区", "镇街", "事项"],
                ["city", "示例市中心", None, None, None, None],
                [None] * 6,
                ["3", "示例三星站", "city", "海门区", "三星镇", "hardship、card"],
            ],
            "人员": [["登录名", "称呼", "部门编号", "角色"], ["li", "李同志", 3, "接单员"]],
            "时限": [["服务", "首次答复"], ["hardship-aid", 420]],
            "说明": [["随便写"]],
        },
    )
    read = organisation.read(file, towns=towns)
    assert read.desks[1].topics == ("hardship", "card")
    assert (read.staff[0].desk, read.staff[0].role) == ("3", "clerk")
    assert read.rules.promised("hardship-aid", "normal").first == 420


def test_a_row_of_excel_is_named_by_sheet_and_number(tmp_path: Path, towns: Towns) -> None:
    rows = [["编号", "名称", "县市区"], ["city", "示例市中心", None], ["b", "示例站", "海们区"]]
    file = excel(tmp_path / "desks.xlsx", {"部门": rows})
    with pytest.raises(OrganisationError, match="工作表“部门”第 3 行：没有县市区“海们区”"):
        organisation.read(file, towns=towns)
    file = excel(tmp_path / "desks.xlsx", {"部门": [["编号", "名子"]]})
    with pytest.raises(OrganisationError, match="第 1 行：不认识的列 名子"):
        organisation.read(file, towns=towns)


def test_importing_twice_changes_nothing_and_a_desk_left_out_is_closed(
    desks: Desks, towns: Towns
) -> None:
    sample = organisation.read(SAMPLE, towns=towns)
    again = importing.store(desks.session, sample, now=MONDAY)
    assert (again.desks, again.closed, again.without_password) == (5, (), ())
    assert len(desks.session.exec(select(Membership)).all()) == 8

    fewer = organisation.Organisation(
        sample.desks[:4], tuple(s for s in sample.staff if s.desk != "rudong"), sample.rules
    )
    assert importing.store(desks.session, fewer, now=MONDAY).closed == ("示例如东中心",)
    closed = desks.session.exec(select(Desk).where(Desk.code == "rudong")).one()
    assert closed.closed_at == MONDAY


def test_a_desk_with_open_tickets_is_not_closed(desks: Desks, towns: Towns) -> None:
    desks.opens(county="如东县", town="掘港街道")
    sample = organisation.read(SAMPLE, towns=towns)
    fewer = organisation.Organisation(
        sample.desks[:4], tuple(s for s in sample.staff if s.desk != "rudong"), sample.rules
    )
    with pytest.raises(OrganisationError, match="还有 1 张没办完的工单"):
        importing.store(desks.session, fewer, now=MONDAY)


def test_a_new_account_has_no_password_and_the_county_of_its_desk(desks: Desks) -> None:
    san = desks.session.exec(select(Staff).where(Staff.username == "san")).one()
    assert (san.password_hash, san.county) == (importing.NO_PASSWORD, "海门区")


def test_without_an_import_the_defaults_hold(engine: Any) -> None:
    from sqlmodel import Session

    with Session(engine) as session:
        assert rules.load(session) == rules.Rules()
        assert rules.Rules().day() == 420
