"""What a person reads when a command fails: one sentence on what happened and what to do, never a traceback.

Exit codes: 1 is a finding that a command reports itself; 2 an error of the product or of the arguments; 70 a defect; 130 an
interruption.
"""

from __future__ import annotations

import errno
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from typer import Abort
from typer.exceptions import TyperException

from domain import error_codes
from domain.errors import ExchangeError
from gateway.cli.language import spoken, tr
from gateway.protocol.problems import text_ja_of, title_of

ERROR, DEFECT, INTERRUPTED = 2, 70, 130
TITLES_EN: Mapping[str, str] = {
    error_codes.MALFORMED: "Not in the agreed form",
    error_codes.UNTRUSTED: "A signature, key or seal does not hold",
    error_codes.REFUSED: "The rules do not permit it",
    error_codes.NOT_FOUND: "Not found",
    error_codes.CONFLICT: "Another record came first",
    error_codes.UNAVAILABLE: "Not possible now (nothing was recorded)",
    error_codes.INVARIANT_VIOLATION: "The hub is at fault and stopped",
}
COMMANDS_FOR_FILES: Mapping[str, str] = {
    "keystore-mode": "chmod 600 {}",
    "passphrase-file-mode": "chmod 600 {}",
    "vault-mode": "chmod 600 {}",
    "keystore-owner": "ls -l {}",
    "keystore-not-a-file": "ls -l {}",
    "keystore-not-found": "ls -l {}",
    "passphrase-file-not-found": "ls -l {}",
}
"""What to run about a file with which this error came, by error code."""


@contextmanager
def naming(*files: Path | None) -> Iterator[None]:
    """Errors about a file within say which it is, and what to run. ``files``: those that are in question, None for none."""
    try:
        yield
    except ExchangeError as error:
        command = COMMANDS_FOR_FILES.get(error.error_code)
        about = [file for file in files if file is not None]
        # the passphrase's own file is named last
        if command is not None and about:
            file = about[-1] if error.error_code.startswith("passphrase") else about[0]
            error.add_note(command.format(shlex.quote(str(file))))
        raise


def explanation(error: BaseException) -> tuple[str, str, int]:
    """(a title, what to do, the exit code) in the language of this process."""
    match error:
        case ExchangeError():
            return (*_of_exchange(error), ERROR)
        case TyperException():
            return tr("この命令は、このままでは実行できません"), _of_usage(error), ERROR
        case KeyboardInterrupt() | Abort() | EOFError():
            return tr("中断しました"), "", INTERRUPTED
        case OSError():
            return (*_of_system(error), ERROR)
        case UnicodeError():
            return tr("文字を読み書きできません"), tr("ファイルを UTF-8 で保存し直してください"), ERROR
        case _:
            return (
                tr("思わぬ異常で終わりました"),
                tr(
                    "命令の前に --debug を付けて(kakehashi --debug …)もう一度実行し、出力を開発者に渡してください"
                ),
                DEFECT,
            )


def _of_exchange(error: ExchangeError) -> tuple[str, str]:
    row = error_codes.find(error.error_code)
    if spoken() == "ja":
        title, text = title_of(error), text_ja_of(error)
    else:
        title = TITLES_EN.get(error.category, error.category)
        text = error.detail or (error.explanation if row is None else f"{row.meaning} {row.remedy}")
    commands = "".join(f" `{note}`" for note in getattr(error, "__notes__", ()))
    return f"{title} ({error.category}/{error.error_code})", f"{text}{commands}"


def _of_system(error: OSError) -> tuple[str, str]:
    """An error of the machine, by its number; ``filename`` where it names a file."""
    file = "" if error.filename is None else str(error.filename)
    quoted = shlex.quote(file) if file else tr("そのファイル")
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return tr("ファイルがありません: {}", file), tr("場所を確かめてください: `ls -l {}`", quoted)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return tr("権限がありません: {}", file), tr(
                "持ち主として実行するか、持ち主が読み書きできるようにしてください: `chmod 600 {}`", quoted
            )
        case errno.EEXIST | errno.ENOTEMPTY:
            return tr("すでにあります: {}", file), tr("別の場所を指定してください: `ls -l {}`", quoted)
        case errno.EISDIR:
            return tr("ファイルではなくフォルダです: {}", file), tr(
                "ファイルを指定してください: `ls -l {}`", quoted
            )
        case errno.ENOSPC | errno.EDQUOT:
            return tr("記憶装置に空きがありません"), tr("空きを作ってから、もう一度実行してください: `df -h`")
        case errno.EADDRINUSE:
            return tr("そのポートは使われています"), tr("別のポートを --port で指定してください: `ss -ltn`")
        case errno.EBADF:
            return tr("そのファイル記述子は開いていません"), tr("番号を確かめてください")
        case _:
            return tr("機械の異常で、読み書きできません: {}", file), tr(
                "場所と権限を確かめてください: `ls -l {}`", quoted
            )


def _of_usage(error: TyperException) -> str:
    """What is wrong with the arguments. The library's own sentences are English and in no catalogue."""
    command = getattr(getattr(error, "ctx", None), "command_path", "kakehashi")
    hint = tr("使い方: `{} --help`", command)
    if spoken() == "en":
        return f"{error.format_message()} {hint}"
    param = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or (None if param is None else _name_of(param))
    match type(error).__name__:
        case "MissingParameter":
            text = f"{name} を指定してください"
        case "NoSuchOption":
            similar = "、".join(getattr(error, "possibilities", None) or ())
            text = f"{name} という指定はありません" + (f"({similar} のことですか)" if similar else "")
        case "BadParameter" if name is not None:
            text = f"{name} の値を受け付けられません"
        case "BadOptionUsage":
            text = f"{name} の後に値が要ります"
        case "BadParameter":
            text = error.message  # our own
        case _:
            text = "その名前の命令がないか、余分な値があります"
    return f"{text}。{hint}"


def _name_of(param: object) -> str:
    options = [text for text in getattr(param, "opts", ()) if text.startswith("--")]
    return options[0] if options else str(getattr(param, "human_readable_name", getattr(param, "name", "")))
