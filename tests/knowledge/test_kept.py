"""The index on disk: read again, made anew when it must be, never in the way."""

from pathlib import Path

import pytest

from knowledge.kept import kept, key
from knowledge.readings import Readings, read
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

READER = Reader.of(Lexicon(synonyms={"优待证": ("优代证",)}))
ENTRIES = {"card": ("优待证怎么办", "办优待证要什么材料"), "bus": ("坐公交要钱吗",)}
BODIES = {"card": "到服务站申请", "bus": "凭证免费"}


def _never() -> Readings:
    raise AssertionError("read again")


def _kept(folder: Path) -> Path:
    (file,) = folder.glob("index-*.npz")
    return file


def _searched(index: Index) -> list[tuple[str, float]]:
    return [(match.id, match.score) for match in index.search("优代证咋办理")]


def test_a_second_start_finds_what_the_first_one_read(tmp_path: Path) -> None:
    first = Index(ENTRIES, READER, BODIES, cache=tmp_path)
    name = key(ENTRIES, READER, BODIES)
    again = kept(tmp_path, name, _never)
    assert (again.asked, again.folded, again.plain) == (first.asked, first.folded, first.plain)
    assert again.characters.vocabulary == first.characters.vocabulary
    assert _searched(Index(ENTRIES, READER, BODIES, cache=tmp_path)) == _searched(first)


@pytest.mark.parametrize(
    ("entries", "reader", "bodies"),
    [
        ({**ENTRIES, "bus": ("公交免费吗",)}, READER, BODIES),
        (ENTRIES, Reader.of(Lexicon()), BODIES),
        (ENTRIES, READER, {**BODIES, "bus": "别的话"}),
        (ENTRIES, READER, None),
    ],
)
def test_other_content_is_another_file(
    entries: dict[str, tuple[str, ...]], reader: Reader, bodies: dict[str, str] | None
) -> None:
    assert key(entries, reader, bodies) != key(ENTRIES, READER, BODIES)


@pytest.mark.parametrize("damage", [b"", b"not a file of ours", None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    whole = Index(ENTRIES, READER, BODIES, cache=tmp_path)
    file = _kept(tmp_path)
    good = file.read_bytes()
    file.write_bytes(good[: len(good) // 2] if damage is None else damage)
    assert _searched(Index(ENTRIES, READER, BODIES, cache=tmp_path)) == _searched(whole)
    kept(tmp_path, key(ENTRIES, READER, BODIES), _never)


def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be", "utf-8")
    index = Index(ENTRIES, READER, BODIES, cache=blocked)
    assert _searched(index) == _searched(Index(ENTRIES, READER, BODIES))


def test_only_the_latest_files_are_kept(tmp_path: Path) -> None:
    for number in range(7):
        entries = {"card": (f"优待证第{number}问",)}
        kept(tmp_path, key(entries, READER, None), lambda: read(entries, READER, None))  # noqa: B023
    assert len(list(tmp_path.iterdir())) == 4
