"""Why and why not: what any version of any protocol says of any ticket, with every condition, step and non-step.

It goes by what was known of the ticket last, the same facts that the engine decided on. Read only; the words are made
in `app.protocols`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.protocols.decide import Published, Standing, decide
from app.protocols.errors import DocumentError
from app.protocols.evaluation import Evaluation
from app.protocols.rollout import Rollout, on_ticket
from app.protocols.why import Made, StepWhy, made_steps, steps_without_case
from app.store import cases, decisions, evaluations, invitations, protocols, steps, tracked_tickets
from app.store.models import (
    DecisionRow,
    ProtocolRow,
    ProtocolVersion,
    RecoveryCase,
    StepRow,
    TrackedTicket,
    VersionState,
)
from app.words import CaseStage, Decision, Outcome
from tasks.deciding import candidates, standing_of
from tasks.documents import read_cached


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWhy:
    """A case that the protocol has or had on the ticket."""

    id: int
    version: int  #: the number of the version that it keeps
    stage: CaseStage
    opened_at: datetime
    closed_at: datetime | None
    opened: str  #: why it was opened
    ended: str | None  #: why it ended as it did
    steps: tuple[StepWhy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What one version of a protocol says of a ticket."""

    protocol: str
    version: int
    state: VersionState
    acts: str | None  #: why nothing follows from it on this ticket whatever it decides; None where it is in force
    decision: Decision
    steps: tuple[StepWhy, ...]  #: of this version where no case of it is open: what was not planned, and why
    cases: tuple[CaseWhy, ...]  #: of this protocol on this ticket, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why and why not on one ticket."""

    ticket_id: str
    at: datetime | None  #: business time of what is known; None where nothing is
    missing: str | None  #: why nothing is known
    answers: Sequence[Why]


class Unknown(Exception):
    """There is no such ticket, protocol or version; the message says which."""


def ask(
    session: Session, ticket_id: str, now: datetime, *, protocol: str | None = None, version: int | None = None
) -> Answer:
    """Why and why not on a ticket: of one protocol, or of all; of a version by its number, or of the one in force here
    (else the newest). `now` is business time. Raises Unknown."""
    tracked = tracked_tickets.find_by_ticket(session, ticket_id)
    if tracked is None:
        raise Unknown(f'no ticket "{ticket_id[:40]}" is known here')
    rollout = on_ticket(candidates(session), ticket_id)
    asked = _asked(session, rollout, protocol, version)
    known = evaluations.newest(session, tracked.id)
    if known is None:
        why_not = tracked.unscored_reason or "it has not been looked at since it was scored, or never was scored"
        return Answer(ticket_id=ticket_id, at=None, missing=why_not, answers=())
    told = _Told(session, tracked, rollout, known, now)
    return Answer(ticket_id=ticket_id, at=known.at, missing=None, answers=[told.of(*one) for one in asked])


def versions(session: Session) -> Sequence[tuple[ProtocolRow, Sequence[ProtocolVersion]]]:
    """What can be asked about: every protocol of the desk with all of its versions, newest first."""
    return [(row, protocols.versions_of(session, row.id)) for row, _ in protocols.all_of(session)]


def _asked(
    session: Session, rollout: Rollout, protocol: str | None, number: int | None
) -> Sequence[tuple[ProtocolRow, ProtocolVersion]]:
    wanted = [one for one in versions(session) if protocol is None or one[0].name == protocol]
    if protocol is not None and not wanted:
        raise Unknown(f'there is no protocol "{protocol[:60]}"')
    found = [(row, _version(rollout, row, known, number)) for row, known in wanted]
    return [(row, version) for row, version in found if _readable(version, named=protocol is not None)]


def _readable(version: ProtocolVersion, *, named: bool) -> bool:
    """Whether we still understand a document of an older release; one that was asked for by name is told of."""
    try:
        read_cached(version.document)
    except DocumentError as error:
        if named:
            raise Unknown(f"version {version.number} cannot be read any more: {error}") from error
        return False
    return True


def _version(
    rollout: Rollout, row: ProtocolRow, known: Sequence[ProtocolVersion], number: int | None
) -> ProtocolVersion:
    if number is not None:
        found = next((one for one in known if one.number == number), None)
        if found is None:
            raise Unknown(f'"{row.name}" has no version {number}; its newest is {known[0].number}')
        return found
    acting = {one.version_id for one in rollout.acting}
    return next((one for one in known if one.id in acting), known[0])


class _Told:
    """What is known of one ticket, for several protocols."""

    def __init__(
        self, session: Session, tracked: TrackedTicket, rollout: Rollout, known: Evaluation, now: datetime
    ) -> None:
        self._session, self._rollout, self._known, self._now = session, rollout, known, now
        self._standing: Standing = standing_of(session, tracked)
        self._cases = cases.of_ticket(session, tracked.id)
        self._decided = decisions.of_ticket(session, tracked.id)

    def of(self, row: ProtocolRow, version: ProtocolVersion) -> Why:
        protocol = read_cached(version.document)
        acts = self._acts(version)
        decision = self._decision(row, version, in_force=acts is None)
        own = [case for case in self._cases if protocols.name_of(self._session, case.version_id) == row.name]
        running = any(case.version_id == version.id and case.closed_at is None for case in own)
        return Why(
            protocol=row.name,
            version=version.number,
            state=version.state,
            acts=acts,
            decision=decision,
            steps=() if running else steps_without_case(protocol, decision, acts=acts),
            cases=tuple(self._case(case) for case in own),
        )

    def _acts(self, version: ProtocolVersion) -> str | None:
        if any(one.version_id == version.id for one in self._rollout.acting):
            return None
        if version.state is VersionState.PUBLISHED:
            return "A version on trial acts in its place on this ticket."
        if version.state is VersionState.CANARY:
            return f"It is on trial on {version.share or 0:.0%} of the tickets, and this is none of them."
        return _IDLE[version.state]

    def _decision(self, row: ProtocolRow, version: ProtocolVersion, *, in_force: bool) -> Decision:
        ours = Published(version_id=version.id, protocol=read_cached(version.document), order=row.position)
        beside = self._rollout.acting if in_force else self._rollout.beside(ours)
        decided = decide(beside, self._known.facts, self._standing, self._now)
        own = next(one for one in decided if one.version_id == version.id)
        last = next((one for one in reversed(self._decided) if one.version_id == version.id and not one.shadow), None)
        if in_force and own.outcome is Outcome.OPEN and last is not None and last.outcome is not Outcome.OPEN:
            # What else stood in its way, a lack of people for instance, is on record.
            return own._replace(outcome=last.outcome, reason=last.reason)
        return own

    def _case(self, case: RecoveryCase) -> CaseWhy:
        version = protocols.version(self._session, case.version_id)
        made = [_made(step) for step in steps.of_case(self._session, case.id)]
        made += [
            Made(action=one.kind, do=one.kind, state=one.state.value, reason=one.reason, at=one.sent_at or one.due_at)
            for one in invitations.of_case(self._session, case.id)
        ]
        return CaseWhy(
            id=case.id,
            version=version.number,
            stage=case.stage,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            opened=_opened(self._decided, case),
            ended=case.reason,
            steps=made_steps(read_cached(version.document), made),
        )


_IDLE = {
    VersionState.DRAFT: "It is a draft: nothing follows from it.",
    VersionState.SHADOW: "It only watches: nothing follows from it.",
    VersionState.RETIRED: "It is not in force any more.",
}


def _made(step: StepRow) -> Made:
    return Made(
        action=step.action,
        do=step.do,
        state=step.state.value,
        round=step.round,
        reason=step.reason,
        receipt=step.receipt,
        owner=step.owner,
        due_at=step.due_at,
        not_before=step.not_before,
        at=step.settled_at or step.planned_at,
    )


def _opened(decided: Sequence[DecisionRow], case: RecoveryCase) -> str:
    found = next((one.reason for one in decided if one.case_id == case.id), None)
    return found or f"It was opened by the {case.opened_by}."


def as_document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON."""
    return {
        "ticket_id": answer.ticket_id,
        "at": _iso(answer.at),
        "missing": answer.missing,
        "answers": [_document(one) for one in answer.answers],
    }


def _document(why: Why) -> dict[str, Any]:
    return {
        "protocol": why.protocol,
        "version": why.version,
        "state": why.state.value,
        "acts": why.acts,
        "outcome": why.decision.outcome.value,
        "reason": why.decision.reason,
        "conditions": [_plain(condition._asdict()) for condition in why.decision.conditions],
        "steps": [_step(one) for one in why.steps],
        "cases": [_case_document(one) for one in why.cases],
    }


def _case_document(case: CaseWhy) -> dict[str, Any]:
    return {
        "id": case.id,
        "version": case.version,
        "stage": case.stage.value,
        "opened_at": _iso(case.opened_at),
        "closed_at": _iso(case.closed_at),
        "opened": case.opened,
        "ended": case.ended,
        "steps": [_step(one) for one in case.steps],
    }


def _step(one: StepWhy) -> dict[str, Any]:
    named = ("action", "do", "says", "state", "reason", "round")
    return {**{name: getattr(one, name) for name in named}, "at": _iso(one.at)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
