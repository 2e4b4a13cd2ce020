"""Writes docs/errors.md from the table of error codes.

python -m tests.house.make_errors_md
"""

from __future__ import annotations

from pathlib import Path

from domain.error_codes import LAYERS, TABLE, Audience, ErrorCode
from gateway.protocol.problem_responses import statuses_of

PATH = Path(__file__).parents[2] / "docs" / "errors.md"
AUDIENCES = {
    Audience.HUB: "hub client",
    Audience.DOOR: "door client",
    Audience.AUDIT_PAGES: "audit pages",
    Audience.OPERATOR: "operator",
    Audience.AUDITOR: "auditor",
    Audience.INTERNAL: "internal",
}
HEAD = """# Errors

Written by `python -m tests.house.make_errors_md` from `domain/error_codes/`; a test keeps it current. How to add
a code: [how-to/add-an-error.md](how-to/add-an-error.md).

Over HTTP an error is a problem document (RFC 9457, `application/problem+json`):

| member | content |
|---|---|
| `type` | `urn:kakehashi:problem:<category>:<error code>` |
| `title` | the category in Japanese |
| `status` | the HTTP status again |
| `category`, `error_code` | public and stable: match on these |
| `detail` | what to do, in English; names the place where the error has one |
| `detail_ja` | what happened and what to do, in Japanese |
| `findings` | of `wrong-file` only: all that is wrong with the file |

| category | status | what the caller can do |
|---|---|---|
| `malformed` | 400, 405, 408, 413, 421, 431 | correct the bytes and send them again |
| `untrusted` | 401 | find out why a signature, key, digest or seal does not hold |
| `refused` | 403 | nothing: the rules say no |
| `not-found` | 404 | check the number; «not found» and «not yours» read the same |
| `conflict` | 409 | read what was recorded meanwhile and decide again |
| `unavailable` | 429, 503 | send the same bytes again, after the time that `Retry-After` states |
| `invariant-violation` | 500 | tell the operator; the process stops |

Three more categories are never an error of their own and have no status: `file-finding` is a line of the problem
`wrong-file`, `finding` a line in the result of a verification (`kakehashi audit verify`, `kakehashi audit
verify-bundle`: JSON member `code`), `health` a line of the hub's `/readyz` (`code`, `where`, `detail`). A finding can
also have the code of an error: of the one that reading the record raised.

Who sees a code: **hub client** and **door client** (over HTTP; a door passes on what the hub answers), **audit
pages**, **operator** (command line or log), **auditor** (a finding of a verification), **internal** (a mistake of
the calling code). A
refusal by the rules is recorded and is no problem document: it is the answer of the command, under 403 at the
hub, with its reason and receipt. What a server takes at a time, and for how long: [limits.md](limits.md).
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, f"{len(TABLE)} codes.\n"]
    for title, layer in LAYERS.items():
        parts += [
            f"## {title}\n",
            "| code | category | meaning | remedy | 日本語 | seen by |",
            "|---|---|---|---|---|---|",
        ]
        parts += [_line(row) for row in sorted(layer, key=lambda row: row.code)]
        parts.append("")
    return "\n".join(parts)


def _line(row: ErrorCode) -> str:
    category = ", ".join(row.categories)
    if statuses := sorted(statuses_of(row)):
        category += " " + ", ".join(str(status) for status in statuses)
    audience = ", ".join(name for flag, name in AUDIENCES.items() if flag & row.audience)
    cells = (f"`{row.code}`", category, row.meaning, row.remedy, row.text_ja, audience)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(page(), encoding="utf-8")
