"""A broken file is named with its line and remedy, all problems at once."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from knowledge import load as loading
from knowledge.check import check
from knowledge.load import KnowledgeError, load

TODAY = date(2026, 11, 25)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the shipped knowledge that may be broken."""
    shutil.copytree(loading.ROOT, tmp_path / "knowledge", ignore=shutil.ignore_patterns("*.py*"))
    return tmp_path / "knowledge"


def spoil(root: Path, old: str, new: str) -> Path:
    path = root / "articles" / "transit-culture" / "disabled-half-fare.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def line(path: Path, text: str) -> int:
    return 1 + next(n for n, row in enumerate(path.read_text("utf-8").splitlines()) if text in row)


@pytest.mark.parametrize(
    ("old", "new", "marker", "message"),
    [
        ("title:", "titel:", "titel", "不认识这个字段"),
        ("region: 全国", "region: 全国\nregion: 江苏省", "region: 江苏省", "写了两遍"),
        ("assured_on: 2026-11-23", "assured_on: 昨天", "assured_on", "日期"),
        ("assured_on: 2026-11-23", "assured_on: 2026-02-30", "assured_on", "没有“2026-02-30”"),
        ("title:", "? [a, b]\n: c\ntitle:", "? [a, b]", "应当是一个词"),
        ("confidence: 高", "confidence: 低", "confidence", "只能是"),
        ("articles: [52]", "articles: []", "source:", "第几条"),
        ("id: disabled-half-fare", "id: other", "id: other", "文件名"),
        ("topic: transit-culture", "topic: a: b", "topic", "YAML"),
    ],
)
def test_a_broken_article_is_named_with_line_and_remedy(
    root: Path, old: str, new: str, marker: str, message: str
) -> None:
    path = spoil(root, old, new)
    with pytest.raises(KnowledgeError) as error:
        load(root)
    found = [p for p in error.value.problems if p.file == path and message in p.message]
    assert found, str(error.value)
    assert abs(found[0].line - line(path, marker)) <= 2


def test_all_problems_of_all_files_come_at_once(root: Path) -> None:
    spoil(root, "title:", "titel:")
    (root / "services" / "legal-aid.yaml").write_text("id: legal-aid\n", "utf-8")
    with pytest.raises(KnowledgeError) as error:
        load(root)
    assert {p.file.name for p in error.value.problems} >= {
        "disabled-half-fare.yaml",
        "legal-aid.yaml",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("see_also: [travel-priority", "see_also: [no-such-article", "没有文章 no-such-article"),
        (
            "law: 军人抚恤优待条例, articles: [52]",
            "law: 军人抚恤优待条例, articles: [99]",
            "只有 64 条",
        ),
        ("law: 军人抚恤优待条例", "law: 退役士兵安置条例", "废止"),
        ("law: 军人抚恤优待条例", "law: 无此法", "没有《无此法》"),
        ("region: 全国", "region: 火星", "没有地区"),
        ("残疾军人坐火车半价吗", "优待证丢了怎么补办", "优待证丢了"),
        ("凭残疾军人证\n", "凭残疾军人证，电话 13900138000\n", "像是电话"),
        ("凭残疾军人证\n", "凭残疾军人证，0513-85123456\n", "像是电话"),
    ],
)
def test_the_check_says_what_a_schema_cannot(root: Path, old: str, new: str, message: str) -> None:
    path = spoil(root, old, new)
    problems = [p for p in check(load(root), TODAY) if p.file == path and p.level == "error"]
    assert any(message in p.message for p in problems), problems


@pytest.mark.parametrize(
    ("name", "old", "new", "marker"),
    [
        ("intents.yaml", "- id: bye", "- id: thanks", "- id: thanks"),
        ("regions.yaml", "{name: 启东市", "{name: 海门区", "{name: 海门区, aliases: [启东县"),
        ("sources.yaml", "{name: 兵役法", "{name: 退役军人保障法", "in_force: 2021-10-01"),
    ],
)
def test_what_is_listed_twice_is_refused_and_not_silently_replaced(
    root: Path, name: str, old: str, new: str, marker: str
) -> None:
    path = root / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(KnowledgeError, match="写了两遍") as error:
        load(root)
    last = max(n for n, row in enumerate(path.read_text("utf-8").splitlines(), 1) if marker in row)
    assert [(one.file, one.line) for one in error.value.problems] == [(path, last)]


def test_a_file_that_would_not_be_read_is_named(root: Path) -> None:
    path = root / "articles" / "transit-culture" / "disabled-half-fare.yaml"
    path.rename(path.with_suffix(".yml"))
    with pytest.raises(KnowledgeError, match=r"扩展名改成 \.yaml"):
        load(root)


def test_an_article_and_a_service_of_one_id_keep_their_own_files() -> None:
    library = load()
    shared = sorted(set(library.articles) & set(library.services))
    assert shared
    for id in shared:
        assert library.files[id].parent.parent.name == "articles"
        assert library.files[f"request:{id}"].parent.name == "services"


def test_an_article_past_its_review_date_is_a_warning(root: Path) -> None:
    problems = check(load(root), date(2028, 1, 1))
    assert any("复核期限" in p.message and p.level == "warning" for p in problems)


def test_the_shipped_knowledge_is_clean() -> None:
    """Warnings are reminders to editors; an error stops the release."""
    assert [problem for problem in check(load(), TODAY) if problem.level == "error"] == []


def test_at_least_forty_articles_of_every_theme_are_shipped() -> None:
    library = load()
    assert len(library.articles) >= 40
    assert len({article.topic for article in library.articles.values()}) == 16


def test_two_articles_with_different_figures_for_one_thing_are_found(root: Path) -> None:
    other = root / "articles" / "transit-culture" / "travel-priority.yaml"
    amounts = (
        "amounts:\n- label: 火车、轮船、长途车、飞机减收\n  value: 公布票价的40%\n  region: 全国\n"
        "  as_of: 2024-10-01\n  source: {law: 军人抚恤优待条例, articles: [52]}\nsources:"
    )
    other.write_text(other.read_text("utf-8").replace("sources:", amounts, 1), "utf-8")
    found = [p for p in check(load(root), TODAY) if "查明后改成一致" in p.message]
    assert len(found) == 1
    assert "40%" in found[0].message
    assert "50%" in found[0].message


def test_an_article_that_nothing_finds_is_an_error(root: Path) -> None:
    path = spoil(root, "questions:", "questions:")
    other = root / "articles" / "hardship" / "care-fund.yaml"  # sorts first
    asked = other.read_text("utf-8").split("questions:\n")[1].split("\nwords:")[0]
    taken = asked.splitlines()
    rows = path.read_text("utf-8").splitlines()
    start, end = rows.index("questions:") + 1, rows.index("answer:")
    path.write_text("\n".join(rows[:start] + taken + rows[end:]), "utf-8")
    found = [p for p in check(load(root), TODAY) if p.file == path]
    assert any("没有一种问法能找到这一条" in p.message for p in found)


def test_a_document_past_its_trial_is_an_error(root: Path) -> None:
    source = "sources:\n- {number: 试行一号, issuer: 某局, year: 2020, trial_until: 2022-01-01}"
    path = spoil(root, "\nsources:", f"\n{source}")
    found = [p for p in check(load(root), TODAY) if p.file == path]
    assert any("试行期已过" in p.message for p in found)


def test_a_promise_served_by_nothing_that_exists_is_an_error(root: Path) -> None:
    path = root / "coverage.yaml"
    path.write_text(path.read_text("utf-8").replace("volunteer-join", "no-such-thing"), "utf-8")
    found = [p for p in check(load(root), TODAY) if p.file == path]
    assert [p.level for p in found] == ["error"]
    assert "no-such-thing" in found[0].message


def test_a_promise_served_by_nothing_at_all_is_refused(root: Path) -> None:
    path = root / "coverage.yaml"
    path.write_text("promises:\n  - {said: 一项服务}\n", "utf-8")
    with pytest.raises(KnowledgeError, match="没有任何文章"):
        load(root)
