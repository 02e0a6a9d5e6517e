"""The command that puts example tickets to protocol documents, before any desk sees them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app.cli_base import AS_JSON, Problem, show

if TYPE_CHECKING:
    from app.protocols.examples import Example, Tried

NOTHING = "no case"

Read = TypeVar("Read")


@click.command("examples")
@click.argument("sources", metavar="pack:NAME|FILE...", nargs=-1, required=True)
@click.option(
    "--tickets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of example tickets; by default those that come with the pack.",
)
@AS_JSON
def examples(sources: tuple[str, ...], tickets: Path | None, as_json: bool) -> None:
    """Put example tickets to protocols and say which of them opens a case. Needs no database.

    The documents are asked in the order in which they are given. The exit code is 1 where an example is not met.
    """
    tried = _tried(sources, tickets)
    met = all(one.ok for one in tried)
    lines = [line for one in tried for line in _lines(one)]
    lines.append(f"{len(tried)} examples, " + ("all as expected" if met else f"{_missed(tried)} not as expected"))
    show({"ok": met, "examples": [_document(one) for one in tried]}, as_json, lines)
    if not met:
        sys.exit(1)


def _tried(sources: Sequence[str], tickets: Path | None) -> Sequence[Tried]:
    from app import protocol_setup
    from app.clock import real_now
    from app.protocols.document import read_document
    from app.protocols.examples import try_examples

    try:
        wanted = _examples(sources, tickets)
        found = protocol_setup.read_sources(sources)
    except (ValueError, LookupError) as error:
        raise Problem(str(error)) from error
    protocols = [_read(source.name, read_document, source.text) for source in found]
    return try_examples(protocols, wanted, real_now())


def _examples(sources: Sequence[str], tickets: Path | None) -> Sequence[Example]:
    """The examples of the file, else of the packs. Raises UnknownPack, and ValueError for what is no text."""
    from app.protocol_setup import PACK
    from app.protocols.examples import read_examples
    from app.protocols.packs import load_examples

    if tickets is not None:
        return _read(str(tickets), read_examples, tickets.read_text(encoding="utf-8"))
    if not all(word.startswith(PACK) for word in sources):
        raise click.UsageError("--tickets: say which examples to put to files; only packs bring their own")
    return [one for word in sources for one in _read(word, read_examples, load_examples(word.removeprefix(PACK)))]


def _read(name: str, reader: Callable[[str], Read], text: str) -> Read:
    """What the reader makes of the text; where it is broken, a line for everything that is wrong."""
    from app.protocols.errors import DocumentError

    try:
        return reader(text)
    except DocumentError as error:
        raise Problem("\n".join(f"{name}: {one}" for one in error.errors)) from error


def _lines(tried: Tried) -> list[str]:
    opened = tried.opened or NOTHING
    if tried.ok:
        return [f"ok      {tried.example.about}: {opened}"]
    head = f"NOT MET {tried.example.about}: {opened}, expected {tried.example.opens or NOTHING}"
    return [head, *(f"        {why}" for why in tried.why)]


def _missed(tried: Sequence[Tried]) -> int:
    return sum(not one.ok for one in tried)


def _document(tried: Tried) -> dict[str, Any]:
    return {
        "about": tried.example.about,
        "expected": tried.example.opens,
        "opened": tried.opened,
        "ok": tried.ok,
        "why": list(tried.why),
    }
