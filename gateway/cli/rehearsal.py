"""``kakehashi demo``, ``scenario``, ``torture`` and ``bench``: on rehearsal hubs of their own, never on a real one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.cli import printing
from gateway.cli.language import tr
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

    raise typer.Exit(run_demo(out, printing, once=once, port=port, data=data))


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
        print_json({"scenarios": [r.to_json() for r in reports]})
    else:
        for report in reports:
            print_report(report)
    raise typer.Exit(0 if all(r.ok for r in reports) else 1)


def torture(
    kinds: Annotated[
        list[str] | None, typer.Argument(help="kill・seams・full・network・bits・cluster(省略時はすべて)")
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
        raise typer.BadParameter(tr("種類は {} です", "・".join(KINDS)))
    results: list[TortureResult] = []
    for name in kinds or KINDS:
        with (
            TemporaryDirectory(prefix="kakehashi-torture-") as folder,
            progress_bar(name, quiet=as_json) as on_progress,
        ):
            on_done = partial(_report_done, on_progress, count)
            results.append(KINDS[name](Path(folder), count, seed, on_done))
    if as_json:
        print_json([result.to_json() for result in results])
    else:
        for result in results:
            done = "、".join(f"{what} {n}" for what, n in sorted(result.done.items()))
            out.print(tr("{}(種 {}): {}", result.kind, result.seed, done), highlight=False)
            for fault in result.faults:
                out.print(tr(" [red]異常[/] {}", fault), highlight=False)
    raise typer.Exit(1 if any(result.faults for result in results) else 0)


def _report_done(on_progress: Callable[[int, int], None], total: int, done: int) -> None:
    on_progress(done, total)


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
    big_case: Annotated[
        int | None,
        typer.Option(
            "--big-case", help="代わりに、この件数の連絡がある事例と新しい事例を並べて測ります", min=2
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """速さを測ります: 同じバイト列を、素の部品と並べて、1回の実行で。"""
    if big_case is not None:
        from gateway.rehearsal.bench.big_case import SAMPLES, compare_big_case

        with progress_bar(tr("連絡"), quiet=as_json) as on_progress:
            rows = compare_big_case(big_case, SAMPLES, on_progress)
    elif log is not None:
        from gateway.rehearsal.bench.proofs import measure as measure_proofs

        with progress_bar(tr("記録簿"), quiet=as_json) as on_progress:
            rows = list(measure_proofs(_powers_of_ten(3, log), on_progress))
    elif growth is not None:
        from gateway.rehearsal.bench.growth import grow

        with progress_bar(tr("記録"), quiet=as_json) as on_progress:
            rows = list(grow(_powers_of_ten(2, growth), on_progress))
    else:
        _bench_parts(commands, rounds, compare_log=compare_log, as_json=as_json)
        return
    print_json(rows) if as_json else print_growth(rows)


def _powers_of_ten(first: int, last: int) -> list[int]:
    """The sizes to measure at: powers of ten below the last size, and that size."""
    return [10**n for n in range(first, 10) if 10**n < last] + [last]


def _bench_parts(commands: int, rounds: int, *, compare_log: bool, as_json: bool) -> None:
    from gateway.rehearsal.bench.logged import measure as measure_log
    from gateway.rehearsal.bench.run import Bench, machine

    with err.status(tr("測定の準備")) as status:
        rows = (
            measure_log(commands, rounds, status.update)
            if compare_log
            else Bench(commands, rounds, status.update).run()
        )
    if as_json:
        print_json({"machine": machine(), "rows": rows})
        return
    table = Table(
        tr("測ったもの"),
        tr("件/秒"),
        tr("比べた相手"),
        tr("比"),
        "p50 ms",
        "p95 ms",
        "p99 ms",
        title=str(machine()),
    )
    if compare_log:
        table.add_column(tr("p99 の比"))
    for row in rows:
        table.add_row(*("" if v is None else str(v) for v in row.values()))
    out.print(table)
