"""No rehearsal touches a real hub: whatever plays, kills or damages looks at the genesis of its folder first."""

from __future__ import annotations

import json
from pathlib import Path

from domain.errors import Refused
from keys.frame import parse_frame
from keys.genesis import verify_genesis


def refuse_real_hub(folder: Path) -> None:
    """Raises Refused where this folder holds a hub whose genesis says «real». A folder without a hub passes."""
    about = folder / "installation.json"
    if not about.exists():
        return
    hub = bytes.fromhex(json.loads(about.read_text())["hub"])
    frame = parse_frame((folder / "hub" / "genesis.frame").read_bytes())
    if verify_genesis(frame, hub=hub).mode != "rehearsal":
        raise Refused("real-hub")
