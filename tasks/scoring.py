"""From a ticket as read to its record: messages with their readings, scores, ratings, and what protocols decide.

One transaction under the claim's fence, or several for a very long thread. Nothing here talks to a helpdesk, except for
names that a protocol asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from celery import shared_task
from sqlalchemy.orm import Session

from app.clock import real_now
from app.scoring import engine
from app.scoring.context import Context
from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.model import Model
from app.store import messages, people, ratings, scores
from app.store.database import vault_of
from app.store.models import RatingRow, TrackedTicket
from app.words import SatState, Score
from connectors.base import Connector
from connectors.ticket import Author, Message, Ticket, TicketStatus
from tasks import claims, directory, examples, facts, insight, recovery
from tasks.claims import TicketClaim
from tasks.directory import Names
from tasks.facts import Past

SOLVED = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
GONE = frozenset({TicketStatus.DELETED, TicketStatus.SPAM})

ONLY_MACHINES = "only a bot or a rule has written"

BATCH = 200  #: messages in one transaction, so that a thread of thousands keeps nobody waiting for the database

_ROLES = {Author.CUSTOMER: "customer", Author.AGENT: "agent"}


@shared_task(name="scoring.rescore")
def rescore(desk_id: int, tracked_id: int, fence: int) -> None:
    """Score a ticket on which only time has passed; where that changes anything, have it looked at."""
    with claims.ticket(desk_id, tracked_id, fence, reads=False) as claim:
        if claim is None:
            return
        with claim.recording() as (session, row):
            before = row.state, row.facts_digest
            now = claim.business_now()
            model, context = claim.model, claim.context
            running = examples.renewed(session, row, running_of(session, row), context)
            known = facts.standing(session, row, Past.of(session, row, now, model.threshold), running, now)
            score, running = engine.score(running, known, model, now, context)
            _keep_running(session, row, running)
            if score.state is not row.state or score.score != row.score:
                scores.record(session, row, score, message_id=None, because="time")
            scores.current(session, row, score)
            facts.remember(row, score)
            insight.of(session, row, insight.Stand(score=score, running=running, facts=known, model=model))
            row.rescore_at = engine.next_rescore_at(running, known, model, now, context)
            after = row.state, recovery.digest_now(claim, session, row, running, score)
        if before != after:
            claim.look_again(real_now())
        claim.settle()


def names_for(claim: TicketClaim, connector: Connector) -> Names:
    """Names of groups, where a published protocol has a condition on them."""
    return directory.names(claim, connector) if recovery.names_groups(claim) else Names()


def record(claim: TicketClaim, ticket: Ticket, names: Names) -> None:
    """Store what was read and what follows from it."""
    now = claim.business_now()
    thread = _Thread(claim.model, claim.context)
    unheard = _unheard(claim, ticket)
    while len(unheard) > BATCH:
        _hear_some(claim, ticket, thread, unheard[:BATCH])
        del unheard[:BATCH]
    with claim.recording() as (session, row):
        _describe(session, row, ticket, claim)
        if ticket.status in GONE:
            _end(session, row, now, f"the ticket is {ticket.status}")
            return
        insight.read_fields(session, row, ticket)
        thread.resume(session, row, now)
        rated = _record_ratings(session, row, ticket)
        rated_at = min((rating.at for rating in rated), default=now)
        thread.hear(message for message in unheard if message.at <= rated_at)
        examples.keep(session, row, rated, thread.running, examples.Eye(model=claim.model, context=claim.context))
        thread.hear(message for message in unheard if message.at > rated_at)
        score = thread.stand(now, because="rating" if rated else "time")
        recovery.follow(claim, session, row, recovery.Look(
            ticket=ticket, names=names, score=score, running=thread.running,
            replied=thread.agent_replied_at, found=thread.found, now=now,
        ))  # fmt: skip


def _hear_some(claim: TicketClaim, ticket: Ticket, thread: _Thread, batch: Sequence[Message]) -> None:
    """Store part of a long thread, as if it had been all there was to read. The lease begins anew with every part."""
    with claim.recording() as (session, row):
        _describe(session, row, replace(ticket, messages=tuple(batch)), claim)
        row.lease_until = real_now() + claim.parts.settings.lease
        thread.resume(session, row, claim.business_now())
        thread.hear(batch)
        _keep_running(session, row, thread.running)


def record_vanished(claim: TicketClaim) -> None:
    """The helpdesk does not know the ticket any more."""
    with claim.recording() as (session, row):
        _end(session, row, claim.business_now(), "the ticket does not exist any more")


def _end(session: Session, row: TrackedTicket, now: datetime, reason: str) -> None:
    row.rescore_at = None
    row.unscored_reason = reason
    recovery.end_gone(session, row, now, reason)


class _Thread:
    """The conversation while new messages are read into it, oldest first."""

    def __init__(self, model: Model, context: Context) -> None:
        self._model, self._context = model, context
        self.running = Running.start()
        self.found: frozenset[str] = frozenset()  #: signals of the newest customer message
        self.agent_replied_at: datetime | None = None
        self._newest: Score | None = None  #: of the newest message, where that was the customer's
        self._state: SatState | None = None  #: of the last score on record

    def resume(self, session: Session, row: TrackedTicket, now: datetime) -> None:
        """Go on in this transaction, where the stored conversation ends."""
        self._session, self._row = session, row
        self.running = examples.renewed(session, row, running_of(session, row), self._context)
        self._state = self._state or row.state
        self._past = Past.of(session, row, now, self._model.threshold)

    def hear(self, said: Iterable[Message]) -> None:
        """Store messages with their readings; a customer's is scored at its own time, by what was known then."""
        for message in said:
            self._hear(message)

    def _hear(self, message: Message) -> None:
        said = Utterance(
            id=message.id,
            role=_ROLES.get(message.author, "other"),  # type: ignore[arg-type]  # the map holds nothing but roles
            public=message.public,
            text=message.text,
            at=message.at,
        )
        self.running, readings = engine.observe(self.running, said, self._context)
        messages.record(self._session, self._row, message, [asdict(reading) for reading in readings])
        self._newest = None
        if message.author is Author.AGENT and message.public:
            self.agent_replied_at = message.at
        if message.author is Author.CUSTOMER and message.public:
            self.found = frozenset(reading.signal for reading in readings)
            insight.hear(self._session, self._row, message)
            self._score_message(message)

    def _score_message(self, message: Message) -> None:
        if engine.unscorable(self.running, TicketFacts()) is not None:
            return
        known = facts.at_message(self._row, self._past, message.at)
        score, self.running = engine.score(self.running, known, self._model, message.at, self._context)
        scores.record(self._session, self._row, score, message_id=message.id, because="message")
        facts.remember(self._row, score)
        self._newest, self._state = score, score.state

    def stand(self, now: datetime, *, because: str) -> Score | None:
        """The ticket's standing score: that of a message just heard where it is the latest news, else of now."""
        row, session = self._row, self._session
        known = facts.standing(session, row, self._past, self.running, now)
        row.unscored_reason = self._unscored(engine.unscorable(self.running, known))
        if row.unscored_reason is not None:
            _keep_running(session, row, self.running)
            return None
        score = self._newest
        if score is None or known.solved or known.rating is not None or now - score.at > timedelta(minutes=1):
            score, self.running = engine.score(self.running, known, self._model, now, self._context)
            if score.state is not self._state:
                scores.record(session, row, score, message_id=None, because=because)
        scores.current(session, row, score)
        facts.remember(row, score)
        insight.of(session, row, insight.Stand(score=score, running=self.running, facts=known, model=self._model))
        row.rescore_at = engine.next_rescore_at(self.running, known, self._model, now, self._context)
        _keep_running(session, row, self.running)
        return score

    def _unscored(self, reason: str | None) -> str | None:
        """Why there is no score; where no customer has written, whether anybody but a machine has."""
        if reason == engine.NOBODY and messages.authors(self._session, self._row.id) == {Author.SYSTEM.value}:
            return ONLY_MACHINES
        return reason


def running_of(session: Session, row: TrackedTicket) -> Running:
    """The conversation's running aggregates, opened."""
    if row.sealed_running is None:
        person = people.get(session, row.person_id) if row.person_id else None
        return Running.start(person.locale if person else None)
    return Running.from_json(json.loads(vault_of(session).open(row.sealed_running)))


def _keep_running(session: Session, row: TrackedTicket, running: Running) -> None:
    row.sealed_running = vault_of(session).seal(json.dumps(running.to_json()))


def _unheard(claim: TicketClaim, ticket: Ticket) -> list[Message]:
    """The messages not stored yet, oldest first; reading again what was read before changes nothing."""
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        known = messages.known_ids(session, claim.tracked.id, [message.id for message in ticket.messages])
    return [message for message in ticket.messages if message.id not in known]


def _describe(session: Session, row: TrackedTicket, ticket: Ticket, claim: TicketClaim) -> None:
    """Store the ticket's own fields."""
    person = people.record(
        session,
        row.desk_id,
        people.Known(
            helpdesk_id=ticket.requester.id,
            name=ticket.requester.name,
            email=ticket.requester.email,
            locale=ticket.requester.locale,
            suspended=ticket.requester.suspended,
        ),
    )
    facts.describe(row, ticket, claim.fields)
    reopened = row.solved_at is not None and ticket.status not in SOLVED | GONE
    row.person_id = person.id
    row.sealed_subject = row.sealed_subject or vault_of(session).seal(ticket.subject)
    row.status = ticket.status
    row.priority = ticket.priority
    row.channel = ticket.channel
    row.group_id = ticket.group_id
    row.assignee_id = ticket.assignee_id
    row.tags = sorted(ticket.tags)
    row.stamp = ticket.stamp
    row.opened_at = ticket.created_at
    row.reopens += reopened
    row.solved_at = (row.solved_at or claim.business_now()) if ticket.status in SOLVED else None
    row.read_at = real_now()
    if ticket.messages:
        row.last_message_id = ticket.messages[-1].id


def _record_ratings(session: Session, row: TrackedTicket, ticket: Ticket) -> list[RatingRow]:
    """Store ratings that are new, and return them."""
    given = [
        ratings.Given(
            rating_id=rating.id,
            value=rating.value,
            original=rating.original,
            scale=rating.scale,
            at=rating.at,
            comment=rating.comment,
        )
        for rating in ticket.ratings or ()
    ]
    return [stored for one in given if (stored := ratings.record(session, row, one)) is not None]
