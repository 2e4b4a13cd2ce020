"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

FolderOption = Annotated[Path, typer.Option("--folder", help="鍵のあるフォルダ", file_okay=False)]
DataOption = Annotated[Path, typer.Option("--data", help="ハブのフォルダ", file_okay=False)]
TrustedProxies = Annotated[
    list[str] | None,
    typer.Option(
        "--trusted-proxy",
        help="手前に置いた中継サーバーのアドレス(X-Forwarded-For を信じる相手。省略時はだれも信じません)",
    ),
]
HostNames = Annotated[
    list[str] | None,
    typer.Option("--host-name", help="前に置くリバースプロキシの公開名(ポートなし。くり返し可)"),
]
Port = Annotated[int, typer.Option("--port", help="待ち受けるポート(0: 空いているもの)", min=0, max=65535)]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="パスワードのファイル(訓練用では不要)", dir_okay=False),
]
PassphraseFd = Annotated[int | None, typer.Option("--passphrase-fd", help="パスワードを読むファイル記述子")]
AsJson = Annotated[bool, typer.Option("--json", help="JSONで出力します")]
AgencyCode = Annotated[str, typer.Option("--agency", help="機関の略号")]
HubUrl = Annotated[str, typer.Option("--hub", help="ハブの窓口のURL")]
CaseOption = Annotated[UUID, typer.Option("--case", help="事例の識別子")]
OptionalCase = Annotated[UUID | None, typer.Option("--case", help="事例の識別子(省略時はすべて)")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="この時点まで(例: 2025-06-05T12:00:00+09:00)")]
At = Annotated[str | None, typer.Option("--at", help="時点(例: 2025-06-05T12:00:00+09:00。省略時は現在)")]
Raw = Annotated[bool, typer.Option("--raw", help="表を使わず、記録全体から計算します(遅い。答えは同じです)")]
OutFile = Annotated[Path, typer.Option("--out", help="書き出すファイル", dir_okay=False)]
