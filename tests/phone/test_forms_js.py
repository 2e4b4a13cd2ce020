"""The phone's own modules agree with ``keys`` on every form: run by node, on the golden vectors."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.pages.render import PAGES_FOLDER
from keys.device import DevicePublic, parse_envelope
from keys.signing import KemKey

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors" / "keys" / "device.json"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What node says of the vectors and makes itself."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copytree(PAGES_FOLDER / "static" / "phone", folder / "phone")
    shutil.copy(HERE / "forms.mjs", folder)
    done = subprocess.run(
        ["node", "forms.mjs", str(VECTORS)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_vendored_module_is_the_one_that_its_note_names() -> None:
    folder = PAGES_FOLDER / "static" / "phone"
    digest = hashlib.sha256((folder / "noble.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in (folder / "VENDORED.md").read_text(encoding="utf-8")
    pinned = json.loads((HERE.parent / "foreign" / "package.json").read_text())["dependencies"]
    for name, version in pinned.items():
        assert f"| {name} | {version} |" in (folder / "VENDORED.md").read_text(encoding="utf-8")


def test_the_door_opens_and_verifies_what_the_phone_seals(made: dict[str, Any]) -> None:
    vector = json.loads(VECTORS.read_text())
    envelope = parse_envelope(bytes.fromhex(made["envelope"]))
    DevicePublic(bytes.fromhex(vector["device_public"])).verify(envelope)
    content = envelope.open(KemKey(bytes.fromhex(vector["door_kem_seed"])))
    length = int.from_bytes(content[:4], "big")
    assert json.loads(content[4 : 4 + length]) == {"文": "架け橋"}
    assert content[4 + length :] == b"\x01\x02"
    assert envelope.digest.hex() == made["digest"]
    assert envelope.head.number == 8
    written_at = json.loads(vector["head"])["written_at"]
    assert made["time"] == f"{written_at[:23]}000Z"  # the phone knows milliseconds
