"""Opening a keystore in a child process, so that the passphrase is never in the memory of the process that serves.

Python can't wipe a passphrase: text and bytes are immutable, and freed memory keeps what was in it. The child reads the
passphrase (terminal, file or descriptor), opens the keystore, writes the data key to a pipe and ends; with it what the
passphrase left in memory is gone. Source: KH-1 §2.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from domain.errors import ExchangeError, Unavailable
from gateway.protocol.problems import error_of, problem
from gateway.protocol.process_memory import protect_process_memory
from keys.keystore import Keystore, open_with_data_key, unlock_keystore
from keys.passphrase import read_passphrase

PROMPT = "パスワード: "


def unlock_in_child(path: Path, file: Path | None, fd: int | None) -> Keystore:
    """The keystore, opened with the passphrase of a file or descriptor, else of the terminal.

    Raises as ``read_passphrase`` and ``unlock_keystore``, and Unavailable where the child ended without an answer.
    """
    source = ["-"] if file is None and fd is None else ["file", str(file)] if fd is None else ["fd", str(fd)]
    if file is not None and fd is not None:
        read_passphrase(file=file, fd=fd)  # refuses: two sources
    done = subprocess.run(
        [sys.executable, "-m", "gateway.installation.unlocking", str(path.absolute()), *source],
        stdout=subprocess.PIPE,
        pass_fds=() if fd is None else (fd,),
        check=False,
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise Unavailable("keystore-not-opened") from error
    if "data_key" not in answer:
        raise error_of(done.returncode, answer)
    return open_with_data_key(path, bytes.fromhex(answer["data_key"]))


def main() -> None:
    """``python -m gateway.installation.unlocking KEYSTORE -|file FILE|fd N``: writes a line of JSON to standard output."""
    protect_process_memory()
    path, source = sys.argv[1:3]
    try:
        passphrase = read_passphrase(
            prompt=PROMPT if source == "-" else None,
            file=sys.argv[3] if source == "file" else None,
            fd=int(sys.argv[3]) if source == "fd" else None,
        )
        answer: dict[str, Any] = {"data_key": unlock_keystore(path, passphrase).data_key.hex()}
    except ExchangeError as error:
        answer = problem(error)[1]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
