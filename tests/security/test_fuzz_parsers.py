"""Whatever lies in a file or comes from a platform: read, or refused with the reader's own words.

``FUZZ=20 pytest tests/security -k fuzz`` (or ``make fuzz``) tries twenty times as much.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import telegram
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.channels import telegram_read, telegram_staff_read, wechat_read
from bot.channels.webchat_forms import make_update
from bot.channels.wechat_crypto import Refused
from bot.desk import organisation
from bot.desk.attachments import Rejected, checked
from bot.desk.officefile import OrganisationError
from bot.places.reading import read as read_places
from bot.places.sheets import Unreadable, sheets
from bot.places.world import world
from handlers.messages import Contact
from handlers.nearwish import near_wish
from knowledge import hours
from knowledge.base import Knowledge
from knowledge.load import KnowledgeError, load

TIMES = int(os.environ.get("FUZZ", "1"))
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def tries(count: int) -> settings:
    return settings(
        max_examples=count * TIMES, deadline=None, suppress_health_check=SLOW, database=None
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
WORDS = st.text(max_size=200) | st.sampled_from(
    ["海门三星镇附近", "9" * 500, "周一到周五9点-5点", "-", "１０"]
)


@tries(60)
@given(JSON, st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]))
def test_updates_of_telegram(value: Any, kind: str) -> None:
    person = {"id": 5, "is_bot": False, "first_name": "王"}
    base = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "from": person}
    inside = value if isinstance(value, dict) else {"text": value}
    raw = {"update_id": 1, kind: base | inside}
    try:
        update = telegram.Update.de_json(raw, None)
    except Exception:
        return
    if update is not None and (update.message or update.edited_message):
        text = getattr(update.effective_message, "text", "")
        if text is None or isinstance(text, str):
            telegram_read.read(update)
    assert telegram_staff_read is not None


@tries(80)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.booleans())
def test_xml_of_wechat(body: bytes, wrapped: bool) -> None:
    try:
        message = wechat_read.parse(b"<xml>" + body + b"</xml>" if wrapped else body)
        wechat_read.read(message)
        wechat_read.following(message)
    except Refused:
        pass


@tries(80)
@given(JSON)
def test_messages_of_the_page(value: Any) -> None:
    said = value if isinstance(value, dict) else {"text": value, "point": value, "label": value}
    refused(lambda: make_update(Contact("web", "x"), said), ValueError)


def spoil(data: bytes, cuts: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for at, byte in cuts:
        if out:
            out[at % len(out)] = byte
    return bytes(out)


CUTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=12)


def book(rows: list[list[Any]], title: str = "部门") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


PLACES = book(
    [
        ["名称", "类别", "县市区", "地址", "经度", "纬度"],
        ["甲", "商户", "海门区", "路1号", 121.1, 31.9],
    ]
)
DESKS = book([["编号", "名称", "上级编号"], ["city", "市中心", None], ["hm", "海门", "city"]])


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".geojson"])
def test_lists_of_places(knowledge: Knowledge, tmp_path: Path, ending: str) -> None:
    around = world(knowledge.gazetteer.areas, today=datetime.now(UTC).date())

    @tries(25)
    @given(CUTS, st.binary(max_size=200), JSON)
    def check(cuts: list[tuple[int, int]], raw: bytes, value: Any) -> None:
        csv = "名称,类别,县市区,地址,经度,纬度\n甲,商户,海门区,路1号,121,32\n".encode()
        features = [{"type": "Feature", "properties": value, "geometry": value}]
        geo = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        good = {".xlsx": PLACES, ".csv": csv + raw, ".geojson": geo}[ending]
        path = tmp_path / f"list{ending}"
        path.write_bytes(spoil(good, cuts) if ending != ".geojson" else good)
        refused(lambda: read_places(path, around), Unreadable)

    check()


@pytest.mark.parametrize("ending", [".xlsx", ".yaml"])
def test_organisations(tmp_path: Path, ending: str) -> None:
    @tries(25)
    @given(CUTS, JSON)
    def check(cuts: list[tuple[int, int]], value: Any) -> None:
        path = tmp_path / f"desks{ending}"
        document = {"desks": [{"code": "city", "name": value}, value], "staff": value}
        text = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")
        path.write_bytes(spoil(DESKS, cuts) if ending == ".xlsx" else spoil(text, cuts))
        refused(lambda: organisation.read(path, towns=lambda _: ()), OrganisationError)

    check()


def test_articles(tmp_path: Path) -> None:
    folder = tmp_path / "articles" / "topic"
    folder.mkdir(parents=True)

    @tries(30)
    @given(CUTS, JSON)
    def check(cuts: list[tuple[int, int]], value: Any) -> None:
        article = {
            "id": "a",
            "title": value,
            "questions": value,
            "answer": value,
            "sources": [value],
        }
        text = yaml.safe_dump(article, allow_unicode=True).encode("utf-8", "replace")
        (folder / "a.yaml").write_bytes(spoil(text, cuts))
        refused(lambda: load(tmp_path), KnowledgeError)

    check()


def test_settings_files(tmp_path: Path) -> None:
    from bot import config

    @tries(30)
    @given(CUTS, JSON)
    def check(cuts: list[tuple[int, int]], value: Any) -> None:
        text = yaml.safe_dump({"web": value, "telegram": {"token": value}}).encode(
            "utf-8", "replace"
        )
        (tmp_path / "c.yaml").write_bytes(spoil(text, cuts))
        refused(lambda: config.load(tmp_path / "c.yaml"), config.ConfigError)

    check()


@tries(60)
@given(WORDS)
def test_opening_hours(text: str) -> None:
    refused(lambda: hours.parse(text), hours.Unclear)


def test_phrases_for_places(knowledge: Knowledge) -> None:
    @tries(60)
    @given(WORDS)
    def check(text: str) -> None:
        near_wish(text, knowledge.gazetteer)
        knowledge.gazetteer.resolve(text)

    check()


@tries(40)
@given(CUTS, st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "WEBP"]))
def test_pictures(cuts: list[tuple[int, int]], kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, kind)

    refused(lambda: checked(spoil(out.getvalue(), cuts)), Rejected)


def refused(read: Callable[[], object], kind: type[Exception]) -> None:
    """Read, or refused in the reader's own words; anything else fails."""
    said = "read"
    try:
        read()
    except kind as problem:
        said = str(problem).strip()
    assert said


def test_a_picture_that_unpacks_to_gigabytes_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(out, "PNG")  # 1.6 gigapixels in 200 kB

    with pytest.raises(Rejected):
        checked(out.getvalue())


@pytest.mark.parametrize(
    "data", [b"MZ\x90\x00", b"<svg onload=alert(1)>", b"<html>", b"PK\x03\x04", b"GIF89a;", b""]
)
def test_what_is_no_picture_and_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected):
        checked(data)


def test_nothing_hidden_in_a_picture_survives() -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", comment=b"<script>planted</script>")
    kind, kept = checked(out.getvalue() + b"<?php planted ?>")

    assert kind == "image/jpeg"
    assert b"planted" not in kept


def test_a_table_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 * 2**20))

    with pytest.raises(Unreadable, match="不像正常的表格"):
        list(sheets(path))
    with pytest.raises(OrganisationError):
        organisation.read(path, towns=lambda _: ())


def test_an_organisation_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "entities.xlsx"
    with zipfile.ZipFile(io.BytesIO(DESKS)) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name == "xl/workbook.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>' + data
            bad.writestr(name, data)

    with pytest.raises(OrganisationError, match="不该有的定义"):
        organisation.read(path, towns=lambda _: ())
