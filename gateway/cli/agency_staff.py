"""``kakehashi agency staff`` and ``kakehashi agency token``: who may come to an agency's door.

No passphrase of the keys is asked for: whoever may write the folder may write the file of the staff by any means, so that
a question would protect nothing. The folder belongs to the user that runs the door. A running door obeys at once.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from domain.calendar import end_of
from domain.role_acts import TOKEN_DEFAULT
from domain.roles import StaffRole
from gateway.cli.language import tr
from gateway.cli.opening import passphrase_of
from gateway.cli.options import AsJson, FolderOption, PassphraseFd, PassphraseFile
from gateway.cli.printing import jst, next_step, out, print_json
from gateway.installation.key_folder import AgencyFolder

if TYPE_CHECKING:
    from gateway.agency.staff import Staff, TokenInfo
    from gateway.agency.staff_store import LogEntry

agency_staff = typer.Typer(no_args_is_help=True, help="窓口にログインする職員を管理します")
agency_token = typer.Typer(no_args_is_help=True, help="窓口に接続するシステムのトークンを管理します")

ActorOption = Annotated[
    str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)。委託先では訪問支援者の登録番号")
]
RolesOption = Annotated[
    list[StaffRole],
    typer.Option(
        "--role",
        help="役割(くり返し可。担当・管理職・訪問支援者・受付・監査・システム管理)",
        case_sensitive=False,
    ),
]


@contextmanager
def _staff_of(folder: Path) -> Iterator[Staff]:
    from gateway.agency.staff import Staff

    place = AgencyFolder.read(folder)
    with closing(Staff(place.folder / "staff.db")) as opened:
        yield opened


def _user() -> str:
    """Who acts, for the door's log: the user of this machine."""
    return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


def _json_of(row: LogEntry | TokenInfo) -> dict[str, Any]:
    """A row as JSON: times in ISO 8601, bytes in hex."""
    return {
        key: value.isoformat()
        if isinstance(value, datetime)
        else value.hex()
        if isinstance(value, bytes)
        else value
        for key, value in asdict(row).items()
    }


@agency_staff.command("add")
def staff_add(
    folder: FolderOption,
    actor: ActorOption,
    name: Annotated[str, typer.Option("--name", help="表示名(この窓口の外には出ません)")],
    roles: RolesOption,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """職員を登録し、その人の役割とパスワードを決めます。"""
    with _staff_of(folder) as opened:
        passphrase = passphrase_of(passphrase_file, passphrase_fd, twice=True)
        opened.add(actor, name, passphrase, roles=roles, by=_user())
    out.print(tr("登録しました: {}", actor), highlight=False)
    next_step(tr("kakehashi agency serve で窓口を開き、画面ではこの符号を職員IDにして入ります"))


@agency_staff.command("list")
def staff_list(folder: FolderOption, as_json: AsJson = False) -> None:
    """登録されている職員を一覧にします。"""
    with _staff_of(folder) as opened:
        people, roles = opened.people(), opened.roles.all_roles()
    if as_json:
        rows = [
            {"actor": actor, "name": name, "roles": sorted(roles[actor])} for actor, name in people.items()
        ]
        print_json(rows)
        return
    table = Table(tr("符号"), tr("表示名"), tr("役割"))
    for actor, name in people.items():
        table.add_row(actor, name, " ".join(sorted(roles[actor])))
    out.print(table)


@agency_staff.command("roles")
def staff_roles(folder: FolderOption, actor: ActorOption, roles: RolesOption) -> None:
    """職員の役割を、指定したものだけに変えます。利用中の画面にも直ちに効きます。"""
    with _staff_of(folder) as opened:
        opened.roles.set_roles(actor, roles, by=_user())
    out.print(tr("役割を変えました: {} {}", actor, " ".join(sorted(roles))), highlight=False)


@agency_staff.command("deputy")
def staff_deputy(
    folder: FolderOption,
    actor: ActorOption,
    deputy: Annotated[str, typer.Option("--deputy", help="代理をする職員の符号")],
    until: Annotated[datetime, typer.Option("--until", help="最後の日(日本時間)", formats=["%Y-%m-%d"])],
    roles: RolesOption,
    since: Annotated[
        datetime | None, typer.Option("--from", help="最初の日(省略時は今から)", formats=["%Y-%m-%d"])
    ] = None,
) -> None:
    """職員の代理を、期限までの間、その人の役割の範囲で決めます。"""
    with _staff_of(folder) as opened:
        opened.roles.add_deputy(
            actor,
            deputy,
            roles,
            begins_at=None if since is None else end_of(since.date() - timedelta(days=1)),
            ends_at=end_of(until.date()),
            by=_user(),
        )
    out.print(tr("代理を決めました: {} の代理に {}", actor, deputy), highlight=False)


@agency_staff.command("remove")
def staff_remove(folder: FolderOption, actor: ActorOption) -> None:
    """職員の登録を消します。その人の利用中の画面・端末・トークンも、直ちに使えなくなります。"""
    with _staff_of(folder) as opened:
        revoked = opened.remove(actor, by=_user(), keeps_administrator=True)
    out.print(tr("登録を消しました: {}", actor), highlight=False)
    if revoked:
        out.print(tr("失効したトークン: {}", " ".join(revoked)), highlight=False)


@agency_staff.command("passphrase")
def staff_passphrase(
    folder: FolderOption,
    actor: ActorOption,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """職員のパスワードを変えます。利用中の画面と端末の登録は終わります。"""
    with _staff_of(folder) as opened:
        new = passphrase_of(passphrase_file, passphrase_fd, twice=True)
        opened.change_passphrase(actor, new, by=_user())
    out.print(tr("パスワードを変えました: {}", actor), highlight=False)


@agency_staff.command("device")
def staff_device(folder: FolderOption, actor: ActorOption) -> None:
    """新しい端末への招待を作ります(1日有効、1回限り)。他人の誤入力が続いていても、その端末からは待たずに入れます。"""
    with _staff_of(folder) as opened:
        invitation = opened.invite_device(actor, by=_user())
    out.print(
        tr("その端末で、窓口のアドレスに続けて次を開いてください: /sign-in?invitation={}", invitation),
        highlight=False,
        soft_wrap=True,
    )


@agency_staff.command("first-code")
def staff_first_code(
    folder: FolderOption,
    actor: ActorOption,
    name: Annotated[str, typer.Option("--name", help="表示名(この窓口の外には出ません)")],
    roles: Annotated[
        list[StaffRole] | None,
        typer.Option("--role", help="システム管理のほかに持つ役割(くり返し可)", case_sensitive=False),
    ] = None,
) -> None:
    """最初の管理者の招待コードを作ります(15分有効、1回限り)。ほかの職員は、この管理者が画面で招待します。"""
    from gateway.agency.factors.invitations import Invitations

    with _staff_of(folder) as opened:
        code = Invitations(opened.store, opened.now).first(actor, name, roles or (), by=_user())
    _print_code(code)


@agency_staff.command("reset")
def staff_reset(folder: FolderOption, actor: ActorOption) -> None:
    """職員のログインの方法をすべて終わらせ、設定し直すための招待コードを作ります(3日有効、1回限り)。"""
    from gateway.agency.factors.invitations import Invitations

    with _staff_of(folder) as opened:
        code = Invitations(opened.store, opened.now).reset(actor, by=_user())
    _print_code(code)


def _print_code(code: str) -> None:
    out.print(tr("招待コード(再表示できません): {}", code), highlight=False)
    next_step(tr("窓口のアドレスに続けて /join を開き、このコードを入れます"))


@agency_staff.command("log")
def staff_log(
    folder: FolderOption,
    last: Annotated[int, typer.Option("--last", help="新しいものからこの件数(0: すべて)", min=0)] = 50,
    addresses: Annotated[
        bool, typer.Option("--addresses", help="秘匿住所の記載を止めた、または確認のうえ送った記録だけ")
    ] = False,
    families: Annotated[
        bool, typer.Option("--families", help="家庭の検索・表示、担当の変更の記録だけ")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """この窓口の記録を表示します: だれが、いつ、だれについて、何をしたか。書き換えられていないことも確かめます。"""
    from gateway.agency.staff import FAMILY_ACTS
    from gateway.pages.labels import STAFF_LOG

    with _staff_of(folder) as opened:
        entries = opened.log()
        listed = opened.address_log()[::-1] if addresses else entries
        listed = [e for e in listed if e.what in FAMILY_ACTS] if families else listed
    shown = listed[-last:] if last else listed
    if as_json:
        print_json([_json_of(e) for e in shown])
        return
    table = Table(tr("番号"), tr("日時"), tr("だれが"), tr("何を"), tr("だれについて"), tr("内容"))
    for e in shown:
        table.add_row(
            str(e.n), jst(e.at), e.by, STAFF_LOG[e.what], e.about or tr("(登録のない名前)"), e.detail
        )
    out.print(table)
    if entries:
        out.print(
            tr("最後の記録 {} の値: {}", entries[-1].n, entries[-1].hash.hex()),
            highlight=False,
            soft_wrap=True,
        )


@agency_token.command("add")
def token_add(
    folder: FolderOption,
    actor: Annotated[str, typer.Option("--actor", help="システムの符号(例: sys:emr1)")],
    name: Annotated[str, typer.Option("--name", help="システムの名前(職員の名前は使えません)")],
    days: Annotated[int, typer.Option("--days", help="有効日数(最長730)")] = 365,
    responsible: Annotated[
        str, typer.Option("--responsible", help="責任者の符号。その職員の登録を消すと、トークンも失効します")
    ] = "",
    acts: Annotated[
        list[str] | None,
        typer.Option("--act", help="システムに認める行為(くり返し可。省略時はファイルの送付だけ)"),
    ] = None,
) -> None:
    """システム用のトークンを発行します。トークンは一度だけ表示します。"""
    with _staff_of(folder) as opened:
        issued = opened.add_token(
            actor, name, days=days, responsible=responsible, acts=acts or TOKEN_DEFAULT, by=_user()
        )
    out.print(tr("トークン(再表示できません): {}", issued), highlight=False, soft_wrap=True)


@agency_token.command("list")
def token_list(folder: FolderOption, as_json: AsJson = False) -> None:
    """トークンを一覧にします: 名前・発行日・最後の利用・期限。"""
    with _staff_of(folder) as opened:
        infos = opened.tokens()
    if as_json:
        print_json([_json_of(i) for i in infos])
        return
    table = Table(
        tr("番号"), tr("符号"), tr("名前"), tr("責任者"), tr("発行(経過日数)"), tr("最後の利用"), tr("期限")
    )
    for i in infos:
        table.add_row(
            i.id,
            i.actor,
            i.name,
            i.responsible,
            f"{jst(i.issued_at)} ({i.age_days})",
            tr("未使用") if i.used_at is None else jst(i.used_at),
            jst(i.expires_at) + (tr(" [red]期限切れ[/]") if i.expired else ""),
        )
    out.print(table)


@agency_token.command("revoke")
def token_revoke(
    folder: FolderOption,
    token_id: Annotated[str, typer.Option("--id", help="トークンの番号(一覧にあるもの)")],
) -> None:
    """トークンを直ちに失効させます。"""
    with _staff_of(folder) as opened:
        opened.revoke_token(token_id, by=_user())
    out.print(tr("失効させました: {}", token_id), highlight=False)
