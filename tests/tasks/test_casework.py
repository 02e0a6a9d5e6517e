"""Casework: people's steps, the clock of a case, what stops automation, and what people change back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.store.models import HumanOverride, StepState
from app.words import CaseStage
from tasks import own_steps, targets
from tests.tasks.closing import surveyed
from tests.tasks.stage import ANGRY, ASSIGN, CALM, FOLLOW_UP, NOTE, PRIORITY, TAG, Stage, protocol

CALL = {"do": "note", "text": "Call.", "owner": "agent", "within_hours": 2}
REPLY = {**CALL, "done_when": "public_reply"}
LEADS = ["lead@example.com"]


def opened(stage: Stage, *actions, **values) -> str:
    """A ticket with a case of this protocol."""
    stage.settings(lead_emails=LEADS)
    stage.publish(protocol("Rescue", *(actions or (NOTE,)), **values))
    ticket = stage.opens()
    stage.drain()
    return ticket


def told(stage: Stage) -> list[str]:
    """The subjects of what the lead was told."""
    return [mail["subject"] for mail in stage.mails(LEADS[0])]


@pytest.mark.capability("PRO-04")
def test_a_persons_step_waits_for_its_owner_with_a_deadline(stage: Stage) -> None:
    ticket = opened(stage, CALL, TAG, tags=["fragile"])

    step = stage.steps(ticket)["1-note"]
    assert (step.state, step.owner) == (StepState.WAITING, "agent")
    assert step.due_at == stage.case(ticket).opened_at + timedelta(hours=2)
    assert stage.states(ticket)["2-tag"] == "done"
    assert stage.comments(ticket, public=False) == []


def test_a_deadline_counts_working_hours(stage: Stage) -> None:
    stage.settings(calendar={"zone": "UTC", "week": {"monday": "09:00-10:00", "tuesday": "09:00-17:00"}})

    ticket = opened(stage, CALL)

    case = stage.case(ticket)
    later = stage.steps(ticket)["1-note"].due_at
    assert later is not None
    assert later - case.opened_at == timedelta(hours=25)  # what is left of Monday's hour, then from Tuesday 09:00


@pytest.mark.capability("PRO-04")
@pytest.mark.parametrize(
    ("done_when", "act"),
    [("public_reply", "answers"), ("solved", "solves")],
)
def test_a_step_is_done_when_the_ticket_shows_it(stage: Stage, done_when: str, act: str) -> None:
    ticket = opened(stage, {**CALL, "done_when": done_when})
    stage.notes(ticket, "I am on it.")
    stage.drain()
    before = stage.states(ticket)["1-note"]

    getattr(stage, act)(ticket)
    stage.drain()

    step = stage.steps(ticket)["1-note"]
    assert before == "waiting"
    assert (step.state, step.reason, step.done_by) == (StepState.DONE, "seen on the ticket", None)


def test_an_assignee_ends_a_step_that_waits_for_one(stage: Stage) -> None:
    ticket = opened(
        stage, {**CALL, "done_when": "assigned"}, {"do": "assign", "group": "Recovery", "to": "least_loaded"}
    )

    stage.happened(ticket)
    stage.drain()

    assert stage.states(ticket)["1-note"] == "done"


def test_a_step_that_is_to_be_ticked_off_is_never_seen_on_the_ticket(stage: Stage) -> None:
    ticket = opened(stage, {**CALL, "done_when": "ticked"})

    stage.answers(ticket)
    stage.drain()

    assert stage.states(ticket)["1-note"] == "waiting"


def test_what_people_still_had_to_do_ends_with_the_case(stage: Stage) -> None:
    ticket = surveyed(stage, CALL)
    before = stage.states(ticket)["1-note"]

    stage.answer_survey(ticket, 5)
    stage.drain()

    step = stage.steps(ticket)["1-note"]
    assert before == "waiting"
    assert (step.state, step.reason) == (StepState.SKIPPED, "the customer answered the survey")


@pytest.mark.capability("PRO-04")
def test_an_overdue_step_is_told_to_the_leads_once(stage: Stage) -> None:
    ticket = opened(stage, CALL)
    stage.step(hours=3)

    for _ in range(2):
        targets.sweep()
        stage.drain()

    assert told(stage) == [f"A step is overdue on ticket {ticket}"]
    assert stage.steps(ticket)["1-note"].missed_at == stage.now
    assert stage.states(ticket)["1-note"] == "waiting"


def test_what_people_had_to_do_on_a_merged_ticket_is_told_to_nobody(stage: Stage) -> None:
    ticket = opened(stage, CALL)
    target = stage.opens()
    stage.drain()
    stage.act(f"tickets/{ticket}/merge", into=int(target))
    stage.happened(ticket, "ticket.merged")
    stage.drain()
    stage.step(hours=3)

    targets.sweep()
    stage.drain()

    step = stage.steps(ticket)["1-note"]
    assert step.state is StepState.SKIPPED
    assert (step.reason or "").startswith(f"merged into ticket {target}")
    assert told(stage) == [f"A step is overdue on ticket {target}"]


@pytest.mark.capability("PRO-07")
def test_a_first_touch_that_does_not_come_in_time_is_told(stage: Stage) -> None:
    ticket = opened(stage, targets={"first_touch_minutes": 30, "recovery_hours": 8})
    case = stage.case(ticket)
    targets.sweep()
    before = told(stage)
    stage.step(minutes=31)

    targets.sweep()
    stage.drain()

    assert case.touch_due_at == case.opened_at + timedelta(minutes=30)
    assert before == []
    assert told(stage) == [f"Nobody has answered on ticket {ticket} in time"]
    assert stage.case(ticket).touch_missed_at == stage.now


@pytest.mark.capability("PRO-07")
def test_a_first_touch_in_time_is_no_breach(stage: Stage) -> None:
    ticket = opened(stage, targets={"first_touch_minutes": 30})
    stage.answers(ticket)
    stage.drain()
    stage.step(minutes=60)

    targets.sweep()

    assert stage.case(ticket).touch_missed_at is None


@pytest.mark.capability("PRO-07")
def test_a_touch_that_came_late_is_on_record_and_wakes_nobody(stage: Stage) -> None:
    ticket = opened(stage, targets={"first_touch_minutes": 30})
    stage.step(minutes=45)
    stage.answers(ticket)
    stage.drain()

    targets.sweep()
    stage.drain()

    assert stage.case(ticket).touch_missed_at is not None
    assert told(stage) == []


@pytest.mark.capability("PRO-07")
def test_a_recovery_that_takes_too_long_is_told(stage: Stage) -> None:
    ticket = opened(stage, targets={"recovery_hours": 8})
    stage.answers(ticket)
    stage.drain()
    stage.step(hours=9)

    targets.sweep()
    stage.drain()

    assert told(stage) == [f"The recovery on ticket {ticket} takes longer than its target"]
    assert stage.case(ticket).recover_missed_at == stage.now


@pytest.mark.capability("TEA-10")
def test_an_unknown_cause_gets_the_default_protocol_an_owner_and_a_clock(stage: Stage) -> None:
    ticket = opened(stage, NOTE, cause="unknown")

    case, step = stage.case(ticket), stage.steps(ticket)[own_steps.TAKE_IT]
    assert stage.tracked(ticket).assignee_id is None
    assert (step.state, step.owner, step.due_at) == (StepState.WAITING, "lead", case.touch_due_at)
    assert case.touch_due_at is not None
    assert case.recover_due_at is not None


@pytest.mark.capability("TEA-10")
def test_whoever_takes_a_ticket_that_nobody_had_owns_the_case(stage: Stage) -> None:
    ticket = opened(stage, NOTE, cause="unknown")
    agent = str(stage.account.agent_ids[1])

    stage.edits(ticket, assignee_id=agent)
    stage.drain()

    assert stage.case(ticket).owner_id == agent
    assert stage.states(ticket)[own_steps.TAKE_IT] == "done"


def test_conditions_that_stop_a_protocol_skip_what_is_planned(stage: Stage) -> None:
    angry = {"field": "customer_messages", "operator": "at_least", "value": 1}

    ticket = opened(stage, NOTE, CALL, guardrails={"stop_when": [angry]})

    steps = stage.steps(ticket)
    assert stage.states(ticket) == {"0-flag": "done", "1-note": "skipped", "2-note": "waiting"}
    assert steps["1-note"].reason == "the protocol stops when customer_messages is at least 1 (it is 1)"
    assert stage.case(ticket).halted_at is not None


def test_a_stopped_case_asks_the_customer_nothing(stage: Stage) -> None:
    replied = {"field": "agent_messages", "operator": "at_least", "value": 1}
    ticket = opened(stage, NOTE, guardrails={"stop_when": [replied]}, follow_up=FOLLOW_UP)

    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RESOLVED
    assert stage.surveys(ticket) == []


@pytest.mark.capability("N10")
def test_a_second_failure_takes_the_case_from_the_machine(stage: Stage) -> None:
    macro = {"do": "macro", "macro": "Recovery: acknowledge and take over"}
    stage.settings(lead_emails=LEADS)
    stage.publish(protocol("Rescue", macro, ASSIGN, follow_up=FOLLOW_UP, guardrails={"cooldown_hours": 0}))
    first = stage.opens()
    stage.drain()
    stage.answers(first)
    stage.solves(first)
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    stage.answer_survey(first, 1)
    stage.drain()

    second = stage.opens("And now the shade is missing.")
    stage.drain()

    steps = stage.steps(second)
    assert stage.states(first)["1-macro"] == "done"
    assert (steps["1-macro"].state, steps["2-assign"].state) == (StepState.SKIPPED, StepState.DONE)
    assert steps["1-macro"].reason == "left to a person: an earlier recovery of this customer failed"
    assert (steps[own_steps.IN_PERSON].state, steps[own_steps.IN_PERSON].owner) == (StepState.WAITING, "lead")
    assert f"Ticket {second} needs a person" in told(stage)
    assert len(stage.comments(second, public=True)) == 1


@pytest.mark.capability("N10")
def test_the_brake_sets_the_clock_anew_in_an_open_case(stage: Stage) -> None:
    ticket = opened(stage, NOTE, targets={"first_touch_minutes": 30})
    promised = stage.case(ticket).touch_due_at
    stage.publish(protocol("Never", NOTE, criteria={"all": [{"field": "score", "operator": "below", "value": 1}]}))
    other = surveyed_badly(stage)

    stage.happened(ticket)
    stage.drain()

    case = stage.case(ticket)
    assert stage.case(other).stage is CaseStage.LOST
    assert stage.states(ticket)[own_steps.IN_PERSON] == "waiting"
    assert promised is not None
    assert case.touch_due_at is not None
    assert case.touch_due_at > promised


def surveyed_badly(stage: Stage) -> str:
    """Another ticket of the customer whose recovery failed."""
    other = surveyed(stage)
    stage.answer_survey(other, 1)
    stage.drain()
    return other


def test_what_a_person_changes_back_is_kept_as_a_label(stage: Stage) -> None:
    ticket = opened(stage, PRIORITY, TAG, tags=["fragile"])

    stage.edits(ticket, priority="low", remove_tags=["fragile"])
    stage.drain()

    found = {row.field: (row.ours, row.theirs) for row in stage.rows(HumanOverride)}
    assert found == {"priority": ("high", "low"), "tag:fragile": ("set", "not set")}


def test_a_label_is_kept_once(stage: Stage) -> None:
    ticket = opened(stage, PRIORITY)
    for priority in ("low", "normal"):
        stage.edits(ticket, priority=priority)
        stage.drain()

    assert [(row.ours, row.theirs) for row in stage.rows(HumanOverride)] == [("high", "low")]


def test_our_tags_expire_some_days_after_the_case_was_closed(stage: Stage) -> None:
    ticket = surveyed_with_tags(stage)
    stage.edits(ticket, additional_tags=["theirs"])
    stage.drain()
    targets.sweep()
    stage.drain()
    before = stage.tags(ticket)
    stage.step(days=8)

    targets.sweep()
    stage.drain()

    assert {"fragile", "recovery_recovered"} <= before
    assert not {"fragile", "recovery_recovered"} & stage.tags(ticket)
    assert "theirs" in stage.tags(ticket)
    assert stage.states(ticket)[own_steps.UNTAG] == "done"


def surveyed_with_tags(stage: Stage) -> str:
    stage.publish(protocol("Rescue", TAG, tags=["fragile"], guardrails={"tags_expire_days": 7}, follow_up=FOLLOW_UP))
    ticket = stage.opens(CALM)
    stage.drain()
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    stage.answer_survey(ticket, 5)
    stage.drain()
    return ticket


def test_angry_words_have_a_tone(stage: Stage) -> None:
    unfriendly = {"all": [{"field": "sentiment", "operator": "below", "value": -0.1}]}
    stage.publish(protocol("Tone", NOTE, criteria=unfriendly))
    angry, calm = stage.opens(ANGRY), stage.opens(CALM, email="other@example.com")

    stage.drain()

    assert len(stage.cases(angry)) == 1
    assert stage.cases(calm) == []


SORRY = {"do": "macro", "macro": "Recovery: acknowledge and take over"}


@pytest.mark.capability("N9")
def test_a_second_apology_to_the_same_customer_is_withheld(stage: Stage) -> None:
    stage.publish(protocol("Rescue", SORRY, NOTE, guardrails={"max_apologies": 1}))
    first, second = stage.opens(), stage.opens("And the shade is missing.")
    stage.drain()
    other = stage.opens(email="other@example.com")

    stage.drain()

    step = stage.steps(second)["1-macro"]
    assert "sorry" in stage.comments(first, public=True)[-1].lower()
    assert (step.state, step.reason) == (
        StepState.SKIPPED, "withheld: it apologises, and this protocol allows 1 apology to one customer"
    )  # fmt: skip
    assert stage.states(second)["2-note"] == "done"
    assert stage.states(other)["1-macro"] == "done"


def test_a_case_that_goes_round_in_circles_is_left_to_its_people(stage: Stage) -> None:
    ticket = opened(stage, NOTE, guardrails={"max_rounds": 2}, follow_up=FOLLOW_UP)
    for _ in range(3):
        stage.answers(ticket)
        stage.solves(ticket)
        stage.drain()
        stage.says(ticket, "No, it is not!")
        stage.drain()

    case = stage.case(ticket)
    assert (case.round, case.halted_because) == (4, "it has had its 2 rounds")
    assert told(stage) == [f"Automation has stopped on ticket {ticket}"]
    assert {row.state.value for row in stage.surveys(ticket)} == {"cancelled"}


def test_a_task_waits_for_its_agent_and_reaches_nobody(stage: Stage) -> None:
    task = {"do": "task", "text": "Call {{ customer | them }}.", "within_hours": 1}

    ticket = opened(stage, task)

    step = stage.steps(ticket)["1-task"]
    assert (step.state, step.owner) == (StepState.WAITING, "agent")
    assert [len(stage.comments(ticket, public=public)) for public in (True, False)] == [1, 0]


@pytest.mark.capability("TEA-10")
def test_a_refused_assignment_asks_a_lead_to_take_the_ticket(stage: Stage) -> None:
    ticket = opened(stage, {"do": "assign", "group": "No such group", "to": "group"})
    before = set(stage.steps(ticket))

    for _ in range(2):
        stage.says(ticket, "Hello?")
        stage.drain()

    tracked = stage.tracked(ticket)
    assert (tracked.group_id, tracked.assignee_id) == (None, None)
    assert own_steps.TAKE_IT not in before
    assert stage.states(ticket)[own_steps.TAKE_IT] == "waiting"
    assert sum(row.do == own_steps.TAKE_IT for row in stage.steps(ticket).values()) == 1
