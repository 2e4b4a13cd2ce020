"""``kakehashi keystore passphrase``: who can open a keystore file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Unavailable
from gateway.cli.language import tr
from gateway.cli.opening import passphrase_of
from gateway.cli.options import PassphraseFd, PassphraseFile
from gateway.cli.printing import out
from keys.keystore import add_passphrase, change_passphrase, passphrases_of, remove_passphrase

keystore = typer.Typer(no_args_is_help=True, help="鍵ファイル")
passphrase = typer.Typer(no_args_is_help=True, help="鍵ファイルを開くパスワード(8つまで)")
keystore.add_typer(passphrase, name="passphrase")

KeystoreFile = Annotated[Path, typer.Argument(help="鍵ファイル(keystore)", dir_okay=False)]
NewPassphraseFile = Annotated[
    Path | None, typer.Option("--new-passphrase-file", help="新しいパスワードのファイル", dir_okay=False)
]
NewPassphraseFd = Annotated[
    int | None, typer.Option("--new-passphrase-fd", help="新しいパスワードを読むファイル記述子")
]
OLD_COPIES = "古い控えのファイルと外したパスワードがあれば、このファイルも開けます。控えも処分してください。"


@passphrase.command("list")
def passphrase_list(path: KeystoreFile) -> None:
    """パスワードの番号と名前を表示します(パスワードは要りません)。"""
    for number, slot in enumerate(passphrases_of(path), 1):
        out.print(f"{number}: {slot.label or tr('(名前なし)')}", highlight=False, markup=False)


@passphrase.command("add")
def passphrase_add(
    path: KeystoreFile,
    label: Annotated[str, typer.Option("--label", help="名前(例: 金庫の封筒)")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    new_passphrase_file: NewPassphraseFile = None,
    new_passphrase_fd: NewPassphraseFd = None,
) -> None:
    """もう一つのパスワードでも開けるようにします。"""
    add_passphrase(
        path,
        passphrase_of(passphrase_file, passphrase_fd),
        passphrase_of(new_passphrase_file, new_passphrase_fd, twice=True, prompt=tr("新しいパスワード: ")),
        label,
    )
    out.print(tr("パスワードを加えました"))


@passphrase.command("change")
def passphrase_change(
    path: KeystoreFile,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    new_passphrase_file: NewPassphraseFile = None,
    new_passphrase_fd: NewPassphraseFd = None,
) -> None:
    """パスワードを変えます。"""
    with _not_in_use(path):
        renewed = change_passphrase(
            path,
            passphrase_of(passphrase_file, passphrase_fd),
            passphrase_of(
                new_passphrase_file, new_passphrase_fd, twice=True, prompt=tr("新しいパスワード: ")
            ),
        )
    out.print(tr("パスワードを変えました") if renewed else tr("パスワードを変えました。{}", tr(OLD_COPIES)))


@passphrase.command("remove")
def passphrase_remove(
    path: KeystoreFile,
    number: Annotated[int, typer.Option("--number", help="外すパスワードの番号(list で表示)", min=1)],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """パスワードを外します。残るパスワードのどれかで開いて行います。"""
    with _not_in_use(path):
        renewed = remove_passphrase(path, passphrase_of(passphrase_file, passphrase_fd), number)
    out.print(tr("パスワードを外しました") if renewed else tr("パスワードを外しました。{}", tr(OLD_COPIES)))


@contextmanager
def _not_in_use(path: Path) -> Iterator[None]:
    """A running hub rewrites its keystore under the data key that it has opened: that may not change meanwhile."""
    lock = path.parent / "lock"
    if not lock.exists():
        yield
        return
    from gateway.installation.archive import exclusive_lock_file

    with exclusive_lock_file(lock, Unavailable("hub-running")):
        yield
