"""The code shown in the README runs unchanged."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

from adapters.bus import EmbeddedServer

README = Path(__file__).parents[2] / "adapters" / "bus" / "README.md"


def test_the_readme_application_runs_with_settings_only(tmp_path, monkeypatch):
    [code] = [
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        if "PERSISTENCE_MODULE" in block
    ]
    with EmbeddedServer(tmp_path / "data", store_key=bytes(32)).start() as server:
        module = ModuleType("of_the_readme")
        monkeypatch.setitem(sys.modules, module.__name__, module)  # the library finds classes by their module
        module.__dict__["server"] = server
        exec(compile(code, str(README), "exec"), module.__dict__)
        module.__dict__["kennel"].close()
