"""The commands of recovery protocols."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, read_settings, show

if TYPE_CHECKING:
    from app.library import Library
    from app.protocol_setup import Source, Stored, Verdict
    from app.protocols.lint import DeskNames
    from app.store.models import Desk
    from tasks.parts import Parts

BY = "command line"
OFFLINE = click.option("--offline", is_flag=True, help="Publish without asking the helpdesk about groups and macros.")
IN_LIBRARY = "There is no desk yet, so they are in this installation's library: protocol import library:NAME"
NOTHING_KEPT = "No protocol is kept in the library yet: kintsugi protocol import pack:default"
NOT_LIVE = "note: groups and macros were not checked, since no helpdesk was asked"


@click.group()
def protocol() -> None:
    """Recovery protocols: what to notice, and what to do then."""


@protocol.command("check")
@click.argument("sources", metavar="FILE|pack:NAME|library:NAME...", nargs=-1, required=True)
@click.option("--desk", "desk_name", help="Also ask this desk whether it has the groups and macros.")
@AS_JSON
def check_documents(sources: tuple[str, ...], desk_name: str | None, as_json: bool) -> None:
    """Say everything that is wrong with documents. Needs no database, unless a desk is to be asked."""
    from app import protocol_setup

    try:
        read = _read(sources)
        names = _names_of(desk_name) if desk_name else None
    except ValueError as error:
        raise Problem(str(error)) from error
    verdicts = [protocol_setup.check(source, names) for source in read]
    beside = [protocol_setup.check_together(read)] if len(read) > 1 else []
    sound = not any(verdict.errors for verdict in (*verdicts, *beside))
    lines = _lines([*verdicts, *beside]) + _unasked(names)
    lines += [f"{len(verdicts)} checked, all sound"] * sound
    document = {
        "ok": sound,
        "live": names is not None,
        "documents": [asdict(verdict) for verdict in verdicts],
        "together": [asdict(verdict) for verdict in beside],
    }
    show(document, as_json, lines)
    if not sound:
        sys.exit(1)


@protocol.command("list")
@ON_DESK
@AS_JSON
def list_protocols(desk_name: str | None, as_json: bool) -> None:
    """The desk's protocols in the order in which they decide: the version in force, else the newest draft.

    Without any desk, the drafts of the installation's library.
    """
    from app.store import protocols

    if _without_desk(desk_name):
        kept = [{"protocol": one.name, "version": one.number, "state": "draft"} for one in _library().all()]
        show(kept, as_json, [f"draft      {row['version']:>3}  {row['protocol']}" for row in kept] or [NOTHING_KEPT])
        return
    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        found = [
            {"protocol": row.name, "version": version.number, "state": version.state.value}
            for row, version in protocols.all_of(session)
        ]
    lines = [f"{row['state']:<10} {row['version']:>3}  {row['protocol']}" for row in found]
    show(found, as_json, lines or ["No protocol is stored yet: kintsugi protocol import pack:default"])


@protocol.command("import")
@click.argument("sources", metavar="FILE|pack:NAME|library:NAME...", nargs=-1, required=True)
@click.option("--publish", is_flag=True, help="Put them in force at once, all or none.")
@click.option("--first", is_flag=True, help="Ask the new ones before all others.")
@OFFLINE
@ON_DESK
@AS_JSON
def import_protocols(
    sources: tuple[str, ...], publish: bool, first: bool, offline: bool, desk_name: str | None, as_json: bool
) -> None:
    """Store documents as drafts; repeating it is harmless.

    Without any desk they go to the installation's library, from where library:NAME takes them to a desk later.
    """
    from app import protocol_setup

    if _without_desk(desk_name):
        if publish:
            raise click.UsageError("--publish: there is no desk to put them in force on")
        with _said_plainly():
            kept = protocol_setup.store_in_library(_library(), _read(sources))
        click.echo(IN_LIBRARY, err=True)
        _say_stored(kept, as_json, live=False)
        return

    def work(parts: Parts, desk: Desk) -> list[Stored]:
        read = _read(sources)
        names = protocol_setup.ask_desk(parts, desk) if publish and not offline else None
        return protocol_setup.store(parts, desk.id, read, names=names, publish_as=BY if publish else None, first=first)

    _say_stored(_changing(desk_name, work), as_json, live=publish and not offline)


@protocol.command("publish")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Its number; by default the newest.")
@click.option("--shadow", is_flag=True, help="Only watch: decide on live traffic and do nothing.")
@click.option("--canary", type=float, metavar="SHARE", help="On that share of the tickets alone, such as 0.1.")
@click.option("--reason", default="published from the command line", help="Why; kept in the protocol's history.")
@OFFLINE
@ON_DESK
@AS_JSON
def publish_protocol(name: str, offline: bool, desk_name: str | None, as_json: bool, **wanted: Any) -> None:
    """Put a stored version in force, after asking the helpdesk for everything that it names."""
    from app import protocol_setup
    from app.store.protocols import Reach

    def work(parts: Parts, desk: Desk) -> list[Stored]:
        reach = Reach(share=wanted["canary"], shadow=wanted["shadow"])
        publication = protocol_setup.Publication(by=BY, reason=wanted["reason"], reach=reach)
        names = None if offline else protocol_setup.ask_desk(parts, desk)
        return [protocol_setup.publish(parts, desk.id, name, publication, number=wanted["version"], names=names)]

    _say_stored(_changing(desk_name, work), as_json, live=not offline)


@protocol.command("export")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Its number; by default the newest.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; by default standard output.")
@ON_DESK
def export_protocol(name: str, version: int | None, out: Path | None, desk_name: str | None) -> None:
    """The document of a stored version; without any desk, of the installation's library."""
    document = _document(name, version, desk_name)
    if out is None:
        click.echo(document, nl=False)
        return
    try:
        out.write_text(document, encoding="utf-8")
    except OSError as error:
        raise Problem(f"{out}: cannot be written: {error.strerror}") from error


def _document(name: str, version: int | None, desk_name: str | None) -> str:
    from app import protocol_setup

    with _said_plainly():
        if _without_desk(desk_name):
            return protocol_setup.find_kept(_library(), name, version).text
        with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
            return protocol_setup.find_version(session, name, version).document


def _read(words: Sequence[str]) -> Sequence[Source]:
    """The documents meant; settings are looked at only where the library is."""
    from app import protocol_setup

    stored = any(word.startswith(protocol_setup.LIBRARY) for word in words)
    return protocol_setup.read_sources(words, _library() if stored else None)


def _library() -> Library:
    from app.library import Library

    return Library(read_settings().data_dir / "library")


def _without_desk(desk_name: str | None) -> bool:
    """Whether nobody named a desk and there is none."""
    from app.store import desks
    from app.store.database import Purpose

    if desk_name is not None:
        return False
    with open_parts() as parts, parts.database.system(Purpose.OPERATE, read=True) as session:
        return not desks.all_of(session)


def _unasked(names: DeskNames | None) -> list[str]:
    """What was not compared with the desk, as a line."""
    if names is None:
        return [NOT_LIVE]
    nouns = " and ".join(names.unasked)
    return [f"note: {nouns} were not checked, since the helpdesk does not tell them"] if nouns else []


def _names_of(desk_name: str) -> DeskNames:
    from app import protocol_setup

    with open_parts() as parts:
        return protocol_setup.ask_desk(parts, find_desk(parts, desk_name))


def _changing(desk_name: str | None, work: Any) -> Sequence[Stored]:
    """Do it on the desk; what is wrong with documents is said line by line."""
    with open_parts() as parts, _said_plainly():
        stored: Sequence[Stored] = work(parts, find_desk(parts, desk_name))
    return stored


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What is wrong with documents is said line by line, anything else in one; exit code 1."""
    from app.protocol_setup import NotSound

    try:
        yield
    except NotSound as error:
        for line in _lines(error.verdicts):
            click.echo(line, err=True)
        sys.exit(1)
    except ValueError as error:
        raise Problem(str(error)) from error


def _say_stored(stored: Sequence[Stored], as_json: bool, *, live: bool) -> None:
    if not live:
        click.echo(NOT_LIVE, err=True)
    lines = [
        f"{one.protocol}: version {one.version}, {one.state}{'' if one.new else ' (nothing changed)'}" for one in stored
    ]
    show([asdict(one) for one in stored], as_json, lines)


def _lines(verdicts: Sequence[Verdict]) -> list[str]:
    """What is wrong, a line each; with a heading per document where there are several."""
    lines = []
    for verdict in verdicts:
        found = [*verdict.errors, *(f"warning: {warning}" for warning in verdict.warnings)]
        if found and len(verdicts) > 1:
            lines.append(f"{verdict.source}:")
        lines += found
    return lines
