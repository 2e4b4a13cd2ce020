"""``kakehashi projections``: the read models, made again from the record."""

from __future__ import annotations

import typer

from gateway.cli.language import tr
from gateway.cli.opening import installation_of
from gateway.cli.options import DataOption, PassphraseFd, PassphraseFile
from gateway.cli.printing import err, out, progress_bar
from gateway.hub.read_models import record_source
from gateway.installation.archive import exclusive_read_models, open_archive
from projections.rebuild import rebuild

projections = typer.Typer(no_args_is_help=True, help="閲覧用の表を管理します")


@projections.command("rebuild")
def projections_rebuild(
    data: DataOption, passphrase_file: PassphraseFile = None, passphrase_fd: PassphraseFd = None
) -> None:
    """閲覧用の表を記録から作り直します(ハブを止めて実行。中断しても続きから再開します)。"""
    installation = installation_of(data, passphrase_file, passphrase_fd)
    with open_archive(installation, start_read_models=False) as archive:
        if archive.running:
            err.print(tr("ハブが動いています。止めてから実行してください。"))
            raise typer.Exit(2)
        archive.read_models.close()
        head = archive.store.head()

        with exclusive_read_models(installation), progress_bar(tr("作り直し"), quiet=False) as on_progress:
            position = rebuild(
                installation.hub_folder / "read_models.db",
                record_source(archive.store),
                archive.store.records,
                progress=lambda done: on_progress(done, head),
            )
    out.print(tr("作り直しました: {} 件", position))
