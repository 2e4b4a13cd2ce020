"""``kakehashi agency index``: the state of a door's case index, and making it anew."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.language import tr
from gateway.cli.opening import keystore_of
from gateway.cli.options import AsJson, FolderOption, HubUrl, PassphraseFd, PassphraseFile
from gateway.cli.printing import out, print_json, progress_bar
from gateway.installation.key_folder import AgencyFolder

agency_index = typer.Typer(no_args_is_help=True, help="窓口の事例索引(家庭の氏名・連絡先の控え)を扱います")


@agency_index.command("status")
def index_status(
    folder: FolderOption,
    hub_url: HubUrl,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """索引にある家庭の数、どの記録までの状態か、開けない家庭を表示します。"""
    from gateway.agency.serve import open_door

    place = AgencyFolder.read(folder)
    with open_door(place, keystore_of(place, passphrase_file, passphrase_fd), hub_url) as (door, _):
        door.index.read_all()
        status = door.index.status()
    if as_json:
        print_json(
            {
                "position": status.position,
                "as_of": status.as_of,
                "families": status.families,
                "unreadable": [str(case) for case in status.unreadable],
            }
        )
        return
    out.print(
        tr("家庭 {}件、記録の位置 {}({})", status.families, status.position, status.as_of or tr("未読"))
    )
    if status.unreadable:
        out.print(tr("開けない家庭 {}件: index rebuild で作り直してください", len(status.unreadable)))


@agency_index.command("rebuild")
def index_rebuild(
    folder: FolderOption,
    hub_url: HubUrl,
    actor: Annotated[
        str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)。委託先では訪問支援者の登録番号")
    ],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """失われた索引を作り直します: 前に開いた基本情報を、もう一度、記録に残して開きます。止まったら、同じ命令で続きから行います。"""
    from gateway.agency.index.rebuild import RebuildProgress, rebuild
    from gateway.agency.serve import open_door

    place = AgencyFolder.read(folder)
    with (
        open_door(place, keystore_of(place, passphrase_file, passphrase_fd), hub_url) as (door, _),
        progress_bar(tr("開き直しています")) as advance,
    ):

        def show(progress: RebuildProgress) -> None:
            advance(progress.total - progress.remaining, progress.total)

        result = rebuild(door, actor=actor, progress=show)
    out.print(tr("{}件を開き直しました(開けなかったもの {}件)", result.done, result.failed))
