"""Places in the console: a list is brought, looked at, confirmed, taken back; strangers get nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlmodel import Session, col, select

from bot.console import upload
from bot.db.placetables import ImportState, PlaceCheck, PlaceImport, PlaceVersion
from tests import sheets


def words(page: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def only_haimen(count: int) -> list[dict[str, Any]]:
    return [row for row in sheets.shops(300) if row["county"] == "海门区"][:count]


async def brought(clerk: Any, path: Path, **fields: str) -> str:
    """The address of a preview, without /desk/places."""
    response = await clerk.bring(path, **fields)
    assert response.status_code == 303, words(response)
    return str(response.headers["location"]).removeprefix("/desk/places")


async def test_a_list_is_previewed_confirmed_answered_from_and_taken_back(
    desk: Any, clerks: Any, tmp_path: Path
) -> None:
    li, rows = clerks["li"], only_haimen(12)
    rows[3]["hours"] = "看情况"
    before = desk.knowledge.directory
    address = await brought(li, sheets.write_xlsx(tmp_path / "海门.xlsx", rows))

    page = words(await li.get(address))
    assert "等待确认" in page
    assert "新增 11" in page
    assert "名单 第 7 行" in page
    assert "营业时间看不懂" in page
    assert not desk.live.refresh()  # a draft changes nothing

    assert (await li.post(f"{address}/apply")).status_code == 303
    assert desk.live.refresh()
    assert desk.knowledge.directory is not before
    names = {one.name for one in desk.knowledge.directory.locations}
    assert rows[0]["name"] in names
    assert rows[3]["name"] not in names

    assert (await li.post(f"{address}/revert")).status_code == 303
    assert desk.live.refresh()
    assert desk.knowledge.directory.locations == before.locations


async def test_a_county_brings_its_own_places_only(clerks: Any, tmp_path: Path) -> None:
    rows = [*only_haimen(3), *(r for r in sheets.shops(90) if r["county"] == "如东县")]
    path = sheets.write_xlsx(tmp_path / "混合.xlsx", rows)
    page = words(await clerks["li"].get(await brought(clerks["li"], path)))
    assert "新增 3" in page
    assert "您负责海门区，不能导入别处的地点" in page
    everything = words(await clerks["zhao"].get(await brought(clerks["zhao"], path)))
    assert f"新增 {len(rows)}" in everything


async def test_another_countys_import_is_not_there(clerks: Any, tmp_path: Path) -> None:
    li, wang = clerks["li"], clerks["wang"]
    address = await brought(li, sheets.write_csv(tmp_path / "a.csv", only_haimen(2)))
    await wang.get("/")
    for path in (address, f"{address}/faults.csv"):
        assert (await wang.get(path)).status_code == 404
    for step in ("apply", "drop", "revert"):
        assert (await wang.post(f"{address}/{step}")).status_code == 404
    assert "a.csv" not in (await wang.get("/")).text
    assert (await li.get(address)).status_code == 200


STEPS = [
    ("GET", "/"), ("GET", "/template.xlsx"), ("GET", "/export.csv"), ("GET", "/imports/1"),
    ("GET", "/imports/1/faults.csv"), ("GET", "/work"), ("GET", "/promises"),
    ("GET", "/promises.csv"), ("POST", "/imports"), ("POST", "/imports/1/apply"),
    ("POST", "/imports/1/drop"), ("POST", "/imports/1/revert"), ("POST", "/work/hospital-001"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), STEPS)
async def test_a_stranger_gets_nothing_and_a_forged_form_changes_nothing(
    desk: Any, clerks: Any, tmp_path: Path, method: str, path: str
) -> None:
    file = sheets.write_csv(tmp_path / "海门.csv", only_haimen(2))
    await brought(clerks["li"], file)
    stranger = clerks["stranger"]
    answer = await (
        stranger.get(path) if method == "GET"
        else stranger.bring(file, token="0" * 64) if path == "/imports"
        else stranger.post(path, token="0" * 64, found="verified")
    )  # fmt: skip
    assert answer.status_code in (303, 401)
    assert "海门.csv" not in answer.text
    if method == "POST":
        forged = {"token": "0" * 64, "found": "verified"}
        li = clerks["li"]
        answer = await (li.bring(file, **forged) if path == "/imports" else li.post(path, **forged))
        assert answer.status_code == 403
    with Session(desk.engine) as session:
        assert [one.state for one in session.exec(select(PlaceImport)).all()] == [ImportState.DRAFT]
        assert session.exec(select(PlaceCheck)).all() == []


async def test_a_preview_that_is_out_of_date_is_refused(clerks: Any, tmp_path: Path) -> None:
    li = clerks["li"]
    first = await brought(li, sheets.write_csv(tmp_path / "a.csv", only_haimen(2)))
    second = await brought(li, sheets.write_csv(tmp_path / "b.csv", only_haimen(3)))
    assert (await li.post(f"{first}/apply")).status_code == 303
    late = await li.post(f"{second}/apply")
    assert late.status_code == 409
    assert "请重新上传这份文件" in words(late)
    twice = await li.post(f"{first}/apply")
    assert twice.status_code == 409
    assert (await li.post(f"{second}/drop")).status_code == 303


async def test_who_brought_and_who_confirmed_is_kept_and_forgotten_previews_are_dropped(
    desk: Any, clerks: Any, tmp_path: Path
) -> None:
    li, zhao = clerks["li"], clerks["zhao"]
    file = sheets.write_csv(tmp_path / "a.csv", only_haimen(2))
    forgotten, kept = await brought(li, file), await brought(li, file)
    with Session(desk.engine) as session:
        draft = session.get(PlaceImport, int(forgotten.rpartition("/")[2]))
        assert draft is not None
        draft.created_at -= timedelta(days=3)
        session.commit()
    await zhao.get("/")
    assert (await zhao.post(f"{kept}/apply")).status_code == 303
    await brought(li, file)
    with Session(desk.engine) as session:
        found = session.exec(select(PlaceImport).order_by(col(PlaceImport.id))).all()
        assert [one.state for one in found] == ["dropped", "applied", "draft"]
        assert (found[1].actor, found[1].applied_by) == ("staff:li", "staff:zhao")
        owners = session.exec(select(PlaceVersion.import_id).distinct()).all()
        assert owners == [found[1].id]


async def test_a_full_list_takes_out_what_it_lacks_but_nothing_a_bad_row_was_about(
    desk: Any, clerks: Any, tmp_path: Path
) -> None:
    li, rows = clerks["li"], only_haimen(6)
    first = await brought(li, sheets.write_csv(tmp_path / "a.csv", rows))
    await li.post(f"{first}/apply")
    desk.live.refresh()
    shorter = [dict(row) for row in rows[:4]]
    shorter[0]["phone"] = "问前台"  # the entry stays as it was
    shorter[1]["offer"] = "示例：八折"
    second = await brought(li, sheets.write_csv(tmp_path / "b.csv", shorter), mode="replace")
    page = words(await li.get(second))
    assert "变更 1 处" in page
    assert "示例：凭优待证九折 → 示例：八折" in page
    assert "名单里有、文件里没有的地点 2 处：确认后移出名单" in page
    await li.post(f"{second}/apply")
    desk.live.refresh()
    left = {one.name for one in desk.knowledge.directory.locations}
    assert {row["name"] for row in rows} & left == {row["name"] for row in rows[:4]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0", "不认识“.xls”文件；请另存为 .xlsx"),
        ("a.xlsx", b"not a zip", "不是真正的 .xlsx 文件"),
        ("a.csv", b"", "文件是空的"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "没有找到可以导入的行"),
        ("a.csv", "名称,类别\n某店,拥军商户\n".encode(), "没有这一列"),
    ],
)
async def test_a_file_that_cannot_be_used_is_explained_and_nothing_is_kept(
    desk: Any, clerks: Any, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    refused = await clerks["zhao"].bring(tmp_path / name)
    assert refused.status_code == 422
    assert said in words(refused)
    with Session(desk.engine) as session:
        assert session.exec(select(PlaceImport)).all() == []


async def test_the_template_can_be_filled_in_and_brought_back(clerks: Any, tmp_path: Path) -> None:
    li = clerks["li"]
    path = tmp_path / "模板.xlsx"
    path.write_bytes((await li.get("/template.xlsx")).content)
    book = openpyxl.load_workbook(path)
    heads = [cell.value for cell in book["名单"][1]]
    filled = {
        "名称": "示例·试填",
        "类别": "退役军人服务站",
        "县市区": "海门区",
        "乡镇街道": "三星镇",
    }
    book["名单"].append([filled.get(head, "") for head in heads])
    book.save(path)
    page = words(await li.get(await brought(li, path)))
    assert "新增 1" in page
    assert "有错，没有导入 0" in page


async def test_the_export_comes_back_without_a_change(
    desk: Any, clerks: Any, tmp_path: Path
) -> None:
    li, rows = clerks["li"], only_haimen(5)
    rows[0]["note"] = '=HYPERLINK("http://example.invalid")'
    address = await brought(li, sheets.write_csv(tmp_path / "a.csv", rows))
    await li.post(f"{address}/apply")
    desk.live.refresh()
    exported = await li.get("/export.csv")
    assert "'=HYPERLINK" in exported.text
    lines = [line for line in exported.text.splitlines() if line.startswith(("\ufeff", "merchant"))]
    (tmp_path / "b.csv").write_text("\n".join(lines), "utf-8")
    page = words(await li.get(await brought(li, tmp_path / "b.csv")))
    assert "不变 5" in page


async def test_more_than_a_hundred_megabytes_are_not_even_received(clerks: Any) -> None:
    li = clerks["li"]
    await li.get("/")

    async def nothing_yet() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-length": str(200 * 1024 * 1024), "content-type": "multipart/form-data"}
    refused = await li.http.post("/desk/places/imports", content=nothing_yet(), headers=headers)
    assert refused.status_code == 422
    assert "超过 100 MB" in words(refused)


async def test_a_body_that_hides_its_length_is_cut_off(
    clerks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "LARGEST_FILE", 1000)
    li = clerks["li"]
    await li.get("/")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield head
        while sent < 50_000_000:
            sent += 65_536
            yield b"0" * 65_536

    headers = {"content-type": "multipart/form-data; boundary=x"}
    refused = await li.http.post("/desk/places/imports", content=endless(), headers=headers)
    assert refused.status_code == 422
    assert "超过 100 MB" in words(refused)


@pytest.mark.parametrize("body", [b"", b"--x\r\nrubbish", b"\x00" * 2000])
async def test_a_body_that_is_no_form_is_said(clerks: Any, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    li = clerks["li"]
    await li.get("/")
    refused = await li.http.post("/desk/places/imports", content=body, headers=headers)
    assert refused.status_code == 422
    assert "文件" in words(refused)
