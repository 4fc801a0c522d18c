"""Reads the editors' files into one immutable library, or says everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from knowledge.calculators import Calculator
from knowledge.cases import Cases
from knowledge.facts import Fact
from knowledge.library import Library as Library
from knowledge.library import index_of
from knowledge.meaning import Embedder
from knowledge.rules import ExpressionError, Rule, compiled
from knowledge.schema import (
    Article,
    Intent,
    Law,
    Lexicon,
    Promise,
    Region,
    Service,
    Strangers,
)
from knowledge.text import Reader

ROOT = Path(__file__).parent
_CASES = "benefits/cases.yaml"
Model = TypeVar("Model", bound=BaseModel)
_BROKEN = (OSError, ValueError, OverflowError, RecursionError, TypeError)
"""What reading raises beside YAML's own errors: impossible dates and characters, endless nesting."""


@dataclass(frozen=True)
class Problem:
    """Something an editor should mend: where, what, and how."""

    file: Path
    line: int
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        mark = "错误" if self.level == "error" else "提醒"
        return f"{self.file}:{self.line}: {mark}：{self.message}"


class KnowledgeError(Exception):
    """The files cannot be used; ``problems`` has all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("知识库有误：\n" + "\n".join(map(str, problems)))
        self.problems = problems


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML that refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _unreadable("冒号左边应当是一个词", key)
            if key.value in seen:
                raise _unreadable(f"“{key.value}”写了两遍，请删掉一处", key)
            seen.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping

    def day(self, node: yaml.ScalarNode) -> Any:
        """A date; one the calendar does not have is an error with its line."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            raise _unreadable(f"日历上没有“{node.value}”这一天，请改正", node) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.day)


def _unreadable(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def load(root: Path = ROOT, embedder: Embedder | None = None, cache: Path | None = None) -> Library:
    """Read everything below ``root``; the index is kept in ``cache``, if given. Raises
    KnowledgeError with all problems of all files, and EmbedderFailed."""
    collect = _Collector(root)
    articles = collect.many("articles", Article)
    services = collect.many("services", Service, prefix="request:")
    intents = collect.listed("intents.yaml", "intents", Intent)
    strangers = collect.listed("strangers.yaml", "strangers", Strangers)
    laws = {law.name: law for law in collect.listed("sources.yaml", "laws", Law).values()}
    regions = {one.name: one for one in collect.listed("regions.yaml", "regions", Region).values()}
    promises = collect.listed("coverage.yaml", "promises", Promise)
    lexicon = collect.single("lexicon.yaml", Lexicon) or Lexicon()
    facts = collect.listed("benefits/facts.yaml", "facts", Fact) if _has_rules(root) else {}
    cases = collect.listed(_CASES, "cases", Cases) if (root / _CASES).exists() else {}
    rules = collect.many("benefits/rules", Rule, prefix="rule:")
    calculators = collect.many("calculators", Calculator, prefix="calculator:")
    if collect.problems:
        raise KnowledgeError(tuple(collect.problems))
    reader = Reader.of(lexicon)
    library = Library(
        articles=articles,
        services=services,
        intents=intents,
        laws=laws,
        regions=regions,
        reader=reader,
        index=index_of(
            articles,
            services,
            intents,
            strangers,
            reader=reader,
            embedder=embedder,
            cache=cache,
        ),
        files=collect.files,
        root=root,
        strangers=strangers,
        promises=tuple(promises.values()),
        lexicon=lexicon,
        facts=facts,
        rules=rules,
        cases=cases,
        calculators=calculators,
    )
    if broken := tuple(_expressions(library)):
        raise KnowledgeError(broken)
    return library


def _has_rules(root: Path) -> bool:
    return (root / "benefits").is_dir()


def _expressions(library: Library) -> Iterator[Problem]:
    """Conditions that speak of what no fact is, with the line."""
    for rule in library.rules.values():
        path = library.files[f"rule:{rule.id}"]
        for number, condition in enumerate(rule.conditions):
            try:
                compiled(condition.when, library.facts, library.around)
            except ExpressionError as error:
                line = line_of(path, "conditions", number, "when", *error.place)
                yield Problem(path, line, f"“{condition.text}”：{error}")


class _Collector:
    """Reads file after file and keeps the problems."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.files: dict[str, Path] = {}

    def many(self, folder: str, model: type[Model], *, prefix: str = "") -> dict[str, Model]:
        """One value a file below ``folder``, by id; file name and folder must agree with it."""
        found: dict[str, Model] = {}
        for path in sorted((self.root / folder).rglob("*.yml")):
            self._add(path, 1, "这个文件不会被读到，请把扩展名改成 .yaml")
        for path in sorted((self.root / folder).rglob("*.yaml")):
            if value := self.single(str(path.relative_to(self.root)), model):
                self._place(path, value, found, prefix=prefix)
        return found

    def _place(self, path: Path, value: Any, found: dict[str, Any], *, prefix: str) -> None:
        wrong = f"id 是 {value.id}"
        if value.id != path.stem:
            message = f"{wrong}，文件名却是 {path.stem}；请改成一致"
            self._add(path, line_of(path, "id"), message)
        if isinstance(value, Article) and value.topic != path.parent.name:
            message = f"topic 是 {value.topic}，文件却在 {path.parent.name} 目录；请改成一致"
            self._add(path, line_of(path, "topic"), message)
        if value.id in found:
            message = f"{wrong}，{self.files[prefix + value.id]} 已经用了；请换一个"
            self._add(path, line_of(path, "id"), message)
        found[value.id] = value
        self.files[prefix + value.id] = path

    def listed(self, name: str, key: str, model: type[Model]) -> dict[str, Model]:
        """A file whose one key ``key`` lists values, by their ``id`` or ``name``."""
        data, node = self._parse(self.root / name)
        if node is None:
            return {}
        items = data.get(key) if isinstance(data, dict) else None
        if not isinstance(items, list):
            self._add(self.root / name, 1, f"应当是 {key}: 加一个列表")
            return {}
        found: dict[str, Model] = {}
        for number, item in enumerate(items):
            if value := self._validate(self.root / name, item, node, model, (key, number)):
                called = getattr(value, "id", None) or getattr(value, "name", None)
                if called in found:
                    line = _line(node, (key, number))
                    self._add(self.root / name, line, f"“{called}”写了两遍，请删掉一处")
                found[str(called or number)] = value
        return found

    def single(self, name: str, model: type[Model]) -> Model | None:
        """One file that is one value."""
        path = self.root / name
        data, node = self._parse(path)
        return None if node is None else self._validate(path, data, node, model)

    def _parse(self, path: Path) -> tuple[Any, yaml.Node | None]:
        try:
            text = path.read_text("utf-8")
            loader = _Loader(text)
            node = loader.get_single_node()
            data = loader.construct_document(node) if node else None
        except yaml.MarkedYAMLError as broken:
            line = broken.problem_mark.line + 1 if broken.problem_mark else 1
            self._add(path, line, f"YAML 读不通：{broken.problem}")
            return None, None
        except (*_BROKEN, yaml.YAMLError) as broken:
            self._add(path, 1, f"文件读不出来：{broken}")
            return None, None
        if node is None:
            self._add(path, 1, "文件是空的")
        return data, node

    def _validate(
        self,
        path: Path,
        data: Any,
        node: yaml.Node,
        model: type[Model],
        at: tuple[str | int, ...] = (),
    ) -> Model | None:
        try:
            return model.model_validate(data)
        except ValidationError as broken:
            for error in broken.errors(include_url=False):
                place = (*at, *error["loc"])
                named = ".".join(map(str, place)) or "整条"
                self._add(path, _line(node, place), f"{named}：{_words(error)}")
            return None

    def _add(self, path: Path, line: int, message: str) -> None:
        self.problems.append(Problem(path, line, message))


def line_of(path: Path, *place: str | int) -> int:
    """The line of a field in a YAML file; 1 when it cannot be found."""
    node = _Loader(path.read_text("utf-8")).get_single_node()
    return _line(node, place) if node else 1


def _line(node: yaml.Node, place: tuple[str | int, ...]) -> int:
    line = node.start_mark.line + 1
    for step in place:
        child = next(_children(node, step), None)
        if child is None:
            break
        node, line = child
    return line


def _children(node: yaml.Node, step: str | int) -> Iterator[tuple[yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((v, k.start_mark.line + 1) for k, v in node.value if k.value == step)
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        yield node.value[step], node.value[step].start_mark.line + 1


_WORDS = {
    "extra_forbidden": "不认识这个字段，请删掉或改正拼写",
    "missing": "缺少这个字段",
    "string_too_long": "太长了，最多 {max_length} 个字",
    "string_too_short": "太短了，至少 {min_length} 个字",
    "too_short": "太少了，至少 {min_length} 个",
    "too_long": "太多了，最多 {max_length} 个",
    "literal_error": "只能是 {expected}",
    "string_pattern_mismatch": "格式不对，应符合 {pattern}",
    "string_type": "应当是文字（数字请加引号）",
    "date_from_datetime_parsing": "应当是日期，如 2026-11-23",
    "date_type": "应当是日期，如 2026-11-23",
    "tuple_type": "应当是列表（每项前加短横线）",
    "int_type": "应当是整数",
    "int_parsing": "应当是整数",
    "model_type": "下面应当有缩进的子项",
}


def _words(error: Any) -> str:
    template = _WORDS.get(error["type"])
    if template is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return template.format(**error.get("ctx", {}))
