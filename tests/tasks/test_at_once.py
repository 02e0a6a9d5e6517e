"""Two who want the same rows at the same moment: they come one after the other, and neither is turned away.

Only PostgreSQL lets them; on SQLite there is one writer anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app import rolling_back
from app.clock import real_now
from app.protocols.routing import Member, Team
from app.store import accounts, deferrals, protocols, reviews, steps, teams, tracked_tickets
from app.store.database import Purpose
from app.store.handling import Snooze
from app.store.models import AlertCall, RecoveryCase, Role, StepRow, StepState
from app.words import Outcome
from tasks import admitting, escalating, handling, own_steps, targets
from tasks.handling import Actor
from tests.store.factories import together
from tests.tasks.stage import CALM, NOTE, PRIORITY, Stage, protocol
from tests.tasks.test_closing import group_of

TASK = {"do": "task", "text": "Call them.", "owner": "lead", "within_hours": 1}
ALERT = {"do": "alert", "email": "first@example.com", "acknowledge_minutes": 15, "text": "It got worse."}
WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def opened(stage: Stage, *actions, **values) -> int:
    """The id of a ticket with a case."""
    stage.settings(lead_emails=["lead@example.com"])
    stage.publish(protocol("Rescue", *actions, **values))
    ticket = stage.opens()
    stage.drain()
    return stage.tracked(ticket).id


@contextmanager
def working_on(stage: Stage, tracked_id: int) -> Iterator[Session]:
    """A worker's transaction, which has locked its ticket."""
    with stage.parts.database.desk(stage.desk_id) as session:
        tracked_tickets.lock(session, tracked_id)
        yield session


def until_it_waits(stage: Stage, other: Future[Any]) -> None:
    """Until the other one waits for a lock, or is through."""
    for _ in range(500):
        with stage.parts.database.engine.connect() as connection:
            if connection.scalar(WAITS) or other.done():
                return
        time.sleep(0.01)
    raise AssertionError("it neither waits nor ends")


def meet(stage: Stage, tracked_id: int, other: Callable[[], object], then: Callable[[Session], object]) -> None:
    """Begin `other` while a worker holds the ticket, and have the worker go on with `then` once it waits."""
    with ThreadPoolExecutor(1) as pool:
        with working_on(stage, tracked_id) as session:
            begun = pool.submit(other)
            until_it_waits(stage, begun)
            then(session)
        begun.result(timeout=20)


def test_a_deadline_is_noticed_while_a_worker_records_the_step(postgres_stage: Stage) -> None:
    tracked_id = opened(postgres_stage, TASK)
    postgres_stage.step(days=3)
    changed = update(StepRow).where(StepRow.tracked_id == tracked_id).values(receipt="seen")

    meet(postgres_stage, tracked_id, targets.sweep, lambda session: session.execute(changed))

    assert [row.receipt for row in postgres_stage.rows(StepRow, StepRow.missed_at.is_not(None))] == ["seen"]


def test_a_target_is_noticed_while_a_worker_records_the_case(postgres_stage: Stage) -> None:
    tracked_id = opened(postgres_stage, NOTE, targets={"first_touch_minutes": 30})
    postgres_stage.step(days=3)
    changed = update(RecoveryCase).where(RecoveryCase.tracked_id == tracked_id).values(owner_id="9")

    meet(postgres_stage, tracked_id, targets.sweep, lambda session: session.execute(changed))

    (case,) = postgres_stage.rows_of_cases()
    assert (case.owner_id, case.touch_missed_at) == ("9", postgres_stage.now)


def test_an_alert_goes_on_while_a_worker_records_the_call(postgres_stage: Stage) -> None:
    tracked_id = opened(postgres_stage, ALERT)
    postgres_stage.step(days=3)
    later = postgres_stage.now - timedelta(hours=1)

    meet(
        postgres_stage,
        tracked_id,
        escalating.sweep,
        lambda session: session.execute(update(AlertCall).values(due_at=later)),
    )

    (call,) = postgres_stage.rows(AlertCall)
    assert (call.due_at, call.settled_at) == (later, postgres_stage.now)


def test_what_a_worker_has_seen_to_meanwhile_is_not_told(postgres_stage: Stage) -> None:
    tracked_id = opened(postgres_stage, TASK)
    postgres_stage.step(days=3)
    ticked = update(StepRow).where(StepRow.do == "task").values(state="DONE")

    meet(postgres_stage, tracked_id, targets.sweep, lambda session: session.execute(ticked))

    assert postgres_stage.rows(StepRow, StepRow.missed_at.is_not(None)) == []


LEAD = Actor(key="account:1", name="lena@example.com", leads=True)


def claimed(stage: Stage, tracked_id: int) -> int:
    """The id of the ticket's case, which a lead has claimed, so that the ticket is to be given to an agent."""
    agent_id = str(stage.account.agent_ids[0])
    member = Member(agent_id=agent_id, name="Agent", email=LEAD.name)
    team = Team(group_id=group_of(stage), name="Recovery", members=(agent_id,))
    with stage.parts.database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, LEAD.name, stage.now)
        accounts.grant(session, account.id, Role.LEAD, desk_id=stage.desk_id)
    actor = replace(LEAD, key=f"account:{account.id}")
    (case,) = stage.rows_of_cases()
    with stage.parts.database.desk(stage.desk_id) as session:
        teams.replace_all(session, stage.desk_id, [team], [member], stage.now)
        handling.claim(session, case.id, actor, stage.now)
    return case.id


def test_a_hand_over_that_leaves_meanwhile_is_not_called_off(postgres_stage: Stage) -> None:
    stage = postgres_stage
    tracked_id = opened(stage, NOTE)
    case_id = claimed(stage, tracked_id)
    leaves = update(StepRow).where(StepRow.do == own_steps.HAND_OVER).values(state=StepState.SENDING)

    def give() -> None:
        with stage.parts.database.desk(stage.desk_id) as session:
            handling.hand_over(session, case_id, f"agent:{stage.account.agent_ids[0]}", LEAD, 1, stage.now)

    meet(stage, tracked_id, give, lambda session: session.execute(leaves))

    (step,) = stage.rows(StepRow, StepRow.action == f"{own_steps.HAND_OVER}-1")
    assert step.state is StepState.SENDING


def put_off(session: Session, case_id: int, now: datetime) -> object:
    wanted = Snooze(until=now + timedelta(hours=1), reason="waits", by=LEAD.key)
    return handling.snooze(session, case_id, wanted, LEAD, 0, now)


CHANGES: dict[str, Callable[[Session, int, datetime], object]] = {
    "claim": lambda session, case_id, now: handling.claim(session, case_id, LEAD, now),
    "release": lambda session, case_id, now: handling.release(session, case_id, LEAD, 0),
    "snooze": put_off,
    "unsnooze": lambda session, case_id, now: handling.unsnooze(session, case_id, LEAD, 0),
}


def test_who_changes_a_case_waits_for_the_worker_on_its_ticket(postgres_stage: Stage) -> None:
    stage = postgres_stage
    tracked_id = opened(stage, NOTE)
    (case,) = stage.rows_of_cases()
    waited = []

    for change in CHANGES.values():
        with ThreadPoolExecutor(1) as pool:
            with working_on(stage, tracked_id) as session:
                begun = pool.submit(changed_by, stage, case.id, change)
                until_it_waits(stage, begun)
                waited.append(not begun.done())
                session.execute(update(RecoveryCase).values(handling_version=0, owner_id="9"))
            begun.result(timeout=20)

    assert waited == [True] * len(CHANGES)


def changed_by(stage: Stage, case_id: int, change: Callable[[Session, int, datetime], object]) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        change(session, case_id, stage.now)


def test_a_step_is_repeated_while_a_worker_records_it(postgres_stage: Stage) -> None:
    stage = postgres_stage
    tracked_id = opened(stage, NOTE)
    (step, *_) = stage.rows(StepRow)
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(StepRow).values(state=StepState.DEAD))

    def repeat() -> None:
        with stage.parts.database.desk(stage.desk_id) as session:
            reviews.repeat_step(session, step.id, real_now())

    meet(stage, tracked_id, repeat, lambda session: session.execute(update(StepRow).values(receipt="seen")))

    (again,) = stage.rows(StepRow, StepRow.id == step.id)
    assert (again.state, again.receipt) == (StepState.PLANNED, "seen")


def test_two_leads_who_choose_the_same_cases_wait_for_each_other(postgres_stage: Stage) -> None:
    stage = postgres_stage
    first = opened(stage, NOTE)
    stage.opens(email="second@example.com")
    stage.drain()
    chosen = [case.id for case in sorted(stage.rows_of_cases(), key=lambda case: -case.tracked_id)]
    second = max(case.tracked_id for case in stage.rows_of_cases())

    def other() -> None:
        with stage.parts.database.desk(stage.desk_id) as session:
            handling.hold(session, chosen)

    meet(stage, first, other, lambda session: tracked_tickets.lock(session, second))

    assert len(chosen) == 2


def roll_back(stage: Stage) -> rolling_back.Rollback:
    return rolling_back.start(stage.parts, stage.desk_id, "Rescue", undo=True, by="lena@example.com", reason="A test.")


def test_a_rollback_waits_for_a_look_that_opens_a_case(postgres_stage: Stage) -> None:
    tracked_id = opened(postgres_stage, PRIORITY)

    def look(session: Session) -> None:
        deferrals.hold(session, postgres_stage.desk_id)
        (row,) = protocols.in_force(session)
        deferrals.put_off(session, tracked_tickets.get(session, tracked_id), row.protocol_id, 0.5, postgres_stage.now)

    meet(postgres_stage, tracked_id, lambda: roll_back(postgres_stage), look)

    (case,) = postgres_stage.rows_of_cases()
    assert case.taken_back_at is not None


def slowly(stage: Stage, done: Callable[[], object] = lambda: time.sleep(0.3)) -> None:
    """Time passes, or something is done, between letting a case in and opening it."""
    let_in = admitting.let_in

    def then_wait(*args):
        decision = let_in(*args)
        done()
        return decision

    stage.patch.setattr(admitting, "let_in", then_wait)


def test_a_case_that_opens_meanwhile_is_taken_back_too(postgres_stage: Stage) -> None:
    postgres_stage.publish(protocol("Rescue", PRIORITY))
    ticket = postgres_stage.opens()
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[rolling_back.Rollback]] = []

        def start() -> None:
            begun.append(pool.submit(roll_back, postgres_stage))
            until_it_waits(postgres_stage, begun[0])

        slowly(postgres_stage, start)
        postgres_stage.turn()
        begun[0].result(timeout=20)

    assert [case.taken_back_at is not None for case in postgres_stage.cases(ticket)] == [True]


def test_a_version_taken_back_before_its_turn_opens_nothing(postgres_stage: Stage) -> None:
    postgres_stage.publish(protocol("Rescue", PRIORITY))
    ticket = postgres_stage.opens()
    hold = deferrals.hold

    def rolled_back_before(session: Session, desk_id: int) -> None:
        postgres_stage.patch.setattr(deferrals, "hold", hold)
        roll_back(postgres_stage)
        hold(session, desk_id)

    postgres_stage.patch.setattr(deferrals, "hold", rolled_back_before)

    postgres_stage.drain()

    assert postgres_stage.cases(ticket) == []


def for_priority(word: str) -> dict[str, object]:
    """A protocol of the same team for tickets of that priority."""
    return protocol(word, criteria={"all": [{"field": "priority", "operator": "is", "value": word}]})


@pytest.mark.capability("CRI-05")
def test_the_last_place_of_a_team_goes_to_one_of_two_protocols(postgres_stage: Stage) -> None:
    stage = postgres_stage
    with stage.parts.database.desk(stage.desk_id) as session:
        teams.replace_all(session, stage.desk_id, [Team(group_id="1", name="Recovery", capacity=1)], [], stage.now)
    stage.publish(*(for_priority(word) for word in ("low", "urgent")))
    stage.opens(email="nobody@example.com")
    stage.drain()  # access to the helpdesk is renewed once, by one of two
    tickets = [stage.opens(CALM, email=f"{word}@example.com") for word in ("low", "urgent")]
    for ticket, word in zip(tickets, ("low", "urgent"), strict=True):
        stage.edits(ticket, priority=word)
    slowly(stage)
    claims = stage.claim()

    together(2, lambda index: stage.work(claims[index]))

    found = {one.outcome for ticket in tickets for one in stage.decisions(ticket)}
    assert {Outcome.OPEN, Outcome.NO_CAPACITY} <= found
    assert len(stage.rows_of_cases()) == 1


def test_what_fails_on_one_ticket_holds_up_no_other(stage: Stage) -> None:
    stage.settings(lead_emails=["lead@example.com"])
    stage.publish(protocol("Rescue", TASK))
    tickets = [stage.opens(email=f"customer-{number}@example.com") for number in range(2)]
    stage.drain()
    stage.step(days=3)
    failed: list[int] = []
    plan = steps.plan

    def fail_once(*args):
        if not failed:
            failed.append(1)
            raise KeyError("the first one")
        return plan(*args)

    stage.patch.setattr(steps, "plan", fail_once)

    targets.sweep()

    missed = [row.tracked_id for row in stage.rows(StepRow, StepRow.missed_at.is_not(None))]
    assert missed == [stage.tracked(tickets[1]).id]
