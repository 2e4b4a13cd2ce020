"""``python -m tests.bench.case_index``: the case index of a door at 20,000 families, against a bare FTS query of the same run.

By hand, and small by ``tests/bench/test_case_index_bench.py``; no time is asserted. What is measured: a search as a page makes
it (words, protected addresses, the person's rights, rank, the 50 that are shown), and the bare ``MATCH`` of the same words in
the same database; reading all entries at the start of a door, and a search while that goes on; the look for the same family.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.content_json import write_content
from domain.content.family import Family
from gateway.agency.index.cards import IndexedItem
from gateway.agency.index.contents import card_of_content
from gateway.agency.index.family_search import _any_of, _phrases_of_word
from gateway.agency.index.sealed_families import FamilySeal
from gateway.agency.index.search_query import words_of
from tests.gateway.index_kit import HUB, NOW, IndexedDoor, family_content, id_of, reader

_WORDS = """
佐藤 鈴木 髙橋 田中 伊藤 渡邊 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 濵田 齋藤
さとう すずき たかはし たなか いとう わたなべ やまもと なかむら こばやし かとう よしだ やまだ ささき やまぐち \
まつもと いのうえ きむら はやし さいとう しみず はまだ さいとう
花子 太郎 葵 陽菜 結衣 翔太 蓮 湊 樹 凛 芽衣 莉子 大翔 悠真 紬 美咲 健太 真央 拓海 彩
はなこ たろう あおい ひな ゆい しょうた れん みなと いつき りん めい りこ ひろと ゆうま \
つむぎ みさき けんた まお たくみ あや
本町 栄町 朝日町 緑が丘 旭ヶ丘 中央 東町 西町 南町 北町
"""
FAMILY_NAMES, READINGS, GIVEN, GIVEN_READINGS, TOWNS = (line.split() for line in _WORDS.strip().splitlines())
SEARCHES = ("髙橋 花子", "わたなべ", "斉藤", "R5.4.12", "5678", "緑ヶ丘3丁目", "花", "どこにもない名")


def draw(n: int, what: int, of: int) -> int:
    """A number below ``of`` that looks arbitrary and is always the same."""
    return int.from_bytes(hashlib.sha256(f"{n}/{what}".encode()).digest()[:4], "big") % of


def family(n: int) -> Family:
    one, given = draw(n, 1, len(FAMILY_NAMES)), draw(n, 2, len(GIVEN))
    return family_content(
        f"{FAMILY_NAMES[one]} {GIVEN[given]}",
        f"{READINGS[one]} {GIVEN_READINGS[given]}",
        born=f"{2008 + draw(n, 3, 19)}-{1 + draw(n, 4, 12):02}-{1 + draw(n, 5, 28):02}",
        mother=f"{FAMILY_NAMES[one]} {GIVEN[draw(n, 6, len(GIVEN))]}",
        address=f"青葉市{TOWNS[draw(n, 7, len(TOWNS))]}{1 + draw(n, 8, 8)}丁目{1 + draw(n, 9, 39)}-{n % 30}",
        phone=f"090-{draw(n, 10, 10_000):04}-{draw(n, 11, 10_000):04}",
    )


def fill(door: IndexedDoor, families: int) -> None:
    """So many families, sealed as the door does it, in one transaction."""
    family_seal, until = FamilySeal(door.kem, HUB), NOW.date().replace(year=2027).isoformat()
    with door.store._write() as db:
        for n in range(families):
            case = str(id_of(f"case {n}"))
            card = card_of_content("family/v1", write_content(family(n)))
            item = IndexedItem(case, case, "2026-01-01T00:00:00.000000Z", (), card)
            key, sealed = family_seal.seal(case, [item])
            db.execute("INSERT INTO index_families VALUES (?,?,?,?)", (case, n + 1, key, sealed))
            if n % 200 == 0:
                db.execute("INSERT INTO address_protections VALUES (?,?,NULL)", (case, until))
        db.execute("INSERT OR REPLACE INTO state VALUES ('index_changes', ?)", (str(families),))


def median_ms(call: Callable[[], object], rounds: int) -> float:
    """Processor time of this thread: what other processes of the machine take is not counted."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        call()
        times.append((time.thread_time() - began) * 1000)
    return statistics.median(times)


@dataclass(frozen=True)
class Row:
    """One search: how many families fit, and medians of the processor time of it, and of the bare query of all that fit."""

    text: str
    total: int
    ms: float
    bare_ms: float

    @property
    def ratio(self) -> float:
        return self.ms / max(self.bare_ms, 1e-3)


@dataclass(frozen=True)
class Measured:
    """``loading_ms``: of a search while the index is read, by the clock on the wall; ``alike_ms``: of the look for the same family."""

    families: int
    load_seconds: float
    loading_ms: float
    loading_worst_ms: float
    alike_ms: float
    megabytes: float
    rows: tuple[Row, ...]


def measure(folder: Path, families: int, rounds: int) -> Measured:
    """One run: so many families on disk, a door that starts, its searches, and bare queries of the same database."""
    door = IndexedDoor(folder / "door.db")
    try:
        door.feed()
        fill(door, families)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        who, began, loading = reader(), time.perf_counter(), []
        door.index.start()
        while door.index.status().waiting:
            asked_at = time.perf_counter()
            door.index.search("花", who)
            loading.append((time.perf_counter() - asked_at) * 1000)
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        one = door.index.family(id_of("case 1"), who)
        assert one is not None
        return Measured(
            families=door.index.status().families,
            load_seconds=seconds,
            loading_ms=statistics.median(loading or [0.0]),
            loading_worst_ms=max(loading, default=0.0),
            alike_ms=median_ms(lambda: door.index.alike(one, who), rounds),
            megabytes=megabytes,
            rows=tuple(_row(door, text, rounds) for text in SEARCHES),
        )
    finally:
        door.close()


def _row(door: IndexedDoor, text: str, rounds: int) -> Row:
    """A search as a page makes it, and the bare ``MATCH`` of its words, each as one of a name, a date, an address."""
    db, who = door.index._search._db, reader()
    asked = " AND ".join(f"({_any_of(_phrases_of_word(word))})" for word in words_of(text))

    def bare() -> list[object]:
        return db.execute("SELECT rowid FROM families WHERE families MATCH ?", (asked,)).fetchall()

    assert len(bare()) == door.index.search(text, who).total
    return Row(
        text=text,
        total=len(bare()),
        ms=median_ms(lambda: door.index.search(text, who), rounds),
        bare_ms=median_ms(bare, rounds),
    )


def table(measured: Measured) -> str:
    """The result as RESULTS.md holds it."""
    head = ["| searched | families | ms | bare query, ms | ratio |", "|---|---|---|---|---|"]
    rows = [
        f"| {row.text} | {row.total:,} | {row.ms:.2f} | {row.bare_ms:.2f} | {row.ratio:.1f} |"
        for row in measured.rows
    ]
    summary = (
        f"{measured.families:,} families; read after a start in {measured.load_seconds:.1f} s, meanwhile a search took"
        f" {measured.loading_ms:.1f} ms, at worst {measured.loading_worst_ms:.0f} ms (by the clock, with the wait for its turn);"
        f" the look for the same family {measured.alike_ms:.2f} ms; "
        f"memory {measured.megabytes:.0f} MB."
    )
    return "\n".join([*head, *rows, "", summary])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(Path(folder), args.families, args.rounds)))


if __name__ == "__main__":
    main()
