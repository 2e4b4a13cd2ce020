"""The language of the command line: Japanese, or English where the environment asks for it.

Sentences are written in Japanese where they are used, and have their English in one table (``sentences``). The words of the
library that reads the arguments are in a catalogue of gettext, made from the same table.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal

from gateway.cli.sentences import ENGLISH

Language = Literal["ja", "en"]
DOMAIN = "kakehashi"
CATALOGUES = Path(__file__).with_name("locale")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_spoken: list[Language] = ["ja"]


def language_of(environment: Mapping[str, str]) -> Language:
    """English where the first of LC_ALL, LC_MESSAGES and LANG that is set begins with ``en``; else Japanese."""
    value = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "en" if value.lower().startswith("en") else "ja"


def speak(language: Language, environment: MutableMapping[str, str]) -> None:
    """Set the language of this process. ``environment``: its own, in which gettext looks for the language."""
    _spoken[0] = language
    environment["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, CATALOGUES)
    gettext.textdomain(DOMAIN)


def spoken() -> Language:
    """The language of this process."""
    return _spoken[0]


def translated(command: Any) -> Any:
    """The command with the help of all its commands and options in the language of this process."""
    command.help = _help(command.help)
    command.short_help = _help(command.short_help)
    for param in command.params:
        if getattr(param, "help", None):
            param.help = _help(param.help)
    own_option = command.get_help_option

    def help_option(context: Any) -> Any:
        option = own_option(context)
        if option is not None:
            option.help = tr("この説明を表示します")
        return option

    command.get_help_option = help_option
    for name in getattr(command, "commands", {}):
        translated(command.commands[name])
    return command


def _help(text: str | None) -> str | None:
    return tr(text) if text else text


def tr(sentence: str, *values: Any) -> str:
    """The sentence in the language of this process, with the values in place of its braces."""
    text = sentence if spoken() == "ja" else ENGLISH[sentence]
    return text.format(*values) if values else text
