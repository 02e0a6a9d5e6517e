"""The commands that replay a protocol over what was: its backtest, and the capacity that it would take."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from app.cli_base import AS_JSON, ON_DESK, Problem, find_desk, open_parts, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.backtesting import Backtest
    from app.protocols.capacity import Plan
    from app.protocols.figures import Figures
    from app.protocols.protocol import RecoveryProtocol
    from app.store.models import Desk
    from tasks.parts import Parts

LAST = timedelta(days=30)
MOST_CASES = 20  #: that people are shown; `--json` has all


class Moment(click.ParamType[datetime]):
    """A date, which is its first moment in UTC, or an ISO 8601 time with its offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date such as 2026-03-02, nor an ISO 8601 time", param, ctx)
        if read.tzinfo is None and read.time() != time():
            self.fail(f"{value!r} needs its offset from UTC, such as +00:00", param, ctx)
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def spanned(command: Any) -> Any:
    """The options of a span of time."""
    last = click.option("--to", "end", type=Moment(), help="Up to before then; by default now.")
    first = click.option("--from", "start", type=Moment(), help="From then on; by default 30 days before the end.")
    return first(last(command))


@click.command("backtest")
@click.argument("source", metavar="NAME|FILE")
@click.option("--version", type=click.IntRange(1), help="Of a stored protocol; by default the newest.")
@click.option("--canary", type=float, metavar="SHARE", help="On that share of the tickets alone.")
@click.option("--compare", is_flag=True, help="Also say what the live engine did with the protocol in that time.")
@spanned
@ON_DESK
@AS_JSON
def backtest(source: str, desk_name: str | None, as_json: bool, **wanted: Any) -> None:
    """Replay a protocol over what the desk's tickets were like: what it would have done, had it been in force.

    It decides as the live engine does, beside the protocols that were in force then; nothing is written. The helpdesk
    is asked for its groups where the protocol assigns tickets.
    """
    from app import backtesting

    with _said_plainly(), open_parts() as parts:
        desk = find_desk(parts, desk_name)
        protocol = _protocol(parts, desk, source, wanted["version"])
        start, end = _span(parts, wanted)
        share = _share(wanted["canary"])
        found = backtesting.run(parts, desk.id, protocol, start=start, end=end, share=share)
        live = None
        if wanted["compare"]:
            live = backtesting.lived(parts, desk.id, protocol.name, start=start, end=end)
    document = found.as_dict() | ({"live": live.as_dict()} if live is not None else {})
    show(document, as_json, _lines(found, live))


@click.command("plan")
@click.argument("source", metavar="NAME|FILE")
@click.option("--version", type=click.IntRange(1), help="Of a stored protocol; by default the newest.")
@click.option("--field", help="Whose threshold is moved; by default the protocol's first one.")
@click.option("--threshold", "thresholds", type=float, multiple=True, required=True, help="May be given several times.")
@click.option("--minutes", type=click.FloatRange(0), default=20, show_default=True, help="That one case takes.")
@click.option("--hourly-cost", type=click.FloatRange(0), default=0, show_default=True, help="Of somebody's time.")
@click.option("--hours", type=click.FloatRange(0), help="That there are a day; by default without limit.")
@spanned
@ON_DESK
@AS_JSON
def plan(source: str, desk_name: str | None, as_json: bool, **wanted: Any) -> None:
    """What each threshold would have opened: cases, hours and money a day, and which of them fit the hours there are.

    The cases are those that a backtest of that threshold opens.
    """
    from app import backtesting
    from app.protocols import capacity

    with _said_plainly(), open_parts() as parts:
        desk = find_desk(parts, desk_name)
        protocol = _protocol(parts, desk, source, wanted["version"])
        fields = capacity.adjustable(protocol)
        question = capacity.Question(
            field=wanted["field"] or (fields[0] if fields else ""),
            thresholds=wanted["thresholds"],
            minutes_per_case=wanted["minutes"],
            hourly_cost=wanted["hourly_cost"],
            hours_available=wanted["hours"],
        )
        start, end = _span(parts, wanted)
        found = backtesting.plan_capacity(parts, desk.id, protocol, question, start=start, end=end)
    show(found.as_dict(), as_json, _plan_lines(found))


def _protocol(parts: Parts, desk: Desk, source: str, number: int | None) -> RecoveryProtocol:
    """A stored protocol by its name, else the one document of a file or pack. Raises ValueError."""
    from app import protocol_setup
    from app.protocols.document import DocumentError, read_document
    from app.store import protocols

    with parts.database.desk(desk.id, read=True) as session:
        if protocols.find_by_name(session, source) is not None:
            return read_document(protocol_setup.find_version(session, source, number).document)
    documents = protocol_setup.read_sources([source])
    if len(documents) != 1:
        raise ValueError(f"{source}: holds {len(documents)} documents; give one")
    try:
        return read_document(documents[0].text)
    except DocumentError as error:
        raise ValueError("\n".join(str(one) for one in error.errors)) from error


def _span(parts: Parts, wanted: dict[str, Any]) -> tuple[datetime, datetime]:
    end = wanted["end"] or parts.clock.now()
    start = wanted["start"] or end - LAST
    if start >= end:
        raise ValueError(f"--from has to be before --to, {end.isoformat()}")
    return start, end


def _share(share: float | None) -> float | None:
    if share is not None and not 0 < share < 1:
        raise ValueError(f"--canary must be above 0 and below 1 (got {share:g})")
    return share


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What is wrong with what was asked for, as a sentence."""
    try:
        yield
    except ValueError as error:
        raise Problem(str(error)) from error


def _lines(found: Backtest, live: Figures | None) -> list[str]:
    beside = [("would have", found.figures)] + ([("live", live)] if live is not None else [])
    lines = [f"{found.protocol}, {found.start.isoformat()} to {found.end.isoformat()}"]
    lines += [f"{said}: {line}" for said, figures in beside for line in _figures(figures)]
    lines += [f"ticket {one.ticket_id} at {one.at.isoformat()}: {one.reason}" for one in found.cases[:MOST_CASES]]
    more = len(found.cases) - MOST_CASES
    return lines + [f"and {more} more cases"] * (more > 0) + [f"note: {note}" for note in found.notes]


def _figures(figures: Figures) -> list[str]:
    counted = {
        "tickets": figures.tickets,
        "cases": figures.cases,
        "tickets deferred": figures.deferred,
        "reassignments": figures.reassignments,
        "notes": figures.notes,
        "public messages": figures.public_messages,
        "alerts": figures.alerts,
        "vendor items": figures.vendor_items,
        "tasks for people": figures.tasks,
        "helpdesk writes": figures.helpdesk_writes,
    }
    busiest = max(figures.load, key=lambda one: one.cases, default=None)
    lines = [", ".join(f"{name} {number}" for name, number in counted.items())]
    lines += [f"tag {tag} added on {number}" for tag, number in figures.tags_added.items()]
    lines += [f"tag {tag} removed on {number}" for tag, number in figures.tags_removed.items()]
    if busiest is not None:
        lines.append(f"busiest hour {busiest.hour.isoformat()}: {busiest.cases} cases {busiest.team}".rstrip())
    return lines + [f'"{name}" held too on {number} tickets' for name, number in figures.overlap.items()]


def _plan_lines(found: Plan) -> list[str]:
    return [
        f"{found.question.field} {one.threshold:g}: {one.cases_per_day:.1f} cases a day (most on one: "
        f"{one.busiest_day}), {one.hours_per_day:.1f} hours, {one.cost_per_day:.2f} in money"
        + ("" if one.fits else "; more than there are hours")
        for one in found.options
    ]
