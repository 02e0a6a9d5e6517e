"""Documents keep up with the code: every entry of a registry is described, and what the README tells to type exists."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from app import connect
from app.__main__ import USAGE
from app.protocols.actions import registry
from app.scoring import signals
from tests.architecture.source import ROOT, quoted_names

REGISTRIES = {
    "signals.md": signals.REGISTRY,
    "protocols.md": registry.ACTIONS,
    "connectors.md": connect.KINDS,
}


@pytest.mark.parametrize("document", REGISTRIES)
def test_every_entry_of_a_registry_is_described(document: str) -> None:
    described = quoted_names(ROOT / "docs" / document)

    assert sorted(set(REGISTRIES[document]) - described) == []


def typed_commands() -> list[str]:
    """The lines of the README's shell blocks that call us."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|bash|shell|console)?\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    commands = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in commands if re.match(r"(python3 -m app|(\.venv/bin/)?kintsugi)\b", line)]


def words_after_us(line: str) -> list[str]:
    """The words that follow our own name, up to a pipe, a redirection or a comment."""
    words = shlex.split(re.sub(r"^(python3 -m app|(\.venv/bin/)?kintsugi)\s*", "", line), comments=True)
    stops = [index for index, word in enumerate(words) if word in {"|", ">", ">>", "<", "&&", ";", "\\"}]
    return words[: min(stops, default=len(words))]


def unknown_part(words: list[str]) -> str | None:
    """The first sub-command or option that the command line does not know."""
    from app import cli

    command: click.Command = cli.main
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("--") and word != "--help":
            known = [option for parameter in command.params for option in parameter.opts]
            if word.split("=")[0] not in known:
                return word
    return None


def test_the_readme_shows_how_to_run_and_test_it() -> None:
    commands = typed_commands()

    assert "python3 -m app run" in commands
    assert "python3 -m app test" in commands


def test_the_commands_of_the_readme_exist() -> None:
    launcher = set(re.findall(r"^  ([a-z]+) ", USAGE, flags=re.MULTILINE))

    wrong = {}
    for line in typed_commands():
        words = words_after_us(line)
        if line.startswith("python3") and words[:1] and words[0] in launcher:
            continue
        if not words or (unknown := unknown_part(words)):
            wrong[line] = unknown if words else "nothing to do"
    assert wrong == {}
