"""What every sheet that leaves the audit office states: of which hub it is, whether it is a rehearsal's, and by which signed
head of the log it was made, so that it can be compared later.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.calendar import JST
from gateway.installation.folder import Installation
from keys.checkpoint import head_time, origin_of, verify_checkpoint
from keys.genesis import Genesis

MODES = {"rehearsal": "訓練", "real": "本番"}


@dataclass(frozen=True)
class SheetOrigin:
    """``hub``: its identifier, hex; ``size``, ``root`` (base64) and ``at``: of the log's last signed head; None and empty
    before there is one."""

    hub: str
    mode: str
    size: int | None = None
    root: str = ""
    at: datetime | None = None

    @property
    def is_rehearsal(self) -> bool:
        return self.mode == "rehearsal"

    def columns(self) -> dict[str, str]:
        """For a table: a cell for each."""
        return {
            "ハブの識別子": self.hub,
            "区分": MODES.get(self.mode, ""),
            "記録簿の件数": "" if self.size is None else str(self.size),
            "記録簿の根": self.root,
            "記録簿の署名の時刻": self._time,
        }

    def lines(self) -> list[str]:
        """For the foot of a sheet."""
        head = (
            "署名済みの記録簿: まだありません"
            if self.size is None
            else f"署名済みの記録簿: {self.size} 件 根 {self.root} 署名 {self._time}(日本時間)"
        )
        return [f"{MODES.get(self.mode, '')} ハブの識別子 {self.hub}".strip(), head]

    @property
    def _time(self) -> str:
        return "" if self.at is None else f"{self.at.astimezone(JST):%Y-%m-%d %H:%M:%S}"


def sheet_origin(installation: Installation, genesis: Genesis) -> SheetOrigin:
    """By the head that lies in the folder of the log now. Raises Malformed, Untrusted where it isn't this log's."""
    hub, mode = installation.hub, installation.mode
    try:
        signed = (installation.hub_folder / "log" / "checkpoint").read_bytes()
    except OSError:
        return SheetOrigin(hub.hex(), mode)
    origin = origin_of(hub, mode)
    checkpoint, note = verify_checkpoint(signed, origin, genesis.log)
    at = datetime.fromtimestamp(head_time(note, origin, genesis.log), UTC)
    return SheetOrigin(hub.hex(), mode, checkpoint.size, b64encode(checkpoint.root).decode(), at)
