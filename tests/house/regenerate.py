"""Writes everything that is generated: documents, golden vectors of new events, OpenAPI documents.

python -m tests.house.regenerate

Run it after a change of an event, an error code, a rule's clause or a route, and commit what it wrote. It never rewrites a golden
vector: a released form is permanent.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.house import (
    make_cli_catalogue,
    make_clocks_md,
    make_content_md,
    make_errors_md,
    make_events_md,
    make_glossary,
    make_guideline_md,
    make_limits_md,
    make_openapi,
    make_roles_md,
)
from tests.vectors import make_contents, make_events


def main() -> None:
    """Writes each file whose text has changed and names it."""
    for document in (
        make_clocks_md,
        make_content_md,
        make_errors_md,
        make_events_md,
        make_glossary,
        make_guideline_md,
        make_limits_md,
        make_roles_md,
    ):
        _write(document.PATH, document.page())
    for name, text in make_openapi.documents().items():
        _write(make_openapi.FOLDER / name, text)
    make_cli_catalogue.main()
    make_events.main()
    make_contents.main()


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
