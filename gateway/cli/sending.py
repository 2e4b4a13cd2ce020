"""``kakehashi send``: a file to the agency's door, and its answer beside the file."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx

from adapters.agencies import WrongFile
from domain.errors import NotThere, Unavailable
from gateway.agency.files import Files
from gateway.agency.serve import opened_door
from gateway.agency.staff import Person
from gateway.agency.web.api import file_out
from gateway.installation.folder import Installation
from gateway.protocol.problems import error_of

SECONDS = 600.0
SYSTEM = Person("system.send", "kakehashi send")


def through_door(url: str, token: str | None, data: bytes) -> dict[str, Any]:
    """What a running door answers to a file. Raises what it tells, but for findings, which are an answer."""
    headers = {"content-type": "application/octet-stream"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        answer = httpx.post(f"{url.rstrip('/')}/api/files", content=data, headers=headers, timeout=SECONDS)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("door-away", "start the agency's door, or name it") from error
    if answer.status_code != 200 and "findings" not in body:
        raise error_of(answer.status_code, body)
    return body


def with_keys(
    installation: Installation, code: str, hub_url: str, data: bytes, told: Callable[[int, int], None]
) -> dict[str, Any]:
    """The same by the keys that lie in this folder, where no door is running."""
    with opened_door(installation, code, hub_url) as (door, _, _):
        try:
            return file_out(Files(door).send(SYSTEM, data, told)).model_dump(mode="json")
        except WrongFile as wrong:
            return file_out(Files.refused(data, wrong), wrong.findings).model_dump(mode="json")


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises NotThere."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotThere("file-not-there", "name a file that can be read") from error


def keep_answer(path: Path, found: dict[str, Any], where: Path | None) -> Path:
    """Write the answer beside the file, or where it was asked for; returns its path."""
    target = where or path.with_name(f"{path.stem}.結果{found['ending']}")
    target.write_bytes(b64decode(found["answer"]))
    return target
