"""Writes ``requirements-hashed.txt``: what Kakehashi needs at run time and to be built, pinned as in ``constraints.txt``,
with the SHA-256 of every file that the registry has of it. Needs the program ``uv``.

Source: pip, hash-checking mode. No address of a registry is written, so that any mirror serves.
"""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "requirements-hashed.txt"
HEADER = """\
# Written by `python -m tests.house.make_requirements`; the versions are those of constraints.txt.
"""


def required() -> list[str]:
    """What is needed at run time, and what builds the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [*project["project"]["dependencies"], *project["build-system"]["requires"]]


def hashed() -> str:
    """The text of the file."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.in"
        wanted.write_text("\n".join(required()) + "\n")
        argv = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
        argv += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        argv += ["--constraint", str(ROOT / "constraints.txt"), str(wanted)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return HEADER + done.stdout


if __name__ == "__main__":
    TARGET.write_text(hashed())
