"""Editors read every rule in plain Chinese."""

from __future__ import annotations

from typing import Any


async def test_the_list_leads_to_a_rule_with_conditions_sources_dates_and_examples(
    li: Any,
) -> None:
    listed = (await li.get("/desk/rules")).text
    assert "/desk/rules/rural-veteran-60" in listed
    assert "条没有例子" not in listed
    page = (await li.get("/desk/rules/self-employed-tax")).text
    assert "有效期 2023-01-01 至 2027-12-31" in page
    assert "✓ 身份：退役军人、" in page
    assert "个体户登记年月当月起 36 个月内" in page
    assert "苏财税〔2023〕22号" in page
    assert "✗ 个体户登记年月：2023年11月30日" in page


async def test_a_rule_there_is_not_is_said(li: Any) -> None:
    page = await li.get("/desk/rules/<b>")
    assert page.status_code == 404
    assert "没有这条规则" in page.text


async def test_auditors_and_strangers_have_no_such_page(office: Any, browsers: Any) -> None:
    assert (await browsers[1].get("/desk/rules")).status_code == 303
    office.staff("jian", "监审计", "海门区", role="auditor")
    jian = await browsers[0].enter("jian")
    assert (await jian.get("/desk/rules")).status_code == 403
    assert (await jian.get("/desk/rules/rural-veteran-60")).status_code == 403
