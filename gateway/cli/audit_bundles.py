"""``kakehashi audit export`` and ``verify-bundle``: a part of the record to take away and verify elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.audit.bundle import export_to
from gateway.cli.language import tr
from gateway.cli.opening import archive_of, optional_time, passphrase_of
from gateway.cli.options import AsJson, DataOption, PassphraseFd, PassphraseFile
from gateway.cli.printing import FINDINGS_SHOWN, jst_of_json, out, print_finding, print_json, progress_bar
from gateway.verifier.bundle import Buffer, BundleResult, verify_bundle
from keys import canonical
from keys.keystore import open_keystore
from keys.signing import KemKey
from keys.timestamps import TimeAuthority

audit_bundles = typer.Typer(no_args_is_help=True)


@audit_bundles.command("export")
def audit_export(
    data: DataOption,
    out_file: Annotated[Path, typer.Option("--out", help="書き出すファイル", dir_okay=False)],
    request: Annotated[UUID, typer.Option("--request", help="監査の請求の番号(audit request-control)")],
    since: Annotated[str | None, typer.Option("--from", help="この時点から記録のある事例")] = None,
    until: Annotated[str | None, typer.Option("--to", help="この時点まで")] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """請求された範囲の束を作ります。持ち出して検証できます。制御情報は監査機関の鍵でだけ開きます。"""
    with (
        archive_of(data, passphrase_file, passphrase_fd) as archive,
        progress_bar(tr("書き出し")) as on_progress,
    ):
        part = out_file.with_name(f"{out_file.name}.part")
        try:
            with part.open("w+b") as file:
                size = export_to(
                    file, archive, request, optional_time(since), optional_time(until), on_progress
                )
            part.replace(out_file)
        finally:
            part.unlink(missing_ok=True)
        hub = archive.installation.hub.hex()
    out.print(tr("書き出しました: {}({:,} バイト)", out_file, size), highlight=False)
    out.print(tr("検証: kakehashi audit verify-bundle {} --hub {}", out_file, hub), highlight=False)


@audit_bundles.command("verify-bundle")
def audit_verify_bundle(
    bundle: Annotated[Path, typer.Argument(help="束のファイル", dir_okay=False, exists=True)],
    hub: Annotated[str, typer.Option("--hub", help="控えておいたハブの識別子(16進)")],
    keystore: Annotated[
        Path | None, typer.Option("--audit-keystore", help="監査機関の鍵(省略時は制御情報を開かずに検証)")
    ] = None,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="訓練用の鍵です")] = False,
    tsa: Annotated[
        Path | None,
        typer.Option("--tsa", help="控えておいた時刻認証局の証明書(PEM)", dir_okay=False, exists=True),
    ] = None,
    seen: Annotated[
        Path | None,
        typer.Option(
            "--seen",
            help="以前に見た署名済みの先頭(/v1/log/checkpoint)か以前の束。これを引き継がない束を見つけます",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    request: Annotated[
        UUID | None,
        typer.Option("--request", help="監査の請求の番号。請求した範囲がすべてあるか(期間で絞った束を除く)"),
    ] = None,
    as_json: AsJson = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """束だけを、網につながずに検証します: 署名された根・位置・完全性・署名・判断の再現・時刻(1: 異常あり)。"""
    key = None
    if keystore is not None:
        passphrase = passphrase_of(passphrase_file, passphrase_fd)
        key = KemKey(open_keystore(keystore, passphrase, rehearsal=rehearsal)["kem"])
    authority = None if tsa is None else TimeAuthority.from_pem(tsa.read_bytes())
    with ExitStack() as stack:
        on_progress = stack.enter_context(progress_bar(tr("検証")))
        before = None if seen is None else stack.enter_context(_mapped_file(seen))
        data = stack.enter_context(_mapped_file(bundle))
        pinned = canonical.parse_digest(hub)
        result = verify_bundle(data, pinned, key, authority, on_progress, seen=before, request=request)
    if as_json:
        print_json(result.to_json())
    else:
        _print_bundle(result, pinned_authority=authority is not None)
    raise typer.Exit(0 if result.ok else 1)


def _print_bundle(result: BundleResult, *, pinned_authority: bool) -> None:
    out.print(
        tr(
            "記録簿 {} 件、記録 {} 件、判断の再現 {} 件、欠けのない系列 {}/{}",
            result.log_size,
            result.records,
            result.decisions,
            result.complete,
            result.originators,
        )
    )
    for fault in result.faults[:FINDINGS_SHOWN]:
        print_finding(fault.code, fault.seq, fault.where, fault.detail)
    if not result.control:
        out.print(tr("監査機関の鍵がないため、制御情報(署名・判断)は確かめていません。"))
    if result.times:
        first, last = result.times[0], result.times[-1]
        out.print(
            tr(
                "時刻トークン {}/{} 件: 最初の {} 件は {}、{} 件は {} までに存在。束の記録 {}/{} 件に及ぶ。",
                len(result.times),
                result.tokens,
                first["size"],
                jst_of_json(first["at"]),
                last["size"],
                jst_of_json(last["at"]),
                result.timed,
                result.records,
            ),
            highlight=False,
        )
    elif result.tokens and not pinned_authority:
        out.print(tr("時刻トークン {} 件は確かめていません(--tsa で証明書を指定)。", result.tokens))
    out.print(tr("[bold green]検証: 異常なし[/]") if result.ok else tr("[bold red]検証: 異常あり[/]"))


@contextmanager
def _mapped_file(path: Path) -> Iterator[Buffer]:
    """A file's bytes without reading them all: it may be larger than the memory."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""  # an empty file can't be mapped
            return
        yield mmap(file.fileno(), 0, access=ACCESS_READ)  # closed when nothing refers to it
