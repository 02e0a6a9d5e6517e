"""Backtests on a page: what a version would have done on past tickets, as figures, charts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app import backtesting
from app.backtesting import Backtest
from app.protocols.actions.registry import ACTIONS
from app.protocols.document import read_document
from app.protocols.errors import DocumentError
from app.protocols.figures import Figures, Load
from app.store import protocols
from app.store.models import ProtocolRow, ProtocolVersion, Role
from app.web.access import requires
from app.web.context import desk_id, parts
from app.web.protocols.base import blueprint, row_or_404, version_or_404
from app.web.wording import words

USUAL = timedelta(days=14)
LONGEST = timedelta(days=92)
SHOWN_CASES = 100

#: Of a drawing with columns, in its own units.
WIDTH, HEIGHT, FOOT, GAP = 360, 140, 18, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a drawing, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int
    ticked: bool  #: its label is written under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A drawing of counts beside each other."""

    columns: tuple[Column, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - FOOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure of the version that is tried, beside what the protocol really did."""

    label: str
    tried: int
    lived: int | None


@blueprint.get("/<id:protocol_id>/backtest")
@requires(Role.ADMIN)
def backtest(protocol_id: int) -> ResponseReturnValue:
    """The version that the address names, else the newest, over the days it names, else the last two weeks."""
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
        version = version_or_404(session, protocol_id, request.args.get("version"))
        versions = protocols.versions_of(session, protocol_id)
    try:
        start, end = span(request.args.get("from", ""), request.args.get("to", ""), parts().clock.now())
        tried = _run(version, start, end) if "from" in request.args else None
    except ValueError as error:
        return _page(row, version, versions, problem=str(error)), 422
    if tried is None:
        return _page(row, version, versions, start=start, end=end)
    lived = backtesting.lived(parts(), desk_id(), row.name, start=start, end=end)
    return _page(row, version, versions, start=start, end=end, tried=tried, lived=lived)


def span(start: str, end: str, now: datetime) -> tuple[datetime, datetime]:
    """From the first day's beginning to the last one's end, in UTC. Raises ValueError for what is no such span."""
    first = _day("from", start) if start else (now - USUAL).date()
    last = _day("to", end) if end else now.date()
    if not timedelta(0) <= last - first < LONGEST:
        raise ValueError(f"from: must be before to, by at most {LONGEST.days} days")
    begin = datetime.combine(first, time(), UTC)
    return begin, begin + (last - first) + timedelta(days=1)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
        if day.year < date.max.year:
            return day
        raise ValueError(text)
    except ValueError as error:
        raise ValueError(f'{name}: must be a day such as 2026-03-31 (got "{text[:20]}")') from error


def _run(version: ProtocolVersion, start: datetime, end: datetime) -> Backtest:
    try:
        protocol = read_document(version.document)
    except DocumentError as error:
        raise ValueError(f"version {version.number} cannot be read any more: {error}") from error
    return backtesting.run(parts(), desk_id(), protocol, start=start, end=end)


def _page(  # noqa: PLR0913  a page shows that much
    row: ProtocolRow,
    version: ProtocolVersion,
    versions: Sequence[ProtocolVersion],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    tried: Backtest | None = None,
    lived: Figures | None = None,
    problem: str = "",
) -> str:
    last = end - timedelta(days=1) if end else None
    return render_template(
        "protocols/backtest.html",
        row=row,
        version=version,
        versions=versions,
        first=start.date().isoformat() if start else request.args.get("from", ""),
        last=last.date().isoformat() if last else request.args.get("to", ""),
        tried=tried,
        problem=problem,
        lines=lines(tried.figures, lived) if tried else (),
        days=by_day(tried, tried.start, tried.end) if tried else None,
        hours=by_hour(tried.figures.load) if tried else None,
        loads=loads(tried.figures.load) if tried else (),
        shown_cases=SHOWN_CASES,
    )


def lines(tried: Figures, lived: Figures | None) -> list[Line]:
    """Every figure, those of single tags, fields and steps too."""
    plain = {
        "tickets": "Tickets with a case",
        "cases": "Cases opened",
        "deferred": "Tickets put off for lack of hands",
        "reassignments": "Reassignments",
        "notes": "Private notes",
        "public_messages": "Messages to customers",
        "alerts": "Alerts",
        "tasks": "Steps for people",
        "helpdesk_writes": "Changes sent to the helpdesk",
    }
    found = [
        Line(label=label, tried=getattr(tried, name), lived=getattr(lived, name) if lived else None)
        for name, label in plain.items()
    ]
    for name, said in (("steps", "Step: {}"), ("tags_added", "Tag added: {}"), ("tags_removed", "Tag removed: {}"),
                       ("field_changes", "Changed: {}"), ("overlap", "Also met by: {}")):  # fmt: skip
        found += _split(said, name, getattr(tried, name), getattr(lived, name) if lived else None)
    return found


def _split(said: str, name: str, tried: Mapping[str, int], lived: Mapping[str, int] | None) -> list[Line]:
    return [
        Line(
            label=said.format(_named(name, key)),
            tried=tried.get(key, 0),
            lived=None if lived is None else lived.get(key, 0),
        )
        for key in sorted({*tried, *(lived or {})})
    ]


def _named(name: str, key: str) -> str:
    if name == "steps":
        return ACTIONS[key].label if key in ACTIONS else words(key)
    return words(key) if name == "field_changes" and not key.isdigit() else key


def by_day(tried: Backtest, start: datetime, end: datetime) -> Columns:
    """Cases on each day of the span."""
    counted = Counter(one.at.astimezone(UTC).date() for one in tried.cases)
    days = [start.date() + timedelta(days=n) for n in range((end - start).days)]
    return _columns([(f"{day.day} {day:%b}", counted[day]) for day in days], every=max(1, len(days) // 5))


def by_hour(load: Iterable[Load]) -> Columns:
    """The most cases in an hour of the day, over all days and teams: what people would have to bear."""
    per_hour: Counter[datetime] = Counter()
    for one in load:
        per_hour[one.hour] += one.cases
    most = {hour: 0 for hour in range(24)}
    for at, cases in per_hour.items():
        most[at.hour] = max(most[at.hour], cases)
    return _columns([(f"{hour}:00", count) for hour, count in most.items()], every=6)


def loads(load: Iterable[Load]) -> list[tuple[str, int, int]]:
    """By team: cases in all, and in its fullest hour."""
    total: Counter[str] = Counter()
    most: dict[str, int] = {}
    for one in load:
        total[one.team] += one.cases
        most[one.team] = max(most.get(one.team, 0), one.cases)
    return [(team or "No team", total[team], most[team]) for team in sorted(total)]


def _columns(counts: Sequence[tuple[str, int]], *, every: int) -> Columns:
    most = max((count for _, count in counts), default=0)
    step = WIDTH / max(len(counts), 1)
    room = HEIGHT - FOOT - 8
    drawn = []
    for place, (label, count) in enumerate(counts):
        height = round(room * count / most, 1) if most else 0.0
        drawn.append(
            Column(
                x=round(place * step + GAP / 2, 1),
                y=round(HEIGHT - FOOT - height, 1),
                width=round(max(step - GAP, 1), 1),
                height=height,
                label=label,
                count=count,
                ticked=place % every == 0,
            )
        )
    return Columns(columns=tuple(drawn), most=most)
