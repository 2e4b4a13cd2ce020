"""``kakehashi send``: a file to the agency's door, and its answer beside the file."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2 as httpx

from adapters.agencies import WrongFile
from domain.errors import Unavailable
from domain.role_acts import TOKEN_DEFAULT
from gateway.agency.files import Files
from gateway.agency.parsing import ParsingPool
from gateway.agency.permissions import Granted
from gateway.agency.serve import open_door
from gateway.agency.staff import Person
from gateway.agency.web.api import file_out
from gateway.installation.exchanged_files import unreadable_file
from gateway.installation.key_folder import AgencyFolder
from gateway.protocol.problems import error_of
from keys.keystore import Keystore

REQUEST_SECONDS = 600.0
SEND_PERSON = Person("system.send", "kakehashi send")


def send_through_door(url: str, token: str | None, data: bytes) -> dict[str, Any]:
    """What a running door answers to a file. Raises what it tells, but for findings, which are an answer."""
    headers = {"content-type": "application/octet-stream"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/api/files", content=data, headers=headers, timeout=REQUEST_SECONDS
        )
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("door-unreachable") from error
    if answer.status_code != 200 and "findings" not in body:
        raise error_of(answer.status_code, body)
    return body


def send_with_keys(
    place: AgencyFolder,
    keystore: Keystore,
    hub_url: str,
    data: bytes,
    on_progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """The same by the keys that lie in this folder, where no door is running. It may do what a token may by default."""
    with open_door(place, keystore, hub_url) as (door, _), closing(ParsingPool()) as parsing_pool:
        door.permissions = Granted(TOKEN_DEFAULT)
        try:
            return file_out(Files(door, parsing_pool).send(SEND_PERSON, data, on_progress)).model_dump(
                mode="json"
            )
        except WrongFile as wrong_file:
            return file_out(Files.refused(data, wrong_file), wrong_file.findings).model_dump(mode="json")


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises NotFound."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable_file(path) from error


def write_answer(path: Path, file_report: dict[str, Any], answer_path: Path | None) -> Path:
    """Write the answer beside the file, or where it was asked for; returns its path."""
    target = answer_path or path.with_name(f"{path.stem}.結果{file_report['ending']}")
    target.write_bytes(b64decode(file_report["answer"]))
    return target
