"""Deciding on a ticket's facts: the protocols in force, what they say now, and the cases that open with their steps.

All of it in the transaction that recorded the look. What becomes of a case afterwards is in `recovery.py`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.protocols import moments, rules
from app.protocols.decide import PastCase, Published, Standing, decide, left
from app.protocols.facts import Facts, check_facts, stars
from app.protocols.rollout import Candidate, Rollout, on_ticket
from app.protocols.rulebook import rulebook
from app.scoring.certainty import confidence
from app.scoring.context import Hours
from app.scoring.conversation import Running
from app.scoring.tone import sentiment
from app.store import cases, decisions, deferrals, evaluations, protocols, ratings, scores
from app.store.models import RecoveryCase, TrackedTicket
from app.words import Arm, Cause, Decision, FaultSide, Outcome, Score
from connectors.ticket import TicketStatus
from tasks import admitting, casework, documents, evaluating
from tasks.claims import TicketClaim
from tasks.evaluating import Stand
from tasks.look import Look

read_cached = documents.read_cached


def candidates(session: Session) -> tuple[Candidate, ...]:
    """The desk's protocol versions that are in force, on some tickets at least, and those that only watch."""
    return tuple(
        Candidate(
            protocol_id=row.protocol_id,
            version_id=row.version_id,
            protocol=read_cached(row.document),
            order=row.position,
            share=row.share,
            shadow=row.shadow,
        )
        for row in (*protocols.in_force(session), *protocols.shadows(session))
    )


def names_groups(claim: TicketClaim) -> bool:
    """Whether a protocol in force asks for the name of the ticket's group."""
    with claim.parts.database.desk(claim.desk_id, read=True) as session:
        known = candidates(session)
        stops = {condition.field for one in known for condition in one.protocol.guardrails.stop_when}
        return "group" in stops | rules.named(one.protocol.criteria for one in known)


def consider(session: Session, row: TrackedTicket, look: Look) -> None:
    """Let the protocols in force decide on the facts of this look, unless nothing that they ask for is different."""
    rollout = on_ticket(candidates(session), row.ticket_id)
    facts = _facts(session, row, look)
    standing = standing_of(session, row)
    digest = _digest(facts, rollout, standing, look.now)
    decides = digest != row.facts_digest
    evaluating.keep_look(session, row, look, facts, rollout, decided=decides)
    if decides:
        row.facts_digest = digest
        _watch(session, row, rollout, facts, standing, look.now)
        _decide(session, row, rollout.acting, facts, standing, look)
        standing = standing_of(session, row)
    assert look.score is not None
    evaluating.wake(
        row, rollout, standing, Stand(facts=facts, at=look.score.at, waiting=look.waiting, hours=look.hours)
    )


def time_passed(session: Session, row: TrackedTicket, running: Running, score: Score, hours: Hours | None) -> bool:
    """Note what is known after time alone has passed; whether a protocol may decide differently now."""
    rollout = on_ticket(candidates(session), row.ticket_id)
    decided_on = evaluations.newest(session, row.id, decided=True)
    if decided_on is None:
        return False
    # Only a look brings the signals of the newest message, and the group by its name.
    by_look = {name: decided_on.facts.get(name) for name in ("signals", "group")}
    facts = {**_stored_facts(session, row, running, score, hours), **by_look}
    stand = Stand(facts=facts, at=score.at, waiting=running.waits.since is not None, hours=hours)
    standing = standing_of(session, row)
    evaluating.keep_time(session, row, score, rollout, stand)
    evaluating.wake(row, rollout, standing, stand)
    was_free, is_free = (moments.free(rollout.acting, standing, at) for at in (decided_on.at, score.at))
    criteria = [one.protocol.criteria for one in rollout.all]
    return was_free != is_free or moments.turned(criteria, decided_on.facts, facts)


def _digest(facts: Facts, rollout: Rollout, standing: Standing, now: datetime) -> str:
    """The mark of what the protocols ask for, and of which of them may open a case at all."""
    digest = rulebook([one.protocol.criteria for one in rollout.all]).digest(facts)
    if not standing.cases:
        return digest
    open_case = standing.open_case is not None
    free = sorted(moments.free(rollout.acting, standing, now))
    return hashlib.sha256(f"{digest} {open_case} {free}".encode()).hexdigest()


def standing_of(session: Session, row: TrackedTicket) -> Standing:
    """What stands in a protocol's way; a case that was taken back does not."""
    counting = (case for case in cases.of_ticket(session, row.id) if case.taken_back_at is None)
    return Standing(cases=tuple(_past(session, case) for case in counting))


def _watch(
    session: Session, row: TrackedTicket, rollout: Rollout, facts: Facts, standing: Standing, now: datetime
) -> None:
    """Record what the shadows would decide. Nothing follows from it."""
    for shadow in rollout.watching:
        decided = decide(rollout.beside(shadow), facts, standing, now)
        own = next(one for one in decided if one.version_id == shadow.version_id)
        decisions.record(session, row, own, case_id=None, at=now, shadow=True)


def _decide(
    session: Session,
    row: TrackedTicket,
    in_force: tuple[Published, ...],
    facts: Facts,
    standing: Standing,
    look: Look,
) -> None:
    decided = decide(in_force, facts, standing, look.now)
    gone = left(decided)
    for case in cases.of_ticket(session, row.id):
        if case.exited_at is None and protocols.name_of(session, case.version_id) in gone:
            case.exited_at = look.now
    if all(decision.outcome is not Outcome.OPEN for decision in decided):
        deferrals.end(session, row.id)
    for decision in decided:
        opened = None
        if decision.outcome is Outcome.OPEN:
            decision, opened = _open(session, row, decision, in_force, facts, look)
        decisions.record(session, row, decision, case_id=opened.id if opened is not None else None, at=look.now)


def _past(session: Session, case: RecoveryCase) -> PastCase:
    return PastCase(
        protocol=protocols.name_of(session, case.version_id),
        version_id=case.version_id,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        exited_at=case.exited_at,
    )


def _open(
    session: Session,
    row: TrackedTicket,
    decision: Decision,
    in_force: tuple[Published, ...],
    facts: Facts,
    look: Look,
) -> tuple[Decision, RecoveryCase | None]:
    """Open the case, where there is room for it, and plan its steps; the version it begins under stays its own."""
    protocol = next(one.protocol for one in in_force if one.version_id == decision.version_id)
    wanted = admitting.Wanted(decision=decision, protocol=protocol, facts=facts, now=look.now)
    decision = admitting.let_in(session, row, wanted)
    if decision.outcome is not Outcome.OPEN:
        return decision, None
    rating = ratings.newest(session, row.id)
    by_rating = {"rating", "rating_stars"} & {condition.field for condition in decision.conditions if condition.passed}
    opening = cases.Opening(
        version_id=decision.version_id,
        arm=Arm.TREATMENT,
        cause=row.cause or Cause.UNKNOWN,
        opened_by="rating" if by_rating else "state",
        rating_id=rating.id if rating and by_rating else None,
        round=admitting.next_round(session, row),
    )
    case = cases.open_case(session, row, opening, look.now)
    casework.begin(session, case, casework.Setting(protocol=protocol, facts=facts, now=look.now, hours=look.hours))
    return decision, case


def facts_of(session: Session, row: TrackedTicket, look: Look) -> Facts:
    """The named facts of this moment; none where there is no score."""
    return {} if look.score is None else _facts(session, row, look)


def _facts(session: Session, row: TrackedTicket, look: Look) -> Facts:
    """The named facts of this moment."""
    assert look.score is not None
    stored = dict(_stored_facts(session, row, look.running, look.score, look.hours))
    stored["signals"] = look.found or frozenset(look.running.seen.last)
    stored["group"] = look.names.group(look.ticket.group_id)
    return check_facts(stored)


def _stored_facts(session: Session, row: TrackedTicket, running: Running, score: Score, hours: Hours | None) -> Facts:
    rating = ratings.newest(session, row.id)
    earlier = scores.previous_before(session, row.id, score.at)
    history = cases.of_ticket(session, row.id)
    return _ticket_facts(row) | {
        "score": score.score,
        "p_satisfied": score.p_satisfied,
        "p_satisfied_now": score.p_satisfied_now,
        "confidence": confidence(score),
        "sentiment": sentiment(running),
        "change": score.score - earlier.score if earlier else None,
        "state": score.state.value,
        "level": score.level.value,
        "direction": score.direction.value,
        "minutes_in_state": _minutes(row.state_since, score.at),
        "signals": frozenset(running.seen.last),
        "rating": rating.value if rating else None,
        "rating_stars": stars(rating.value) if rating else None,
        "waiting_hours": running.waits.worked(score.at, hours) if hours else running.waits.running(score.at),
        "age_hours": _minutes(row.opened_at, score.at) / 60,
        "customer_messages": running.customer_turns,
        "agent_messages": running.agent_turns,
        "has_open_case": any(case.open_key is not None for case in history),
        "earlier_cases": len([case for case in history if case.open_key is None]),
    }


def _ticket_facts(row: TrackedTicket) -> dict[str, Any]:
    """What stands on the ticket's own row, whatever the time."""
    status = TicketStatus(row.status) if row.status else None
    return {
        "cause": (row.cause or Cause.UNKNOWN).value,
        "fault_side": (row.fault_side or FaultSide.UNKNOWN).value,
        "vendor": row.vendor,
        "customer_tier": row.customer_tier,
        "customer_value": row.customer_value,
        "organization": row.organization,
        "brand": row.brand_id,
        "churn_risk": row.churn_risk,
        "resolution": row.resolution,
        "language": row.language,
        "tags": frozenset(row.tags),
        "channel": row.channel,
        "priority": row.priority,
        "status": status.value if status else None,
        "assigned": row.assignee_id is not None,
        "reopens": row.reopens,
        "hold_minutes": row.hold_minutes,
        "earlier_failures": row.earlier_failures,
        "repeat_failure": row.failed_at is not None and row.earlier_failures > 0,
    }


def _minutes(since: datetime | None, until: datetime) -> float:
    return max(0.0, (until - since) / timedelta(minutes=1)) if since else 0.0
