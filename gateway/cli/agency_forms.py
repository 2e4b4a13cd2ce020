"""``kakehashi agency form``: official forms as PDF, filled from the record and from what is opened for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.table import Table

from domain.codes import Purpose
from domain.errors import Conflict
from gateway.cli.language import tr
from gateway.cli.opening import keystore_of
from gateway.cli.options import (
    AsJson,
    CaseOption,
    FolderOption,
    HubUrl,
    OutFile,
    PassphraseFd,
    PassphraseFile,
)
from gateway.cli.printing import jst_of_json, out, print_json
from gateway.installation.key_folder import AgencyFolder, write_private_file
from gateway.pages.texts import act_text, section_text

if TYPE_CHECKING:
    from gateway.agency.official_forms.printing import FormPrinter

agency_form = typer.Typer(no_args_is_help=True, help="様式(情報提供書・訪問報告書など)をPDFで印刷します")
FormKey = Annotated[str, typer.Option("--form", help="様式の名前(agency form list で一覧)")]
ForMessage = Annotated[
    UUID | None, typer.Option("--message", help="どの連絡の様式か(省略時は事例の最新の連絡)")
]
Actor = Annotated[str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)")]


@contextmanager
def _printer(place: Path, hub_url: str, file: Path | None, fd: int | None) -> Iterator[FormPrinter]:
    from gateway.agency.serve import open_door
    from gateway.agency.staff import Staff
    from gateway.agency.web.printed_forms import printer_of

    folder = AgencyFolder.read(place)
    with ExitStack() as stack:
        door, mode = stack.enter_context(open_door(folder, keystore_of(folder, file, fd), hub_url))
        staff = Staff(folder.folder / "staff.db")
        stack.callback(staff.close)
        door.refresh()
        yield printer_of(door, staff, mode)


@agency_form.command("list")
def form_list(
    folder: FolderOption,
    hub_url: HubUrl,
    case: CaseOption,
    form: Annotated[str | None, typer.Option("--form", help="様式の名前(省略時は様式の一覧)")] = None,
    message: ForMessage = None,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """様式の一覧、または一つの様式のために開ける情報の一覧を表示します。何も開きません。"""
    from gateway.agency.official_forms.table import OFFICIAL_FORMS
    from gateway.agency.web.printed_forms import form_of

    if form is None:
        _print_forms([{"form": key, "title": one.title} for key, one in OFFICIAL_FORMS.items()], as_json)
        return
    with _printer(folder, hub_url, passphrase_file, passphrase_fd) as printer:
        items = printer.items(form_of(form), case, message)
    if as_json:
        print_json(
            [
                {
                    "item": str(i.item),
                    "message": str(i.message),
                    "section": i.section.value,
                    "flags": list(i.flags),
                    "at": i.at,
                    "needs_own_tick": i.needs_own_tick,
                }
                for i in items
            ]
        )
        return
    table = Table(tr("項目"), tr("情報区分"), tr("連絡"), tr("日時"), tr("指定のしかた"))
    for i in items:
        way = "--confirmed-item" if i.needs_own_tick else "--item"
        table.add_row(str(i.item), section_text(i.section), act_text(i.act), jst_of_json(i.at), way)
    out.print(table)


@agency_form.command("print")
def form_print(
    folder: FolderOption,
    hub_url: HubUrl,
    case: CaseOption,
    form: FormKey,
    actor: Actor,
    file: OutFile,
    item: Annotated[list[UUID] | None, typer.Option("--item", help="開いて印刷する項目(くり返し可)")] = None,
    confirmed_item: Annotated[
        list[UUID] | None,
        typer.Option(
            "--confirmed-item", help="秘匿住所・通告者特定情報の項目を、確認のうえ印刷する(くり返し可)"
        ),
    ] = None,
    message: ForMessage = None,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="閲覧の目的")] = Purpose.SUPPORT,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """様式をPDFで書き出します。指定した項目は、目的とともに記録して開きます。できているファイルには書きません。"""
    from gateway.agency.official_forms.printing import PrintOrder
    from gateway.agency.web.printed_forms import form_of

    _require_new(file)
    order = PrintOrder(
        case=case,
        items=item or (),
        confirmed_items=confirmed_item or (),
        message=message,
        purpose=purpose,
    )
    with _printer(folder, hub_url, passphrase_file, passphrase_fd) as printer:
        _write_new(file, printer.print(form_of(form), order, actor=actor))


@agency_form.command("oath")
def form_oath(
    folder: FolderOption,
    hub_url: HubUrl,
    commission: Annotated[UUID, typer.Option("--commission", help="委託の番号")],
    worker: Annotated[str, typer.Option("--worker", help="訪問支援者の登録番号")],
    actor: Actor,
    file: OutFile,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """訪問支援者の誓約書の様式をPDFで書き出します。できているファイルには書きません。"""
    _require_new(file)
    with _printer(folder, hub_url, passphrase_file, passphrase_fd) as printer:
        _write_new(file, printer.print_oath(commission, worker, actor=actor))


def _print_forms(forms: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        print_json(forms)
        return
    table = Table(tr("名前"), tr("様式"))
    for one in forms:
        table.add_row(one["form"], one["title"])
    out.print(table)


def _require_new(file: Path) -> None:
    """Nothing is opened for a file that can't be written. Raises Conflict."""
    if file.exists() or file.is_symlink():
        raise Conflict("file-exists")


def _write_new(file: Path, pdf: bytes) -> None:
    """Write a new file that its owner alone may read. Raises Conflict where it has come to be meanwhile."""
    try:
        write_private_file(file, pdf)
    except FileExistsError as error:
        raise Conflict("file-exists") from error
    out.print(tr("書き出しました: {}", file), highlight=False)
