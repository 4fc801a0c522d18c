"""How fast an entry is found, beside the usual ways; run ``python -m benchmarks.search [entries …]``.

Machines differ and are shared: read the ratios to the peers of the same run. Entries are made of the words of
our own articles, two questions each; queries are those questions with words left out or added. Peers that are
not installed (``pip install --group bench``) are left out. SVC is only trained where it ends in reasonable time.
"""

from __future__ import annotations

import random
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles

from rapidfuzz import fuzz, process

from knowledge.load import load
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

FRAMES = (
    "{}怎么办理",
    "{}要什么材料",
    "{}一个月多少钱",
    "谁能申请{}",
    "{}去哪里办",
    "{}多久能批下来",
    "为什么{}没有发",
)
QUERIES = 400
CACHE = Path(tempfile.mkdtemp(prefix="index-"))
_SVC_MOST = 2500
Peer = tuple[str, Callable[[dict[str, list[str]]], Callable[[str], object]]]


def made_up(count: int, chance: random.Random) -> dict[str, list[str]]:
    """``count`` entries of two questions each, of the words of our own articles."""
    texts = [article.title for article in load().articles.values()]
    words = sorted({text[at : at + 2] for text in texts for at in range(len(text) - 1)})
    entries = {}
    for number in range(count):
        subject = "".join(chance.sample(words, 3))
        entries[f"e{number}"] = [frame.format(subject) for frame in chance.sample(FRAMES, 2)]
    return entries


def asked(entries: dict[str, list[str]], chance: random.Random) -> list[str]:
    """Questions near those of the entries."""
    chosen = [
        chance.choice(ways)
        for ways in chance.sample(list(entries.values()), min(QUERIES, len(entries)))
    ]
    return [f"请问{text[: chance.randint(6, 40)]}呢" for text in chosen]


def ours(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """This project's index."""
    return Index(entries, Reader.of(Lexicon())).look_up


def ours_again(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """The same from what an earlier start kept on disk."""
    return Index(entries, Reader.of(Lexicon()), cache=CACHE).look_up


def extract_one(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """RapidFuzz over all questions."""
    questions = [text for ways in entries.values() for text in ways]
    return lambda text: process.extractOne(text, questions, scorer=fuzz.WRatio)


def fts5(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """SQLite's full-text index over trigrams."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE question USING fts5(text, tokenize='trigram')")
    rows = [(text,) for ways in entries.values() for text in ways]
    base.executemany("INSERT INTO question VALUES (?)", rows)

    def search(text: str) -> object:
        grams = {text[at : at + 3] for at in range(len(text) - 2)}
        query = " OR ".join(f'"{gram}"' for gram in grams)
        found = "SELECT rowid FROM question WHERE question MATCH ? ORDER BY bm25(question) LIMIT 10"
        return base.execute(found, (query,)).fetchall() if grams else []

    return search


def bm25s_jieba(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """BM25 over words."""
    import bm25s
    import jieba

    jieba.setLogLevel(60)
    index = bm25s.BM25()
    index.index(
        [jieba.lcut(text) for ways in entries.values() for text in ways], show_progress=False
    )
    return lambda text: index.retrieve([jieba.lcut(text)], k=10, show_progress=False)


def tantivy_jieba(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """Tantivy over words."""
    import jieba
    import tantivy

    schema = tantivy.SchemaBuilder().add_text_field("text", tokenizer_name="whitespace").build()
    index = tantivy.Index(schema)
    writer = index.writer()
    for ways in entries.values():
        for text in ways:
            writer.add_document(tantivy.Document(text=" ".join(jieba.lcut(text))))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> object:
        words = " ".join(word for word in jieba.lcut(text) if word.isalnum())
        return searcher.search(index.parse_query(words, ["text"]), 10)

    return search


def linear_svc(entries: dict[str, list[str]]) -> Callable[[str], object]:
    """A linear classifier over character n-grams, an entry a class."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    texts = [text for ways in entries.values() for text in ways]
    owners = [id for id, ways in entries.items() for _ in ways]
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), LinearSVC())
    model.fit(texts, owners)
    return lambda text: model.predict([text])


def peers(count: int) -> Iterator[Peer]:
    """Those that are here."""
    yield "rapidfuzz extractOne (WRatio)", extract_one
    yield "SQLite FTS5 trigram", fts5
    if find_spec("bm25s") and find_spec("jieba"):
        yield "bm25s + jieba", bm25s_jieba
    if find_spec("tantivy") and find_spec("jieba"):
        yield "tantivy + jieba", tantivy_jieba
    if find_spec("sklearn") and count <= _SVC_MOST:
        yield "LinearSVC, characters 1–3", linear_svc


def milliseconds(search: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    """Median and 99th percentile of computing time, after a warm-up."""
    for text in texts[:20]:
        search(text)
    runs = []
    for text in texts:
        started = time.process_time()
        search(text)
        runs.append((time.process_time() - started) * 1000)
    return median(runs), quantiles(runs, n=100)[98]


def row(
    name: str,
    entries: dict[str, list[str]],
    texts: list[str],
    build: Callable[..., Callable[[str], object]],
) -> str:
    """One line of the table."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    search = build(entries)
    built = time.process_time() - started
    middle, slow = milliseconds(search, texts)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return f"| {name} | {len(entries)} | {middle:.2f} | {slow:.2f} | {built:.2f} | {grown:.0f} |"


def main() -> None:
    chance = random.Random(7)  # noqa: S311 – not for secrets
    print(
        "| engine | entries | p50 ms | p99 ms | build s | memory grown MB |\n|---|---|---|---|---|---|"
    )
    index = load().index
    own = {id: [index.asked[one] for one in index.questions(at)] for at, id in enumerate(index.ids)}
    for count in [0, *map(int, sys.argv[1:] or ["2000", "20000", "100000"])]:
        entries = made_up(count, chance) if count else own
        texts = asked(entries, chance)
        print(row("**ours**", entries, texts, ours), flush=True)
        ours_again(entries)
        print(row("**ours**, second start", entries, texts, ours_again), flush=True)
        for name, build in peers(count):
            most = texts if count <= 20000 else texts[:60]
            print(row(name, entries, most, build), flush=True)
    shutil.rmtree(CACHE)


if __name__ == "__main__":
    main()
