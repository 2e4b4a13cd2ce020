"""kakehashi: the command line. Messages are Japanese; every command says what to do next when it fails."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from domain.calendar import JST
from domain.errors import ExchangeError, NotFound
from gateway.audit.content import content
from gateway.audit.exports import export
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.cli.audit import audit_queries
from gateway.cli.witness import witness
from gateway.hub.read_models import catch_up, record_source
from gateway.installation.archive import exclusive_read_models, open_archive
from gateway.installation.folder import Installation, create_installation, moment, open_installation
from gateway.pages.texts import outcome_text, section_text
from gateway.protocol.garbage_collection import defer_garbage_collection
from gateway.protocol.problems import text_ja_of, title_of
from keys.keystore import read_passphrase
from projections.queries import Queries
from projections.rebuild import rebuild

if TYPE_CHECKING:
    from gateway.rehearsal.scenario.report import Report

# Servers and stories are imported where they are used: a question of an auditor does not wait for them.

app = typer.Typer(no_args_is_help=True, add_completion=False, help="架け橋: 養育支援訪問事業の機関間連携ハブ")
scenario = typer.Typer(no_args_is_help=True, help="事例の物語を訓練用ハブで再生し、閲覧結果を確かめます")
hub = typer.Typer(no_args_is_help=True, help="ハブを動かします")
agency = typer.Typer(no_args_is_help=True, help="機関の窓口を動かします")
audit = typer.Typer(no_args_is_help=True, help="記録を検証し、提供の台帳を見ます")
projections = typer.Typer(no_args_is_help=True, help="閲覧用の表を管理します")
for group, name in (
    (scenario, "scenario"),
    (hub, "hub"),
    (agency, "agency"),
    (audit, "audit"),
    (export, "audit-export"),
    (projections, "projections"),
    (witness, "witness"),
):
    app.add_typer(group, name=name)

audit.registered_commands += audit_queries.registered_commands + content.registered_commands

out, err = Console(), Console(stderr=True)

DataOption = Annotated[Path, typer.Option("--data", help="ハブのフォルダ", file_okay=False)]
Port = Annotated[int, typer.Option("--port", help="待ち受けるポート(0: 空いているもの)", min=0, max=65535)]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="合言葉のファイル(訓練用では不要)", dir_okay=False)
]
PassphraseFd = Annotated[int | None, typer.Option("--passphrase-fd", help="合言葉を読むファイル記述子")]
AsJson = Annotated[bool, typer.Option("--json", help="JSONで出力します")]


def main() -> None:
    """The entry point: errors become one clear sentence and exit code 2."""
    try:
        app()
    except ExchangeError as error:
        err.print(f"[bold red]{title_of(error)}[/] ({error.category}/{error.error_code})", highlight=False)
        err.print(text_ja_of(error), highlight=False, markup=False)
        if error.remedy:
            err.print(error.remedy, highlight=False, markup=False)
        sys.exit(2)


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="再生と検証だけ行い、終了します(0: 合格, 1: 不合格)")
    ] = False,
    port: Port = 0,
    data: Annotated[
        Path | None, typer.Option("--data", help="残しておくフォルダ(省略時は終了時に消えます)")
    ] = None,
) -> None:
    """訓練用のハブ・窓口・メッセージ基盤を一から起動し、事例 SC-1 を再生して、画面を開きます。"""
    from gateway.rehearsal.demo import run_demo

    raise typer.Exit(run_demo(out, once=once, port=port, data=data))


@app.command()
def init(
    data: DataOption,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="訓練用にします(合言葉は自動)")] = False,
    register: Annotated[
        Path | None,
        typer.Option("--register", help="機関の名簿(YAML)。docs は gateway/README.md", dir_okay=False),
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ハブを新しく設置します: 鍵・創設記録・規則集、名簿があれば機関の鍵の公示まで。"""
    from gateway.hub.runtime import start_hub
    from gateway.installation.founding import RegisterFile, register_agencies
    from gateway.protocol.serving import ServedApp

    register_file = RegisterFile.read(register) if register is not None else None  # before anything is made
    passphrase = None if rehearsal else _passphrase(passphrase_file, passphrase_fd, twice=True)
    with out.status("鍵を作成しています…"):
        new_installation = create_installation(
            data, mode="rehearsal" if rehearsal else "real", passphrase=passphrase
        )
    with out.status("ハブを創設しています…"):
        runtime = start_hub(new_installation)
        try:
            with ServedApp(runtime.app) as served:
                register_agencies(new_installation, served.url, register_file)
        finally:
            runtime.close()
    out.print(f"[green]設置しました[/] {data}")
    out.print(f"ハブの識別子: {new_installation.hub.hex()}", highlight=False)
    if not rehearsal:
        out.print("registrars/ の3つの鍵は3人の登録責任者がそれぞれ持ち帰り、ここから消してください。")
    out.print(f"起動: kakehashi hub serve --data {data}", highlight=False)


@hub.command("serve")
def hub_serve(
    data: DataOption,
    port: Port = 0,
    clock: Annotated[
        str | None, typer.Option("--clock", help="訓練用ハブの時計の始まり(例: 2025-05-01T09:00:00+09:00)")
    ] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """ハブの窓口を起動します(Ctrl-C で終了)。"""
    from gateway.hub.runtime import start_hub
    from gateway.protocol.serving import ServedApp

    at = None if clock is None else moment(clock)
    runtime = start_hub(_installation(data, passphrase_file, passphrase_fd), at=at, subprocess_projector=True)
    try:
        with ServedApp(runtime.app, port=port) as served:
            out.print(f"ハブ: {served.url}", highlight=False)
            defer_garbage_collection()
            _until_stopped()
    finally:
        runtime.close()


@agency.command("serve")
def agency_serve(
    data: DataOption,
    code: Annotated[str, typer.Option("--agency", help="機関の略号")],
    hub_url: Annotated[str, typer.Option("--hub", help="ハブの窓口のURL")],
    port: Port = 0,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """一つの機関の窓口(画面とJSON API)を起動します(Ctrl-C で終了)。"""
    from gateway.agency.serve import serve_agency

    installation = _installation(data, passphrase_file, passphrase_fd)
    with serve_agency(installation, code, hub_url, port=port) as url:
        out.print(f"{code} の窓口: {url}", highlight=False)
        _until_stopped()


@agency.command("staff")
def agency_staff(
    data: DataOption,
    code: Annotated[str, typer.Option("--agency", help="機関の略号")],
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

    installation = _installation(data, passphrase_file, passphrase_fd)
    secret = None if token else _prompted("職員の合言葉: ", twice=True)
    issued = add_staff(installation, code, actor=actor, name=name, passphrase=secret)
    out.print("登録しました" if issued is None else f"トークン(再表示できません): {issued}", highlight=False)


@scenario.command("run")
def scenario_run(
    files: Annotated[list[Path], typer.Argument(help="物語のファイル", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """物語を新しい訓練用ハブで再生し、すべての項目をすべての機関で開いて、期待と比べます。"""
    from gateway.rehearsal.scenario.report import play_on_new_hub
    from gateway.rehearsal.scenario.story import read_story

    reports = []
    with _progress(quiet=as_json) as report_progress:
        for file in files:
            story = read_story(file)
            reports.append(play_on_new_hub(story, lambda what, id=story.id: report_progress(f"{id} {what}")))  # type: ignore[misc]
    if as_json:
        print(json.dumps({"scenarios": [r.to_json() for r in reports]}, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            print_report(report)
    raise typer.Exit(0 if all(r.ok for r in reports) else 1)


@audit.command("verify")
def audit_verify(
    data: DataOption,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """記録全体を検証します: 位置・封印・署名・判断の再現・表・窓口の受領証。"""
    installation = _installation(data, passphrase_file, passphrase_fd)
    with open_archive(installation) as archive, _bar("検証", quiet=as_json) as report_progress:
        if not archive.running:
            catch_up(archive.read_models, archive.store)  # a hub that ended may have left rows to be made
        verifier = Verifier(archive.recorder, archive.store, archive.genesis)
        result = verifier.run(
            read_models=archive.read_models,
            doors=doors_of(installation),
            log=installation.hub_folder / "log",
            progress=report_progress,
        )
    if as_json:
        print(json.dumps(result.to_json(), ensure_ascii=False, indent=2))
    else:
        print_verification(result)
    raise typer.Exit(0 if result.ok else 1)


@audit.command("ledger")
def audit_ledger(
    data: DataOption,
    case: Annotated[UUID | None, typer.Option("--case", help="事例の識別子(省略時はすべて)")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="この時点まで(例: 2025-06-05T12:00:00+09:00)")
    ] = None,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """提供の台帳: だれが、だれに、何を、どの根拠で伝え、だれが開いたか。"""
    from domain.events import dump

    at = None if as_of is None else moment(as_of)
    with open_archive(_installation(data, passphrase_file, passphrase_fd)) as archive:
        if not archive.running:
            catch_up(archive.read_models, archive.store)
        queries = Queries(archive.read_models.reader)
        codes = {a.id: a.code for a in archive.read_models.register.agencies.values()}
        rows = queries.ledger(case=case, as_of=at)
        openings = queries.openings(case=case, as_of=at)
        if as_json:
            print(
                json.dumps(
                    {"disclosures": dump(rows), "openings": dump(openings)}, ensure_ascii=False, indent=2
                )
            )
            return
    print_ledger([dump(r) for r in rows], [dump(o) for o in openings], {str(k): v for k, v in codes.items()})


@audit.command("serve")
def audit_serve(
    data: DataOption,
    port: Port = 0,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """記録全体を検証し、監査の画面をこの計算機だけに開きます(Ctrl-C で終了)。"""
    from gateway.audit.serve import served_pages

    with open_archive(_installation(data, passphrase_file, passphrase_fd)) as archive:
        if not archive.running:
            catch_up(archive.read_models, archive.store)
        with _bar("検証", quiet=False) as report_progress:
            verifier = Verifier(archive.recorder, archive.store, archive.genesis)
            result = verifier.run(log=archive.installation.hub_folder / "log", progress=report_progress)
        with served_pages(archive, result, port=port) as url:
            out.print(f"監査の画面: {url}", highlight=False, soft_wrap=True)
            _until_stopped()


@audit.command("certificate")
def audit_certificate(
    data: DataOption,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """廃棄の証明: どの事例のどの区分の鍵を、誰の承認で廃棄したか(1: 記録と鍵が合わない)。"""
    from gateway.audit.certificate import certificates

    with open_archive(_installation(data, passphrase_file, passphrase_fd)) as archive:
        result = certificates(archive)
        codes = {str(a.id): a.code for a in archive.read_models.register.agencies.values()}
    if as_json:
        print(json.dumps({"destroyed": result}, ensure_ascii=False, indent=2))
    else:
        table = Table("日時", "事例", "廃棄した区分", "鍵の世代", "承認", "残っている鍵", title="廃棄の証明")
        for one in result:
            at = moment(one["at"].replace("Z", "+00:00")).astimezone(JST)
            names = {"control": "制御情報(だれがいつ何を伝えたか)"}
            sections = "・".join(section_text(s) for s in one["sections"]) or names["control"]
            remaining_keys = (
                "・".join(names.get(s) or section_text(s) for s in one["keys_still_there"]) or "なし"
            )
            table.add_row(
                f"{at:%Y-%m-%d %H:%M}",
                one["case"],
                sections,
                str(one["vault_generation"]),
                "・".join(sorted(_person(who, codes) for who in one["approved_by"])) or "(記録も廃棄済み)",
                remaining_keys,
            )
        out.print(table)
        out.print(
            "廃棄は論理的です: 鍵の古い写しが別にあれば、それが失われるまで(最長30日)開けることがあります。"
        )
    raise typer.Exit(1 if any(one["keys_still_there"] for one in result) else 0)


def _person(who: str, codes: Mapping[str, str]) -> str:
    agency, actor = who.split("/", 1)
    return f"{codes.get(agency, agency)} {actor}"


@projections.command("rebuild")
def projections_rebuild(
    data: DataOption, passphrase_file: PassphraseFile = None, passphrase_fd: PassphraseFd = None
) -> None:
    """閲覧用の表を記録から作り直します(ハブを止めて実行。中断しても続きから再開します)。"""
    installation = _installation(data, passphrase_file, passphrase_fd)
    with open_archive(installation, start_read_models=False) as archive:
        if archive.running:
            err.print("ハブが動いています。止めてから実行してください。")
            raise typer.Exit(2)
        archive.read_models.close()
        head = archive.store.head()

        with exclusive_read_models(installation), _bar("作り直し", quiet=False) as report_progress:
            position = rebuild(
                installation.hub_folder / "views.db",
                record_source(archive.store),
                archive.store.records,
                progress=lambda done: report_progress(done, head),
            )
    out.print(f"作り直しました: {position} 件")


# --- printing -----------------------------------------------------------------------------------------------


def print_report(report: Report) -> None:
    """One story's result as a table of views, and its sentences."""
    table = Table(title=f"{report.story.id} {report.story.title}", title_justify="left")
    for column in ("時点", "機関", "開けた項目", "判定"):
        table.add_column(column)
    for check in report.checks:
        openable = " ".join(f"{section_text(s)}{check.openable[s]}" for s in check.openable) or "(なし)"
        mark = "[green]一致[/]" if check.ok else f"[red]相違[/] 期待 {check.expected} {check.wrong or ''}"
        table.add_row(f"{check.at:%Y-%m-%d}", check.agency, openable, mark)
    out.print(table)
    for held in report.held:
        mark = {True: "[green]成立[/]", False: "[red]不成立[/]", None: "[yellow]未確認[/]"}[held.ok]
        out.print(f" {mark} {held.text} — {held.how}", highlight=False)
    for problem in report.problems:
        out.print(f" [red]問題[/] {problem}", highlight=False)
    out.print("[bold green]合格[/]" if report.ok else "[bold red]不合格[/]")


def print_verification(result: Verification) -> None:
    """What the verification looked at and found."""
    out.print(
        f"記録 {result.records} 件、署名 {result.signatures} 件、判断の再現 {result.decisions} 件、"
        f"ハブ自身の記録 {result.hub_acts} 件、受領証 {result.receipts} 件、"
        f"表の照合 {'済' if result.rows_compared else '未'}、署名済みの記録簿 {result.log_size or 0} 件"
    )
    for finding in result.findings[:50]:
        place = "" if finding.position is None else f"位置 {finding.position} "
        out.print(f" [red]{finding.what}[/] {place}{finding.where} {finding.detail}", highlight=False)
    if len(result.findings) > 50:
        out.print(f" ほか {len(result.findings) - 50} 件")
    out.print(
        "[bold green]検証: 異常なし[/]" if result.ok else f"[bold red]検証: 異常 {len(result.findings)} 件[/]"
    )


def print_ledger(rows: list[dict[str, Any]], openings: list[dict[str, Any]], codes: dict[str, str]) -> None:
    """A line for each message and recipient: what it carried, on which basis, and how often it was opened."""
    opened = Counter((o["item"], o["agency"]) for o in openings if o["outcome"] == "OPENED")
    table = Table(title="提供の台帳", title_justify="left")
    for column in ("日時", "送り手 → 受け手", "情報区分", "根拠", "結果", "閲覧"):
        table.add_column(column)
    by_message = sorted(rows, key=_message_and_recipient)
    for _, group in groupby(by_message, key=_message_and_recipient):
        lines = list(group)
        r = lines[0]
        consent = " (本人同意拒否)" if r["subject_consent"] == "REFUSED" else ""
        table.add_row(
            moment(r["at"].replace("Z", "+00:00")).astimezone(JST).strftime("%Y-%m-%d %H:%M"),
            f"{codes.get(r['by'], r['by'])} → {codes.get(str(r['to']), str(r['to'] or ''))}",
            " ".join(dict.fromkeys(section_text(x["section"]) for x in lines)),
            (r["basis"] or "常時閲覧") + consent,
            outcome_text(r["outcome"]) + (f" ({r['reason']})" if r["reason"] else ""),
            str(sum(opened[(x["item"], x["to"])] for x in lines)),
        )
    out.print(table)


def _message_and_recipient(row: dict[str, Any]) -> tuple[int, str, str]:
    return row["position"], str(row["to"]), row["outcome"]


# --- small parts ------------------------------------------------------------------------------------------------


def _installation(data: Path, file: Path | None, fd: int | None) -> Installation:
    if not (data / "installation.json").exists():
        raise NotFound("no-installation")
    rehearsal = (data / "passphrase").exists()
    return open_installation(data, None if rehearsal else _passphrase(file, fd, twice=False))


def _passphrase(file: Path | None, fd: int | None, *, twice: bool) -> bytes:
    if file is not None or fd is not None:
        return read_passphrase(file=file, fd=fd)
    return _prompted("合言葉: ", twice=twice)


def _prompted(text: str, *, twice: bool) -> bytes:
    first = read_passphrase(prompt=text)
    if twice and read_passphrase(prompt="もう一度: ") != first:
        raise typer.BadParameter("二つの合言葉が違います")
    return first


def _until_stopped() -> None:
    """Wait for Ctrl-C or a request to end."""
    stop = Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: stop.set())
    while not stop.wait(0.5):
        pass


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet) as bar:
        task = bar.add_task("準備", total=None)
        yield lambda what: bar.update(task, description=what)


@app.command()
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
        installation = _installation(data, passphrase_file, passphrase_fd)
        with _bar("送信", quiet=False) as report_progress:
            result = send_with_keys(installation, code, hub_url, sent, report_progress)
    answer_path = write_answer(file, result, answer)
    print_file(result)
    out.print(f"回答: {answer_path}", highlight=False)
    raise typer.Exit(0 if result["ok"] else 1)


def print_file(result: dict[str, Any]) -> None:
    """What became of a file's messages, or what is wrong with it."""
    if result["findings"]:
        out.print("[bold red]何も受け付けていません。[/] 次の箇所を直して送り直してください。")
        table = Table("場所", "項目", "誤り", "直し方")
        for one in result["findings"]:
            table.add_row(one["place"], one["field"], one["what"], one["remedy"])
    else:
        table = Table("場所", "受付番号", "結果", "直し方")
        for one in result["rows"]:
            table.add_row(one["place"], one["message"], one["explanation"], one["remedy"])
    out.print(table)


@app.command()
def torture(
    kinds: Annotated[
        list[str] | None, typer.Argument(help="kill・seams・full・line・bits(省略時はすべて)")
    ] = None,
    count: Annotated[int, typer.Option("--count", help="種類ごとの回数", min=1)] = 50,
    seed: Annotated[int, typer.Option("--seed", help="乱数の種(同じ種は同じ壊し方)")] = 1,
    as_json: AsJson = False,
) -> None:
    """機械に起こることをわざと起こし、そのたびに外から検証します(0: 異常なし, 1: 異常あり)。"""
    from tempfile import TemporaryDirectory

    from gateway.rehearsal.torture.kinds import KINDS, TortureResult

    wrong = set(kinds or ()) - set(KINDS)
    if wrong:
        raise typer.BadParameter(f"種類は {'・'.join(KINDS)} です")
    rounds: list[TortureResult] = []
    for name in kinds or KINDS:
        with (
            TemporaryDirectory(prefix="kakehashi-torture-") as folder,
            _bar(name, quiet=as_json) as report_progress,
        ):
            on_round = partial(_report_rounds, report_progress, count)
            rounds.append(KINDS[name](Path(folder), count, seed, on_round))
    if as_json:
        print(json.dumps([one.to_json() for one in rounds], ensure_ascii=False, indent=2))
    else:
        for one in rounds:
            done = "、".join(f"{what} {n}" for what, n in sorted(one.done.items()))
            out.print(f"{one.kind}(種 {one.seed}): {done}", highlight=False)
            for fault in one.faults:
                out.print(f" [red]異常[/] {fault}", highlight=False)
    raise typer.Exit(1 if any(one.faults for one in rounds) else 0)


def _report_rounds(report_progress: Callable[[int, int], None], of: int, done: int) -> None:
    report_progress(done, of)


@app.command()
def bench(
    commands: Annotated[int, typer.Option("--commands", help="1回の測定で送る件数", min=1)] = 640,
    rounds: Annotated[int, typer.Option("--rounds", help="繰り返し(中央値をとります)", min=1)] = 3,
    growth: Annotated[
        int | None, typer.Option("--growth", help="代わりに、記録をこの件数まで増やしながら測ります", min=100)
    ] = None,
    log: Annotated[
        int | None, typer.Option("--log", help="代わりに、記録簿の証明をこの件数まで測ります", min=100)
    ] = None,
    compare_log: Annotated[
        bool, typer.Option("--beside-log", help="代わりに、記録簿のあるハブとないハブを並べて測ります")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """速さを測ります: 同じバイト列を、素の部品と並べて、1回の実行で。"""
    from gateway.rehearsal.bench.growth import grow
    from gateway.rehearsal.bench.run import Bench, machine

    if log is not None:
        from gateway.rehearsal.bench.proofs import measure

        with _bar("記録簿", quiet=as_json) as report_progress:
            _print_growth(
                list(measure([10**n for n in range(3, 10) if 10**n < log] + [log], report_progress)), as_json
            )
        return
    if growth is not None:
        sizes = [10**n for n in range(2, 10) if 10**n < growth] + [growth]
        with _bar("記録", quiet=as_json) as report_progress:
            _print_growth(list(grow(sizes, report_progress)), as_json)
        return

    with err.status("測定の準備") as status:
        if compare_log:
            from gateway.rehearsal.bench.logged import measure as measure_log

            rows = measure_log(commands, rounds, status.update)
        else:
            rows = Bench(commands, rounds, status.update).run()
    about = machine()
    if as_json:
        print(json.dumps({"machine": about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    table = Table("測ったもの", "件/秒", "比べた相手", "比", "p50 ms", "p95 ms", "p99 ms", title=str(about))
    if compare_log:
        table.add_column("p99 の比")
    for row in rows:
        table.add_row(*("" if v is None else str(v) for v in row.values()))
    out.print(table)


def _print_growth(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Each size and what was measured at it."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    first = next(iter(rows[0]))
    table = Table("", *(f"{row[first]:,}" for row in rows))
    for name in rows[0]:
        if name != first:
            table.add_row(name, *(str(row[name]) for row in rows))
    out.print(table)


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar that says how far it is."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
