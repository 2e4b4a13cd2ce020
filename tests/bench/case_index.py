"""``python -m tests.bench.case_index``: the case index of a door at 20,000 families, against a bare FTS query of the same run.

By hand; it asserts nothing. What is measured: a search as a page makes it (words, protected addresses, the person's rights,
rank), and the bare ``MATCH`` of the same database; opening all entries at the start of a door.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from adapters.content_json import write_content
from domain.content.family import Family
from gateway.agency.index.cards import IndexedItem
from gateway.agency.index.contents import card_of_content
from gateway.agency.index.family_search import _asked
from gateway.agency.index.folding import folded_name
from gateway.agency.index.sealed_families import FamilySeal
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
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        door = IndexedDoor(Path(folder) / "door.db")
        door.feed()
        fill(door, args.families)
        began = time.perf_counter()
        status = door.index.status()
        print(f"{status.families} families opened and indexed in {time.perf_counter() - began:.1f} s")
        db, who = door.index._search._db, reader()
        print(f"{'search':<14} {'hits':>6} {'ms':>8} {'bare ms':>8} {'ratio':>6}")
        for text in SEARCHES:
            bare = f"{{names}} : {_asked(folded_name(text.split()[0]))}"

            def bare_query(asked: str = bare) -> list[object]:
                return db.execute("SELECT rowid FROM pairs WHERE pairs MATCH ?", (asked,)).fetchall()

            hits = len(door.index.search(text, who))
            ours = median_ms(lambda t=text: door.index.search(t, who), args.rounds)  # type: ignore[misc]
            plain = median_ms(bare_query, args.rounds)
            print(f"{text:<14} {hits:>6} {ours:>8.2f} {plain:>8.3f} {ours / max(plain, 1e-3):>6.1f}")
        door.close()


if __name__ == "__main__":
    main()
