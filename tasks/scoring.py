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
from app.store import erasure, messages, offers, people, ratings, scores, tracked_tickets
from app.store import fates as fates_of
from app.store.database import vault_of
from app.store.invitations import Reply
from app.store.models import RatingRow, TrackedTicket
from app.words import SatState, Score
from connectors.base import Connector
from connectors.ticket import Author, Message, Ticket, TicketStatus
from tasks import claims, customers, deciding, directory, examples, facts, fates, insight, participants, recovery
from tasks.claims import TicketClaim
from tasks.directory import Names
from tasks.facts import Past
from tasks.fates import Fate
from tasks.look import Look

SOLVED = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
GONE = frozenset({TicketStatus.DELETED, TicketStatus.SPAM})

#: Tickets that are no customer's: channel -> why they are not scored.
ASIDE = {"side_conversation": "a side conversation with somebody else"}

ONLY_MACHINES = "only a bot or a rule has written"

PLAIN_FATE = Fate()

BATCH = 200  #: messages in one transaction, so that a thread of thousands keeps nobody waiting for the database

_ROLES = {Author.CUSTOMER: "customer", Author.AGENT: "agent"}


@shared_task(name="scoring.rescore")
def rescore(desk_id: int, tracked_id: int, fence: int) -> None:
    """Score a ticket on which only time has passed; where that changes anything, have it looked at."""
    with claims.ticket(desk_id, tracked_id, fence, reads=False) as claim:
        if claim is None:
            return
        with claim.recording() as (session, row):
            before = row.state
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
            row.turns_poor_at = engine.turns_poor_at(running, known, model, now, context)
            turned = deciding.time_passed(session, row, running, score, context.hours) or row.state is not before
            if turned:
                row.marked_at = None  # the look that is due now has more to do than to see whether tags arrived
        if turned:
            claim.look_again(real_now())
        claim.settle()


def names_for(claim: TicketClaim, connector: Connector) -> Names:
    """Names of groups, where a published protocol has a condition on them."""
    return directory.names(claim, connector) if deciding.names_groups(claim) else Names()


def record(claim: TicketClaim, ticket: Ticket, names: Names, fate: Fate = PLAIN_FATE) -> None:
    """Store what was read and what follows from it."""
    now = claim.business_now()
    if ticket.status in GONE:
        _record_gone(claim, ticket, now)
        return
    thread = _Thread(claim.model, claim.context)
    ticket, unheard = _unheard(claim, ticket, anew=fate.anew)
    if ticket.channel in ASIDE:
        _record_aside(claim, ticket)
        return
    while len(unheard) > BATCH:
        _hear_some(claim, ticket, thread, unheard[:BATCH])
        del unheard[:BATCH]
    with claim.recording() as (session, row):
        _describe(session, row, ticket, claim, resting=not fate.undo)
        insight.read_fields(session, row, ticket)
        thread.resume(session, row, now)
        rated = _record_ratings(session, row, ticket)
        _take_answers(session, row, ticket)
        rated_at = min((rating.at for rating in rated), default=now)
        thread.hear(message for message in unheard if message.at <= rated_at)
        examples.keep(session, row, rated, thread.running, examples.Eye(model=claim.model, context=claim.context))
        thread.hear(message for message in unheard if message.at > rated_at)
        score = thread.stand(now, because="rating" if rated else "time")
        if fate.anew:
            scores.drop_unsaid(session, row.id)
        if ticket.merged_into is not None:
            fates.merge(claim, session, row, ticket, now)
            return
        recovery.follow(claim, session, row, Look(
            ticket=ticket, names=names, score=score, running=thread.running,
            replied=thread.agent_replied_at, found=thread.found, now=now, rule=fate.rule, undo=fate.undo,
            hours=claim.context.hours,
        ))  # fmt: skip


def record_history(claim: TicketClaim, ticket: Ticket) -> int:
    """Store a ticket of the past: each message scored at its own time, ratings as they came, and nothing that anybody
    would act on. Returns how many ratings are new."""
    now = claim.business_now()
    thread = _Thread(claim.model, claim.context)
    ticket, unheard = _unheard(claim, ticket, anew=False)
    if ticket.channel in ASIDE:
        _record_aside(claim, ticket)
        return 0
    while len(unheard) > BATCH:
        _hear_some(claim, ticket, thread, unheard[:BATCH])
        del unheard[:BATCH]
    with claim.recording() as (session, row):
        _describe(session, row, ticket, claim)
        insight.read_fields(session, row, ticket)
        thread.resume(session, row, now)
        rated_at = min((rating.at for rating in ticket.ratings or ()), default=now)
        thread.hear(message for message in unheard if message.at <= rated_at)
        # What stood beside the ticket just before its rating: the rating itself is not stored yet.
        row.solved_at = min(row.solved_at, rated_at) if row.solved_at else None
        thread.stand(rated_at, because="time")
        rated = _record_ratings(session, row, ticket)
        examples.keep(session, row, rated, thread.running, examples.Eye(model=claim.model, context=claim.context))
        thread.hear(message for message in unheard if message.at > rated_at)
        if ticket.ratings:
            thread.stand(now, because="rating")
        row.rescore_at = None
    return len(rated)


def _hear_some(claim: TicketClaim, ticket: Ticket, thread: _Thread, batch: Sequence[Message]) -> None:
    """Store part of a long thread, as if it had been all there was to read. The lease begins anew with every part."""
    with claim.recording() as (session, row):
        _describe(session, row, replace(ticket, messages=tuple(batch)), claim)
        row.lease_until = real_now() + claim.parts.settings.lease
        thread.resume(session, row, claim.business_now())
        thread.hear(batch)
        _keep_running(session, row, thread.running)


def _record_gone(claim: TicketClaim, ticket: Ticket, now: datetime) -> None:
    """The ticket was deleted or is spam."""
    with claim.recording() as (session, row):
        row.status, row.stamp, row.read_at = ticket.status, ticket.stamp, real_now()
        row.changed_at = ticket.updated_at
        _end(session, row, now, f"the ticket is {ticket.status}")


def _record_aside(claim: TicketClaim, ticket: Ticket) -> None:
    """A talk with somebody else about a ticket, which the helpdesk keeps as a ticket of its own."""
    with claim.recording() as (_, row):
        row.status, row.channel, row.stamp, row.read_at = ticket.status, ticket.channel, ticket.stamp, real_now()
        row.changed_at = ticket.updated_at
        row.unscored_reason, row.rescore_at, row.turns_poor_at = ASIDE[ticket.channel], None, None


def record_vanished(claim: TicketClaim) -> None:
    """The helpdesk does not know the ticket any more."""
    with claim.recording() as (session, row):
        _end(session, row, claim.business_now(), "the ticket does not exist any more")


def _end(session: Session, row: TrackedTicket, now: datetime, reason: str) -> None:
    """Nothing is left to do on the ticket, nobody is asked about it, and what was personal in it goes."""
    row.rescore_at = row.turns_poor_at = None
    row.facts_digest = None  # restored, it is decided on again
    row.gone_at = row.gone_at or now
    recovery.end_gone(session, row, now, reason)
    erasure.forget_ticket(session, row)
    row.unscored_reason = reason
    if row.person_id is not None and not fates_of.lives_elsewhere(session, row.person_id, row.id):
        people.forget_name(session, row.person_id)


class _Thread:
    """The conversation while new messages are read into it, oldest first."""

    def __init__(self, model: Model, context: Context) -> None:
        self._model, self._context = model, context
        self.running = Running.start()
        self.found: frozenset[str] = frozenset()  #: signals of the newest customer message
        self.agent_replied_at: datetime | None = None
        self._scored: frozenset[str] = frozenset()  #: messages being heard that have a score from before
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
        said = list(said)
        self._scored = scores.scored(self._session, self._row.id, [message.id for message in said])
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
        if message.author is Author.PARTICIPANT and message.public and message.text:
            participants.hear(self._session, self._row, message, self._model, self._context)

    def _score_message(self, message: Message) -> None:
        if engine.unscorable(self.running, TicketFacts()) is not None:
            return
        known = facts.at_message(self._row, self._past, message.at)
        score, self.running = engine.score(self.running, known, self._model, message.at, self._context)
        again = message.id in self._scored
        scores.record(self._session, self._row, score, message_id=message.id, because="message", again=again)
        facts.remember(self._row, score)
        self._newest, self._state = score, score.state

    def stand(self, now: datetime, *, because: str) -> Score | None:
        """The ticket's standing score: that of a message just heard where it is the latest news, else of now."""
        row, session = self._row, self._session
        known = facts.standing(session, row, self._past, self.running, now)
        row.unscored_reason = self._unscored(engine.unscorable(self.running, known))
        if row.unscored_reason is not None:
            row.turns_poor_at = None
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
        row.turns_poor_at = engine.turns_poor_at(self.running, known, self._model, now, self._context)
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


def _unheard(claim: TicketClaim, ticket: Ticket, *, anew: bool) -> tuple[Ticket, list[Message]]:
    """The ticket with the words that may be kept, and those of its messages that are not stored yet, oldest first.

    Reading again what was read before changes nothing, unless all was read `anew`: then it takes the place of that.
    """
    if anew:
        with claim.recording() as (session, row):
            erasure.start_over(session, row)
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        known = messages.known_ids(session, claim.tracked.id, [message.id for message in ticket.messages])
        ticket = fates.without_erased(session, ticket)
    return ticket, [message for message in ticket.messages if message.id not in known]


def _describe(
    session: Session, row: TrackedTicket, ticket: Ticket, claim: TicketClaim, *, resting: bool = True
) -> None:
    """Store the ticket's own fields; one that a rule has solved in vain is not `resting`."""
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
    customers.describe(row, ticket, claim.customer, claim.fields)
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
    row.marked_at = None  # this look has seen whether our tags arrived
    row.opened_at = ticket.created_at
    row.reopens += reopened
    row.solved_at = (row.solved_at or claim.business_now()) if ticket.status in SOLVED and resting else None
    row.brand_id, row.gone_at = ticket.brand_id, None
    row.read_at, row.changed_at = real_now(), ticket.updated_at
    if ticket.messages:
        row.last_message_id = ticket.messages[-1].id


def _take_answers(session: Session, row: TrackedTicket, ticket: Ticket) -> None:
    """What was rated in a survey that we had the helpdesk offer answers our invitation; its case may have moved on to
    another ticket, which is looked at then."""
    for rating in ticket.ratings or ():
        reply = Reply(value=rating.value, original=rating.original[:16], comment=rating.comment)
        answered = offers.answer(session, rating.id, reply, rating.at)
        if answered is not None and answered.tracked_id != row.id:
            tracked_tickets.wake(session, answered.tracked_id, real_now())


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
