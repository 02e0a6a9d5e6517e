"""The commands that take protocols back, tell what became of it, and what was in force when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from app.rolling_back import OnField, Report
    from app.store.protocol_events import Happened
    from tasks.parts import Parts

BY = "command line"
MARKS = {"added": "+", "removed": "-", "same": " ", "gap": "…"}
PAUSE = 0.5  #: seconds between two looks at how far it is
MOST_LINES = 50  #: of each list, where people read it; `--json` has all


@click.command("rollback")
@click.argument("name")
@click.option("--to", type=click.IntRange(1), help="A version's number; by default what was in force before.")
@click.option("--undo", is_flag=True, help="Also set back what it changed, where nobody has touched it since.")
@click.option("--reason", required=True, help="Why; kept in the protocol's history.")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds to wait for the workers to set tickets back.",
)
@ON_DESK
@AS_JSON
def roll_back(name: str, wait: int, desk_name: str | None, as_json: bool, **wanted: Any) -> None:
    """Take a protocol back to an earlier version; a trial on a share of tickets ends first.

    What is in force changes at once. With --undo the cases of the withdrawn version end, and the workers set its
    changes back ticket by ticket; both lists, what was set back and what others have changed since, are told here and
    by "protocol rollbacks".
    """
    from app import rolling_back

    with open_parts() as parts:
        desk = find_desk(parts, desk_name)
        try:
            begun = rolling_back.start(parts, desk.id, name, by=BY, **wanted)
        except ValueError as error:
            raise Problem(str(error)) from error
        told = _watch(parts, desk.id, begun.id, wait)
    show(rolling_back.as_document(told), as_json, _lines(told))


def _watch(parts: Parts, desk_id: int, rollback_id: int, seconds: int) -> Report:
    """The report once every ticket is seen to, or as it is after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (told := _report(parts, desk_id, rollback_id)).finished and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return told


def _report(parts: Parts, desk_id: int, rollback_id: int) -> Report:
    from app import rolling_back
    from app.store.desks import NotFound

    with parts.database.desk(desk_id, read=True) as session:
        try:
            return rolling_back.report(session, rollback_id)
        except NotFound as error:
            raise Problem(f"there is no rollback {rollback_id}") from error


@click.command("rollbacks")
@click.argument("number", type=click.IntRange(1), required=False)
@ON_DESK
@AS_JSON
def list_rollbacks(number: int | None, desk_name: str | None, as_json: bool) -> None:
    """The desk's rollbacks, newest first; or with its NUMBER, what one of them set back and what it left."""
    from app import rolling_back
    from app.store import rollbacks

    with open_parts() as parts:
        desk = find_desk(parts, desk_name)
        if number is not None:
            told = _report(parts, desk.id, number)
            show(rolling_back.as_document(told), as_json, _lines(told))
            return
        with parts.database.desk(desk.id, read=True) as session:
            found = [rolling_back.report(session, row.id) for row, _ in rollbacks.of_desk(session)]
    lines = [line for told in found for line in _lines(told)[:1]]
    show([rolling_back.as_document(told) for told in found], as_json, lines or ["Nothing was ever rolled back."])


@click.command("history")
@click.argument("name")
@ON_DESK
@AS_JSON
def tell_history(name: str, desk_name: str | None, as_json: bool) -> None:
    """Who put which version in force, when and why, newest first; with what differs from the one before."""
    from app.protocol_setup import find_version
    from app.store import protocol_events

    with open_parts() as parts, parts.database.desk(find_desk(parts, desk_name).id, read=True) as session:
        try:
            found = protocol_events.of_protocol(session, find_version(session, name).protocol_id)
        except ValueError as error:
            raise Problem(str(error)) from error
    lines = [line for one in found for line in _happened(one)]
    show([_as_document(one) for one in found], as_json, lines or ["Nothing of it was ever put in force."])


def _as_document(one: Happened) -> dict[str, Any]:
    diff = [{"change": line.change.value, "text": line.text} for line in one.diff]
    return {
        "kind": one.kind.value,
        "version": one.number,
        "previous": one.previous,
        "share": one.share,
        "by": one.by,
        "reason": one.reason,
        "at": one.at.isoformat(),
        "diff": diff,
    }


def _happened(one: Happened) -> list[str]:
    what = f"{one.kind.value.replace('_', ' ')}: version {one.number or 'none'}, before it {one.previous or 'none'}"
    lines = [f"{one.at:%Y-%m-%d %H:%M} UTC  {what}, by {one.by}. {one.reason}"]
    return lines + [f"    {MARKS[line.change.value]} {line.text}".rstrip() for line in one.diff]


def _lines(told: Report) -> list[str]:
    gone = ", ".join(str(number) for number in told.withdrawn)
    since = f"version {told.to} is in force" if told.to else "no version of it is in force"
    lines = [f"{told.id}: {told.protocol}, version {gone} withdrawn by {told.by}; {since}. {told.reason}"]
    lines += [f"warning: {warning}" for warning in told.warnings]
    if told.undo:
        lines.append(
            f"{told.tickets} tickets to set back, {told.waiting} of them still waiting; "
            f"{len(told.reverted)} fields set back, {len(told.kept)} left"
        )
    lines += [f"  set back: {_field(one)}" for one in told.reverted[:MOST_LINES]]
    lines += [f"  left: {_field(one)} ({one.reason})" for one in told.kept[:MOST_LINES]]
    return lines


def _field(one: OnField) -> str:
    name = f"{one.field} {one.key}" if one.key else one.field
    return f"ticket {one.ticket}, {name}: we set {_said(one.ours)}, it is {_said(one.now)}"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "nothing" if value is None else str(value)
