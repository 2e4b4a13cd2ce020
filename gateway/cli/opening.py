"""Opening what a command works on: passphrase, installation, archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from domain.errors import NotFound
from gateway.cli.failures import naming
from gateway.cli.language import tr
from gateway.installation.exchanged_files import read_exchanged_file
from gateway.installation.folder import Installation, moment, open_installation
from gateway.installation.key_folder import KeyFolder
from gateway.installation.unlocking import PROMPT, unlock_in_child
from keys.frame import parse_frame
from keys.genesis import Genesis, verify_genesis
from keys.keystore import Keystore
from keys.passphrase import read_passphrase

if TYPE_CHECKING:
    from gateway.installation.archive import Archive


def installation_of(data: Path, file: Path | None, fd: int | None) -> Installation:
    """The installation in this folder; its passphrase is requested unless it is a rehearsal's. Raises NotFound."""
    if not (data / "installation.json").exists():
        raise NotFound("no-installation")
    if (data / "hub" / "passphrase").exists():
        return open_installation(data)
    with naming(data / "hub" / "keystore", file):
        keystore = unlock_in_child(data / "hub" / "keystore", file, fd)
    return open_installation(data, data_key=keystore.data_key)


def keystore_of(place: KeyFolder, file: Path | None, fd: int | None) -> Keystore:
    """The opened keystore of this folder; its passphrase is requested unless it serves a rehearsal. Raises NotFound."""
    with naming(place.keystore, file):
        return place.unlock() if place.rehearsal else unlock_in_child(place.keystore, file, fd)


@contextmanager
def archive_of(data: Path, file: Path | None, fd: int | None) -> Iterator[Archive]:
    """The archive of this folder, its read models level with the record."""
    from gateway.hub.read_models import catch_up
    from gateway.installation.archive import open_archive

    with open_archive(installation_of(data, file, fd)) as archive:
        if not archive.running:
            catch_up(
                archive.read_models, archive.store
            )  # the last hub may have ended before it wrote all rows
        yield archive


def passphrase_of(file: Path | None, fd: int | None, *, twice: bool = False, prompt: str = PROMPT) -> bytes:
    """A new passphrase from a file or descriptor, else from the terminal (``twice``: confirmed by a second entry)."""
    if file is not None or fd is not None:
        with naming(file):
            return read_passphrase(file=file, fd=fd)
    return prompt_passphrase(prompt, twice=twice)


def prompt_passphrase(text: str, *, twice: bool) -> bytes:
    """A passphrase from the terminal. Raises typer.BadParameter where the two entries differ."""
    first = read_passphrase(prompt=text)
    if twice and read_passphrase(prompt=tr("もう一度: ")) != first:
        raise typer.BadParameter(tr("二つのパスワードが違います"))
    return first


def machine_time() -> datetime:
    """The time of this machine, for what is made or approved on it."""
    return datetime.now(UTC)


def read_genesis(path: Path) -> Genesis:
    """The genesis in the file that the founder of a hub handed out, signed by the hub and two registrars.

    Raises NotFound, Malformed, Untrusted. That it is the right hub is for the caller to compare.
    """
    return verify_genesis(parse_frame(read_exchanged_file(path)))


def optional_time(text: str | None) -> datetime | None:
    """The time that an option names, None where it is absent. Raises Malformed for a time without zone."""
    return None if text is None else moment(text)


def agency_codes(archive: Archive) -> dict[str, str]:
    """Agency id to short code."""
    return {str(a.id): a.code for a in archive.read_models.register.agencies.values()}
