"""``kakehashi demo``, ``scenario``, ``torture`` and ``bench``: on rehearsal hubs of their own, never on a real one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.cli import printing
from gateway.cli.options import AsJson, Port
from gateway.cli.printing import err, out, print_growth, print_json, print_report, progress_bar, progress_line

scenario = typer.Typer(no_args_is_help=True, help="事例の物語を訓練用ハブで再生し、閲覧結果を確かめます")


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


@scenario.command("run")
def scenario_run(
    files: Annotated[list[Path], typer.Argument(help="物語のファイル", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """物語を新しい訓練用ハブで再生し、すべての項目をすべての機関で開いて、期待と比べます。"""
    from gateway.rehearsal.scenario.report import play_on_new_hub
    from gateway.rehearsal.scenario.story import read_story

    reports = []
    with progress_line(quiet=as_json) as on_progress:
        for file in files:
            story = read_story(file)
            reports.append(play_on_new_hub(story, lambda what, id=story.id: on_progress(f"{id} {what}")))  # type: ignore[misc]
    if as_json:
        print(json.dumps({"scenarios": [r.to_json() for r in reports]}, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            print_report(report)
    raise typer.Exit(0 if all(r.ok for r in reports) else 1)


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
            progress_bar(name, quiet=as_json) as on_progress,
        ):
            on_round = partial(_report_rounds, on_progress, count)
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


def _report_rounds(on_progress: Callable[[int, int], None], of: int, done: int) -> None:
    on_progress(done, of)


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
        bool, typer.Option("--compare-log", help="代わりに、記録簿のあるハブとないハブを並べて測ります")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """速さを測ります: 同じバイト列を、素の部品と並べて、1回の実行で。"""
    from gateway.rehearsal.bench.growth import grow
    from gateway.rehearsal.bench.run import Bench, machine

    if log is not None:
        from gateway.rehearsal.bench.proofs import measure

        with progress_bar("記録簿", quiet=as_json) as on_progress:
            _print_growth(
                list(measure([10**n for n in range(3, 10) if 10**n < log] + [log], on_progress)), as_json
            )
        return
    if growth is not None:
        sizes = [10**n for n in range(2, 10) if 10**n < growth] + [growth]
        with progress_bar("記録", quiet=as_json) as on_progress:
            _print_growth(list(grow(sizes, on_progress)), as_json)
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
