"""Stories: everything that happened on a ticket, or in one case of it, as one timeline with opened words.

Read only, for pages; what is stored belongs to the modules of the single nouns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store import (
    case_people,
    cases,
    decisions,
    explanations,
    fates,
    invitations,
    messages,
    people,
    protocols,
    rollbacks,
    scores,
    steps,
    tracked_tickets,
)
from app.store.database import vault_of
from app.store.models import (
    Answer,
    DecisionRow,
    Message,
    Participant,
    RatingRow,
    RecoveryCase,
    ScoreRow,
    StepRow,
    TrackedTicket,
)
from app.words import Arm, Contribution, SatState
from connectors.ticket import Author

#: Messages on one page; the newest are shown.
LONGEST = 200
WATCHING = " (only watching)"  #: follows the name of a protocol of which a shadow spoke


class Kind(StrEnum):
    """What an entry of a timeline is; a template has a form for each."""

    MESSAGE = "message"
    SCORE = "score"
    RATING = "rating"
    DECISION = "decision"
    PERSON = "person"
    STAGE = "stage"
    STEP = "step"
    INVITATION = "invitation"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """One score with its reasons, strongest first."""

    at: datetime
    score: int
    state: SatState
    provisional: bool
    because: str
    change: int | None  #: points since the score before it
    reasons: tuple[Contribution, ...]
    erased: bool  #: the quoted words are gone, numbers are left


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `row` is of the kind's table; `text` is opened words, None once they were erased.

    What a person did has an `app.store.case_people.Act` for its row.
    """

    at: datetime
    kind: Kind
    row: Any = None
    text: str | None = None
    title: str = ""
    score: ScoreView | None = None
    taken_back: rollbacks.Noted | None = None  #: what a step that takes back has set back, and what stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A ticket with its timeline, oldest first, and the case that is told, if it is one's story."""

    ticket: TrackedTicket
    view: explanations.View
    subject: str
    customer: str  #: the name, or empty when it is not known
    entries: Sequence[Entry]
    scores: Sequence[ScoreView]  #: oldest first
    hidden_messages: int  #: older messages that are not shown
    cases: Sequence[RecoveryCase]
    moved: Sequence[RecoveryCase] = ()  #: cases that began here and went on on another ticket
    copied: Sequence[Participant] = ()  #: people in copy, with scores of their own
    case: RecoveryCase | None = None
    protocol: str = ""
    version: int | None = None
    protocol_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a sidebar shows of one ticket. A customer who is held out for comparison is shown as if there were no
    protocols."""

    ticket: TrackedTicket
    view: explanations.View
    scores: Sequence[ScoreView]
    case: RecoveryCase | None
    protocol: str
    steps: Sequence[StepRow]
    decisions: Sequence[tuple[str, DecisionRow]]  #: protocol name and what it said last
    held_out: bool = False


def of_case(session: Session, case_id: int) -> Story:
    """One case's whole story. Raises NotFound."""
    case = cases.get(session, case_id)
    tracked = tracked_tickets.get(session, case.tracked_id)
    version = protocols.version(session, case.version_id)
    told = [
        *_stages([case]),
        *_steps(session, steps.of_case(session, case_id)),
        *_invitations(session, [case_id]),
        *_people(session, case),
    ]
    return _story(
        session,
        tracked,
        told,
        case=case,
        protocol=protocols.name_of(session, version.id),
        version=version.number,
        protocol_id=version.protocol_id,
    )


def of_ticket(session: Session, tracked: TrackedTicket) -> Story:
    """A ticket's story over all of its cases, and where it has none."""
    own = cases.of_ticket(session, tracked.id)
    told = [*_stages(own), *(entry for case in own for entry in _steps(session, steps.of_case(session, case.id)))]
    told += _invitations(session, [case.id for case in own])
    return _story(session, tracked, told)


def standing(session: Session, ticket_id: str) -> Standing | None:
    """The ticket as it stands; None when this desk does not watch it."""
    tracked = tracked_tickets.find_by_ticket(session, ticket_id)
    if tracked is None:
        return None
    found = cases.find_open(session, tracked.id)
    held_out = found is not None and found.arm is Arm.HOLDOUT
    case = None if held_out else found
    return Standing(
        ticket=tracked,
        view=explanations.of_ticket(session, tracked),
        scores=_score_views(session, scores.of_ticket(session, tracked.id, limit=40)),
        case=case,
        protocol=protocols.name_of(session, case.version_id) if case else "",
        steps=steps.of_case(session, case.id) if case else (),
        decisions=() if held_out else last_decisions(session, tracked.id),
        held_out=held_out,
    )


def last_decisions(session: Session, tracked_id: int) -> Sequence[tuple[str, DecisionRow]]:
    """What every protocol said last about a ticket, with the protocol's name; shadows only watch, and say nothing."""
    said = (DecisionRow.tracked_id == tracked_id, DecisionRow.shadow.is_(False))
    newest = select(func.max(DecisionRow.id)).where(*said).group_by(DecisionRow.version_id)
    rows = session.scalars(select(DecisionRow).where(DecisionRow.id.in_(newest)).order_by(DecisionRow.id.desc()))
    seen: dict[str, DecisionRow] = {}
    for row in rows:
        seen.setdefault(protocols.name_of(session, row.version_id), row)
    return list(seen.items())


def _story(session: Session, tracked: TrackedTicket, told: Iterable[Entry], **case: Any) -> Story:
    rows = scores.of_ticket(session, tracked.id)
    views = _score_views(session, rows)
    spoken, hidden = _messages(session, tracked.id)
    by_message = {row.message_id: view for row, view in zip(rows, views, strict=True) if row.message_id}
    entries = [_message_entry(session, message, by_message.get(message.message_id)) for message in spoken]
    shown = {message.message_id for message in spoken}
    entries += [
        Entry(at=view.at, kind=Kind.SCORE, row=row, score=view)
        for row, view in zip(rows, views, strict=True)
        if row.message_id not in shown
    ]
    entries += [*_ratings(session, tracked.id), *_decisions(session, tracked.id), *told]
    entries.sort(key=lambda entry: (entry.at, _ORDER[entry.kind]))
    person = people.get(session, tracked.person_id) if tracked.person_id else None
    return Story(
        ticket=tracked,
        view=explanations.of_ticket(session, tracked),
        subject=_opened(session, tracked.sealed_subject) or "",
        customer=people.contact(session, person).name if person else "",
        entries=entries,
        scores=views,
        hidden_messages=hidden,
        cases=cases.of_ticket(session, tracked.id),
        moved=fates.moved_away(session, tracked.ticket_id),
        copied=fates.participants(session, tracked.id),
        **case,
    )


#: Of what happened at the same moment, causes come before effects.
_ORDER = {kind: position for position, kind in enumerate(Kind)}


def _messages(session: Session, tracked_id: int) -> tuple[Sequence[Message], int]:
    newest = select(Message).where(Message.tracked_id == tracked_id).order_by(Message.at.desc(), Message.id.desc())
    found = list(reversed(session.scalars(newest.limit(LONGEST)).all()))
    total = session.scalar(select(func.count(Message.id)).where(Message.tracked_id == tracked_id)) or 0
    return found, total - len(found)


def _message_entry(session: Session, message: Message, score: ScoreView | None) -> Entry:
    title = "Internal note" if not message.public else _AUTHORS.get(message.author, message.author)
    text = messages.text_of(session, message)
    return Entry(at=message.at, kind=Kind.MESSAGE, row=message, text=text, title=title, score=score)


_AUTHORS: dict[str, str] = {
    Author.CUSTOMER: "Customer",
    Author.PARTICIPANT: "Someone in copy",
    Author.AGENT: "Agent",
    Author.SYSTEM: "Automatic message",
}


def _score_views(session: Session, rows: Sequence[ScoreRow]) -> Sequence[ScoreView]:
    views: list[ScoreView] = []
    for row in rows:
        reasons = sorted(scores.reasons(session, row), key=lambda reason: -abs(reason.logit))
        views.append(
            ScoreView(
                at=row.at,
                score=row.score,
                state=row.state,
                provisional=row.provisional,
                because=row.because,
                change=row.score - views[-1].score if views else None,
                reasons=tuple(reasons),
                erased=row.sealed_reasons is None,
            )
        )
    return views


def _ratings(session: Session, tracked_id: int) -> Sequence[Entry]:
    rows = session.scalars(select(RatingRow).where(RatingRow.tracked_id == tracked_id).order_by(RatingRow.at))
    return [Entry(at=row.at, kind=Kind.RATING, row=row, text=_opened(session, row.sealed_comment)) for row in rows]


def _decisions(session: Session, tracked_id: int) -> Sequence[Entry]:
    return [
        Entry(
            at=row.at,
            kind=Kind.DECISION,
            row=row,
            title=protocols.name_of(session, row.version_id) + (WATCHING if row.shadow else ""),
        )
        for row in decisions.of_ticket(session, tracked_id)
    ]


_STAGES = ("flagged", "assigned", "contacted", "resolved", "resurveyed")


def _stages(told: Iterable[RecoveryCase]) -> Sequence[Entry]:
    """The moments a case remembers: its opening, every stage it reached, its end."""
    entries: list[Entry] = []
    for case in told:
        entries.append(Entry(at=case.opened_at, kind=Kind.STAGE, row=case, title="opened"))
        for stage in _STAGES:
            at = getattr(case, f"{stage}_at")
            if at is not None:
                entries.append(Entry(at=at, kind=Kind.STAGE, row=case, title=stage))
        if case.closed_at is not None:
            entries.append(Entry(at=case.closed_at, kind=Kind.STAGE, row=case, title=case.stage, text=case.reason))
    return entries


def _steps(session: Session, rows: Iterable[StepRow]) -> Sequence[Entry]:
    return [
        Entry(
            at=row.settled_at or row.planned_at,
            kind=Kind.STEP,
            row=row,
            taken_back=rollbacks.noted(session, row) if row.do == rollbacks.TAKE_BACK else None,
        )
        for row in rows
    ]


def _people(session: Session, case: RecoveryCase) -> Sequence[Entry]:
    return [Entry(at=act.at, kind=Kind.PERSON, row=act, text=act.words) for act in case_people.of_case(session, case)]


def _invitations(session: Session, case_ids: Sequence[int]) -> Sequence[Entry]:
    if not case_ids:
        return []
    entries = [
        Entry(at=row.sent_at or row.due_at, kind=Kind.INVITATION, row=row)
        for case_id in case_ids
        for row in invitations.of_case(session, case_id)
    ]
    answers = session.scalars(select(Answer).where(Answer.case_id.in_(case_ids)).order_by(Answer.at))
    told = [Entry(at=row.at, kind=Kind.ANSWER, row=row, text=_opened(session, row.sealed_comment)) for row in answers]
    return [*entries, *told]


def _opened(session: Session, sealed: bytes | None) -> str | None:
    return vault_of(session).open(sealed) if sealed else None
