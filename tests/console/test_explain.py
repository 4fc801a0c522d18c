"""Editors see why a question is answered as it is."""

from __future__ import annotations

from typing import Any


async def test_the_page_names_what_was_read_and_every_candidate(li: Any) -> None:
    page = (await li.get("/desk/explain?q=优待证丢了怎么补办")).text
    assert "决定：直接答" in page
    assert "读作：<strong>优待证丢了怎么补办</strong>" in page
    assert "preferential-card-lost-replace" in page
    assert "classified" in page


async def test_without_a_question_there_is_only_the_form(li: Any) -> None:
    page = await li.get("/desk/explain")
    assert page.status_code == 200
    assert "决定" not in page.text


async def test_what_is_asked_is_escaped(li: Any) -> None:
    page = (await li.get("/desk/explain?q=<script>alert(1)</script>优待证")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_auditors_have_no_such_page(office: Any, browsers: Any) -> None:
    office.staff("jian", "监审计", "海门区", role="auditor")
    jian = await browsers[0].enter("jian")
    assert (await jian.get("/desk/explain?q=优待证")).status_code == 403
