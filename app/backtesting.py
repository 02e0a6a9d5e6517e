"""Backtests: a version of a protocol replayed over what a desk's tickets were like, and what the live engine did.

Both come in the same figures, counted in the same way. Nothing is written, neither here nor at the helpdesk.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.protocols import capacity, figures, foreseen, progress, rollout
from app.protocols.actions.base import Effect, Need
from app.protocols.actions.registry import ACTIONS
from app.protocols.backtest import Opening, Replayed, Scene, Subject, replay
from app.protocols.capacity import Plan, Question
from app.protocols.decide import Published
from app.protocols.evaluation import Evaluation
from app.protocols.figures import Figures, Work
from app.protocols.protocol import RecoveryProtocol
from app.protocols.routing import Roster
from app.protocols.tags import TagDictionary
from app.store import desks, doings, evaluations, protocols, teams
from app.store.doings import Deed
from app.store.models import Desk, ProtocolVersion, StepRow, StepState
from connectors.base import Connector
from connectors.errors import ConnectorError
from connectors.ticket import Group, Person
from tasks.context import context_of
from tasks.deciding import read_cached
from tasks.parts import Parts

UNASKED = "The helpdesk was not asked: every assignment is counted as one that changes something."
INCOMPLETE = "Nothing is kept from before {at}: what came earlier is not in the figures."
APOLOGIES = "The cap on apologies counts those of one case: what a customer was told before is not looked up."
MACROS = "A macro counts as one change, since what it holds is asked at the helpdesk only when it is applied."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One case that would have been opened."""

    ticket_id: str
    at: datetime
    reason: str  #: without customer text


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a version would have done."""

    protocol: str
    start: datetime
    end: datetime
    figures: Figures
    cases: tuple[Opened, ...]  #: oldest first
    looks: int  #: stored looks that were decided on anew
    moments: int  #: moments that were added, at which time alone turned a condition
    notes: tuple[str, ...] = ()  #: what the figures leave out, a sentence each

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "protocol": self.protocol,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "figures": self.figures.as_dict(),
            "cases": [
                {"ticket_id": one.ticket_id, "at": one.at.isoformat(), "reason": one.reason} for one in self.cases
            ],
            "looks": self.looks,
            "moments": self.moments,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a replay reads of a desk, once."""

    scene: Scene
    looks: Sequence[Evaluation]
    desk: foreseen.Desk
    notes: tuple[str, ...]


def run(
    parts: Parts,
    desk_id: int,
    protocol: RecoveryProtocol,
    *,
    start: datetime,
    end: datetime,
    share: float | None = None,
) -> Backtest:
    """What the protocol would have done from `start` to before `end` (business time), beside those in force then.

    With `share`, on that share of the tickets, as a canary of it would. Where it is a stored version that was in force,
    the figures are those of `lived`.
    """
    history = read_history(parts, desk_id, protocol, start=start, end=end)
    return _run(parts, desk_id, protocol, history, share)


def lived(
    parts: Parts, desk_id: int, name: str, *, start: datetime, end: datetime, number: int | None = None
) -> Figures:
    """What the live engine did with a protocol, or with one version of it, from `start` to before `end`. Raises
    ValueError for one that is not stored."""
    with parts.database.desk(desk_id, read=True) as session:
        row = protocols.find_by_name(session, name)
        versions = protocols.versions_of(session, row.id) if row is not None else ()
        wanted = [one for one in versions if number is None or one.number == number]
        if not wanted:
            raise ValueError(f'no such protocol version is stored: "{name[:60]}", {number or "any"}')
        ids = [one.id for one in wanted]
        deeds = doings.deeds(session, ids, start, end)
        return figures.count(
            [_work_done(deed, _document(wanted, deed)) for deed in deeds],
            overlap=doings.overlap(session, ids, start, end),
            deferred=doings.deferred(session, ids, start, end),
        )


def plan_capacity(
    parts: Parts, desk_id: int, protocol: RecoveryProtocol, question: Question, *, start: datetime, end: datetime
) -> Plan:
    """What each threshold would have opened in the span, in cases, hours and money a day.

    Raises ValueError where the protocol has no threshold on the field, or one is out of its range.
    """
    variants = [(one, capacity.with_threshold(protocol, question.field, one)) for one in question.thresholds]
    history = read_history(parts, desk_id, protocol, start=start, end=end)
    options = [
        capacity.option(one, _run(parts, desk_id, variant, history, None).figures, end - start, question)
        for one, variant in variants
    ]
    return Plan(protocol=protocol.name, start=start, end=end, question=question, options=tuple(options))


def read_history(parts: Parts, desk_id: int, protocol: RecoveryProtocol, *, start: datetime, end: datetime) -> History:
    """Everything that a replay of the protocol needs, from what is stored and from the helpdesk's names."""
    with parts.database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        looks = list(evaluations.between(session, start, end))
        stored = teams.roster(session, desk_id, parts.clock.now())
        scene = Scene(
            start=start,
            end=end,
            versions={row.id: read_cached(row.document) for row in protocols.all_versions(session)},
            lives=doings.lives(session),
            losses=doings.losses(session),
            hours=context_of(desk).hours,
            zone=(desk.settings.get("calendar") or {}).get("zone"),
            teams=tuple(stored.teams.values()),
        )
        first = evaluations.first_at(session)
    roster = Roster(teams=stored.teams, members=stored.members, hours=stored.hours)
    picture = _picture(parts, desk, protocol, roster)
    notes = [INCOMPLETE.format(at=f"{first:%Y-%m-%d %H:%M} UTC")] if first is not None and first > start else []
    notes += [] if picture.asked else [UNASKED]
    notes += [MACROS] if any(action.do == "macro" for action in protocol.actions) else []
    notes += [APOLOGIES] if protocol.guardrails.max_apologies is not None else []
    return History(scene=scene, looks=looks, desk=picture, notes=tuple(notes))


def _run(parts: Parts, desk_id: int, protocol: RecoveryProtocol, history: History, share: float | None) -> Backtest:
    with parts.database.desk(desk_id, read=True) as session:
        subject, protocol_id = _subject(session, protocol, history.scene)
    looks = history.looks
    if share is not None:
        looks = [one for one in looks if rollout.in_canary(protocol_id, one.ticket_id, share)]
    found = replay(subject, looks, history.scene)
    return _backtest(protocol, history, found)


def _backtest(protocol: RecoveryProtocol, history: History, found: Replayed) -> Backtest:
    works = [foreseen.work_of(opening, protocol, history.desk) for opening in found.openings]
    return Backtest(
        protocol=protocol.name,
        start=history.scene.start,
        end=history.scene.end,
        figures=figures.count(works, overlap=found.overlap, deferred=found.deferred),
        cases=tuple(_opened(opening) for opening in found.openings),
        looks=found.looks,
        moments=found.added,
        notes=history.notes,
    )


def _opened(opening: Opening) -> Opened:
    return Opened(ticket_id=opening.ticket_id, at=opening.at, reason=opening.reason)


def _subject(session: Session, protocol: RecoveryProtocol, scene: Scene) -> tuple[Subject, int]:
    """The protocol in its own place among the desk's, and the versions on record that say the same."""
    row = protocols.find_by_name(session, protocol.name)
    same = frozenset(version_id for version_id, known in scene.versions.items() if known == protocol)
    last = max((one.position for one, _ in protocols.all_of(session)), default=0) + 10
    published = Published(
        version_id=max(same or scene.versions, default=0) + (0 if same else 1),
        protocol=protocol,
        order=row.position if row is not None else last,
    )
    return Subject(published=published, same_as=same), row.id if row is not None else 0


def _picture(parts: Parts, desk: Desk, protocol: RecoveryProtocol, roster: Roster) -> foreseen.Desk:
    """The desk as steps see it; its groups and people are asked for where an assignment needs them."""
    base = foreseen.Desk(
        dictionary=TagDictionary(**desk.settings.get("tags", {})),
        roster=roster,
        has_lead=bool(desk.settings.get("lead_emails")),
        may_speak=desk.settings.get("automation_may_speak") is True,
    )
    wanted = [
        lookup
        for action in protocol.actions
        for lookup in ACTIONS[action.do].needs(action.params, protocol.team)
        if lookup.need is not Need.MACRO
    ]
    if not wanted:
        return base
    try:
        with parts.connections.open(desk.id) as connector:
            groups = tuple(connector.read_groups())
            members = _members(connector, groups, {one.name for one in wanted if one.need is not Need.GROUPS})
    except ConnectorError:
        return replace(base, asked=False)
    return replace(base, groups=groups, members=members)


def _members(connector: Connector, groups: Iterable[Group], names: Collection[str]) -> dict[str, tuple[Person, ...]]:
    """The people of these groups, by the groups' ids; of all groups where the agent's own is asked for."""
    wanted = {name.strip().casefold() for name in names}
    return {
        group.id: tuple(connector.read_members(group.id))
        for group in groups
        if "" in wanted or wanted & {group.id.casefold(), group.name.strip().casefold()}
    }


def _document(versions: Iterable[ProtocolVersion], deed: Deed) -> RecoveryProtocol:
    return next(read_cached(one.document) for one in versions if one.id == deed.case.version_id)


def _work_done(deed: Deed, protocol: RecoveryProtocol) -> Work:
    """One case in the terms of the figures: what its protocol's own steps did."""
    planned = dict(protocol.steps)
    own = [step for step in deed.steps if step.action in planned]
    done = [step for step in own if step.state is StepState.DONE]
    return Work(
        ticket_id=deed.ticket_id,
        at=deed.case.opened_at,
        team=protocol.team or figures.NOBODY,
        steps=tuple(step.do for step in own),
        changes=tuple(step.change for step in done if step.change and ACTIONS[step.do].effect is Effect.WRITE),
        alerts=sum(ACTIONS[step.do].effect is Effect.ALERT for step in done),
        vendor_items=sum(ACTIONS[step.do].effect is Effect.VENDOR for step in done),
        tasks=sum(progress.is_persons(planned[step.action]) for step in own),
        writes=len({step.sent_at for step in deed.steps if _was_sent(step, planned)}),
        reason=deed.reason,
    )


def _was_sent(step: StepRow, planned: Container[str]) -> bool:
    """Whether a call to the helpdesk brought it about; what one call brought about was sent at one moment."""
    ours = step.action == foreseen.FLAG or (step.action in planned and ACTIONS[step.do].effect is Effect.WRITE)
    return ours and step.state is StepState.DONE and step.sent_at is not None
