"""The command line as people meet it: one language, one sentence for whatever fails, and lists that fit."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.table import Table
from typer import rich_utils

from domain.errors import Conflict
from gateway.cli import keystore, main, printing
from gateway.cli.language import language_of, speak

Outcome = tuple[int, str, str]
Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command through the entry point: its exit code, standard output and standard error."""
    environment = {"LANG": "ja_JP.UTF-8"}
    monkeypatch.setattr(main, "protect_process_memory", lambda: None)
    monkeypatch.setattr(main.os, "environ", environment | {"PATH": "/usr/bin"})

    def call(*arguments: object, lang: str = "ja_JP.UTF-8") -> Outcome:
        monkeypatch.setitem(main.os.environ, "LANG", lang)
        speak(language_of({"LANG": lang}), {})
        main.os.environ["LANGUAGE"] = lang[:2]
        importlib.reload(rich_utils)  # in a process of its own it is loaded when the language is known
        monkeypatch.setattr(sys, "argv", ["kakehashi", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        shown, complained = capfd.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), shown, complained

    yield call
    speak("ja", {})


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "ja"),
        ({"LANG": "C.UTF-8"}, "ja"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
    ],
)
def test_english_is_spoken_only_where_the_environment_asks_for_it(
    environment: dict[str, str], language: str
) -> None:
    assert language_of(environment) == language


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version") == (0, f"kakehashi {version('kakehashi')}\n", "")


def test_help_is_in_one_language(run: Run) -> None:
    code, japanese, _ = run("hub", "init", "--help")
    assert code == 0
    assert "この説明を表示します" in japanese
    assert "Show this message" not in japanese
    assert "Options" not in japanese
    code, english, _ = run("hub", "init", "--help", lang="en_US.UTF-8")
    assert code == 0
    assert "Shows this help" in english
    assert not any("\u3040" < sign < "\u9fff" for sign in english)


def test_wrong_arguments_are_one_sentence(run: Run) -> None:
    title, remedy = "この命令は、このままでは実行できません", "--data を指定してください。"
    usage = "使い方: `kakehashi audit ledger --help`"
    assert run("audit", "ledger") == (2, "", f"{title}\n{remedy}{usage}\n")
    for arguments in (["audit", "verfy"], ["hub", "serve", "--nope"], ["hub", "serve", "--port", "x"]):
        code, shown, complained = run(*arguments)
        assert (code, shown) == (2, "")
        assert "Error" not in complained
        assert "--help`" in complained
    assert "Missing option" in run("audit", "ledger", lang="en_US.UTF-8")[2]


def test_a_file_that_others_can_read_is_named_with_what_to_run(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret file"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o644)
    folder = tmp_path / "registrar"
    arguments = ("registrar", "init", "--folder", folder, "--name", "A", "--passphrase-file", secret)
    for lang in ("ja_JP.UTF-8", "en_US.UTF-8"):
        code, _, complained = run(*arguments, lang=lang)
        assert code == 2
        assert "(untrusted/passphrase-file-mode)" in complained
        assert f"`chmod 600 '{secret}'`" in complained
    assert not folder.exists()


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        pytest.param(PermissionError(13, "x", "/srv/a b"), 2, "chmod 600 '/srv/a b'", id="no right"),
        pytest.param(FileNotFoundError(2, "x", "/srv/a"), 2, "ls -l /srv/a", id="no file"),
        pytest.param(OSError(28, "x"), 2, "df -h", id="disk full"),
        pytest.param(OSError(98, "x"), 2, "ss -ltn", id="port in use"),
        pytest.param(OSError(5, "x", "/srv/a"), 2, "読み書きできません", id="other fault of the machine"),
        pytest.param(UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), 2, "UTF-8", id="no text"),
        pytest.param(KeyboardInterrupt(), 130, "中断しました", id="interrupted"),
        pytest.param(ZeroDivisionError("secret detail"), 70, "--debug", id="defect"),
        pytest.param(Conflict("file-exists"), 2, "(conflict/file-exists)", id="error of the product"),
    ],
)
def test_whatever_fails_is_one_sentence_and_never_a_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int, text: str
) -> None:
    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr(keystore, "passphrases_of", fail)
    arguments = ("keystore", "passphrase", "list", tmp_path / "keystore")
    ended, shown, complained = run(*arguments)
    assert (ended, shown) == (code, "")
    assert text in complained
    assert "Traceback" not in complained
    assert "secret detail" not in complained
    assert len(complained.strip().split("\n")) <= 2
    english = run(*arguments, lang="en_US.UTF-8")[2]
    assert not any("\u3040" < sign < "\u9fff" for sign in english)


def test_a_developer_gets_the_traceback(monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(keystore, "passphrases_of", fail)
    monkeypatch.setattr(
        sys, "argv", ["kakehashi", "--debug", "keystore", "passphrase", "list", str(tmp_path / "x")]
    )
    with pytest.raises(ZeroDivisionError):
        main.main()


def test_a_table_fits_eighty_columns_and_a_sentence_stays_whole() -> None:
    text = io.StringIO()
    printer = printing._Printer(file=text, width=80)
    table = Table("事例", "送り手 → 受け手", "情報区分", "理由")
    table.add_row("0467a652-0564-4d0c-b342-84474eda0476", "あおぞら市" * 6, "基本情報" * 5, "理由の文" * 12)
    printer.print(table)
    lines = text.getvalue().split("\n")
    assert max(cell_len(line) for line in lines) <= 80
    printer.print("起動: kakehashi hub serve --data " + "x" * 90)
    assert text.getvalue().endswith("x" * 90 + "\n")


def test_no_command_takes_a_secret_as_an_argument() -> None:
    names = {
        option
        for command in _all(main.get_command(main.app))
        for param in command.params
        for option in param.opts
        if any(word in option for word in ("passphrase", "token", "secret", "seed"))
    }
    assert names
    assert {name for name in names if not name.endswith(("-file", "-fd"))} <= {"--seed", "token_id"}


def _all(command):  # type: ignore[no-untyped-def]
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from _all(one)
