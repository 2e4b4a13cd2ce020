"""``kakehashi agency`` and ``kakehashi send``: one agency's door, its staff, and files sent through it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.opening import installation_of, prompt_passphrase
from gateway.cli.options import AgencyCode, DataOption, HubUrl, PassphraseFd, PassphraseFile, Port
from gateway.cli.printing import err, out, print_file, progress_bar

agency = typer.Typer(no_args_is_help=True, help="機関の窓口を動かします")


@agency.command("serve")
def agency_serve(
    data: DataOption,
    code: AgencyCode,
    hub_url: HubUrl,
    port: Port = 0,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """一つの機関の窓口(画面とJSON API)を起動します(Ctrl-C で終了)。"""
    from gateway.agency.serve import serve_agency
    from gateway.protocol.serving import wait_for_stop_signal

    installation = installation_of(data, passphrase_file, passphrase_fd)
    with serve_agency(installation, code, hub_url, port=port) as url:
        out.print(f"{code} の窓口: {url}", highlight=False)
        wait_for_stop_signal()


@agency.command("staff")
def agency_staff(
    data: DataOption,
    code: AgencyCode,
    actor: Annotated[
        str, typer.Option("--actor", help="職員の仮名参照(例: staff.a1)。委託先では訪問支援者の登録番号")
    ],
    name: Annotated[str, typer.Option("--name", help="表示名(この窓口の外には出ません)")],
    token: Annotated[
        bool, typer.Option("--token", help="合言葉の代わりに、システム用のトークンを発行します")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """窓口に職員(または接続するシステム)を登録します。"""
    from gateway.agency.serve import add_staff

    installation = installation_of(data, passphrase_file, passphrase_fd)
    secret = None if token else prompt_passphrase("職員の合言葉: ", twice=True)
    issued = add_staff(installation, code, actor=actor, name=name, passphrase=secret)
    out.print("登録しました" if issued is None else f"トークン(再表示できません): {issued}", highlight=False)


def send(
    code: Annotated[str, typer.Option("--agency", help="送る機関の略号")],
    file: Annotated[Path | None, typer.Argument(help="FHIR Bundle(JSON)・xlsx・csv", dir_okay=False)] = None,
    door: Annotated[str | None, typer.Option("--door", help="動いている窓口のURL")] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="窓口のシステム用トークンのファイル", dir_okay=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="窓口が動いていないとき: 鍵のあるフォルダ")
    ] = None,
    hub_url: Annotated[str | None, typer.Option("--hub", help="窓口が動いていないとき: ハブのURL")] = None,
    answer: Annotated[Path | None, typer.Option("--answer", help="回答を書くファイル")] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="送らずに、xlsxのひな形をここに書きます", dir_okay=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ファイルを機関の窓口から送り、回答を受け取ります(0: すべて記録, 1: 誤り・拒否あり)。"""
    from adapters.agencies.spreadsheet import template as blank_template
    from gateway.cli.sending import read_file, send_through_door, send_with_keys, write_answer

    if template is not None:
        template.write_bytes(blank_template())
        out.print(f"ひな形を書きました: {template}", highlight=False)
        return
    if file is None or (door is None) == (data is None or hub_url is None):
        raise typer.BadParameter("ファイルと、--door または --data と --hub を指定してください")
    sent = read_file(file)
    if door is not None:
        token = None if token_file is None else read_file(token_file).decode().strip()
        with err.status("送信しています"):
            result = send_through_door(door, token, sent)
    else:
        assert data is not None
        assert hub_url is not None
        installation = installation_of(data, passphrase_file, passphrase_fd)
        with progress_bar("送信", quiet=False) as on_progress:
            result = send_with_keys(installation, code, hub_url, sent, on_progress)
    answer_path = write_answer(file, result, answer)
    print_file(result)
    out.print(f"回答: {answer_path}", highlight=False)
    raise typer.Exit(0 if result["ok"] else 1)
