"""Calls that were cut off before they had any effect, on cases that were halted or ended meanwhile: nothing of them is
said any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import rolling_back
from app.store.models import InvitationState, RecoveryCase, StepRow, StepState
from connectors.base import Connector
from tasks import closing, gathering, own_steps, performing
from tasks.claims import TicketClaim
from tasks.closing import ByHand, Ending
from tasks.planning import Context
from tests.tasks.closing import LINK, solved, surveyed
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import FOLLOW_UP, NOTE, PRIORITY, Killed, Stage, die, protocol

REPLY = {"do": "reply", "text": "We have your message and look into it."}
WHY = "Settled by phone."
STOP = {"field": "customer_messages", "operator": "at_least", "value": 2}


def speaking(**guardrails) -> dict[str, object]:
    return {"automation_may_speak": True, **guardrails}


def cut_off(stage: Stage, *actions, **guardrails) -> str:
    """A ticket whose worker died before the first write reached the helpdesk."""
    stage.settings(automation_may_speak=True)
    stage.publish(protocol("Rescue", *(actions or (REPLY,)), guardrails=speaking(**guardrails)))
    ticket = stage.opens()
    interrupt(stage)
    assert set(stage.states(ticket).values()) == {"sending"}
    return ticket


def interrupt(stage: Stage) -> None:
    """The worker dies before the write that is due reaches the helpdesk."""
    stage.on_write(before=die)
    with pytest.raises(Killed):
        stage.turn()


def go_on(stage: Stage) -> None:
    """Once the quiet time is over, whatever is due is done."""
    stage.pass_time(minutes=10)
    stage.drain()


def close(stage: Stage, ticket: str) -> None:
    wanted = ByHand(ending=Ending.ENDED, confirmed=False, reason=WHY, by="lena@example.com")
    with stage.parts.database.desk(stage.desk_id) as session:
        closing.close(session, session.get_one(RecoveryCase, stage.case(ticket).id), wanted, stage.now)


def roll_back(stage: Stage) -> None:
    rolling_back.start(stage.parts, stage.desk_id, "Rescue", to=None, undo=True, by="lena@example.com", reason=WHY)


def ours(stage: Stage, ticket: str) -> list[str]:
    """The public words that the customer did not write."""
    return [text for text in stage.comments(ticket, public=True) if text == REPLY["text"]]


def skipped(step: StepRow) -> str:
    """Why a step was skipped."""
    assert step.state is StepState.SKIPPED
    return step.reason or ""


def test_a_case_that_stopped_meanwhile_says_nothing_and_keeps_its_mark(stage: Stage) -> None:
    ticket = cut_off(stage, stop_when=[STOP])

    stage.says(ticket, "I have bought one elsewhere.")
    go_on(stage)

    assert skipped(stage.steps(ticket)["1-reply"]).startswith("the protocol stops when customer_messages")
    assert ours(stage, ticket) == []
    assert stage.states(ticket)["0-flag"] == "done"
    assert "recovery_open" in stage.tags(ticket)


def test_a_case_that_was_closed_meanwhile_says_nothing_and_is_not_marked_open(stage: Stage) -> None:
    ticket = cut_off(stage)

    close(stage, ticket)
    go_on(stage)

    assert skipped(stage.steps(ticket)["1-reply"]) == "closed by a person, with a reason on record"
    assert ours(stage, ticket) == []
    assert "recovery_open" not in stage.tags(ticket)
    assert stage.states(ticket)[own_steps.EXPIRED] == "done"


def test_a_version_that_was_withdrawn_meanwhile_says_nothing(stage: Stage) -> None:
    ticket = cut_off(stage)

    roll_back(stage)
    go_on(stage)

    assert skipped(stage.steps(ticket)["1-reply"]) == f"rolled back: {WHY}"
    assert ours(stage, ticket) == []
    assert "recovery_open" not in stage.tags(ticket)


def test_a_second_failure_meanwhile_leaves_the_words_to_a_person(stage: Stage) -> None:
    stage.settings(automation_may_speak=True)
    first = surveyed(stage, NOTE)
    rails = speaking(cooldown_hours=0)
    stage.publish(protocol("Rescue", REPLY, PRIORITY, follow_up=FOLLOW_UP, guardrails=rails))
    second = stage.opens()
    interrupt(stage)
    during = stage.states(second)["1-reply"]

    stage.answer_survey(first, 1)
    stage.turn()
    go_on(stage)

    assert during == "sending"
    assert skipped(stage.steps(second)["1-reply"]) == ("left to a person: an earlier recovery of this customer failed")
    assert ours(stage, second) == []
    assert stage.states(second)["2-priority"] == "done"


@pytest.mark.parametrize("end", [close, lambda stage, _: roll_back(stage)])
def test_a_call_that_was_refused_while_the_case_ended_is_not_made_again(
    stage: Stage, end: Callable[[Stage, str], None]
) -> None:
    stage.settings(automation_may_speak=True)
    stage.publish(protocol("Rescue", REPLY, guardrails=speaking()))
    ticket = stage.opens()
    stage.fault("status", status=429, headers={"Retry-After": "5"}, method="PUT")
    stage.on_write(before=lambda: end(stage, ticket))
    stage.turn()

    go_on(stage)

    assert stage.states(ticket)["1-reply"] == "skipped"
    assert ours(stage, ticket) == []


def test_a_case_that_ends_while_its_steps_are_planned_says_nothing(stage: Stage) -> None:
    stage.settings(automation_may_speak=True)
    stage.publish(protocol("Rescue", REPLY, guardrails=speaking()))
    ticket = stage.opens()
    looks = iter([close])

    def meanwhile(claim: TicketClaim, context: Context, connector: Connector) -> Context:
        for end in looks:
            end(stage, ticket)
        return gathering.gather(claim, context, connector)

    stage.patch.setattr(performing, "gather", meanwhile)
    stage.drain()

    assert stage.states(ticket)["1-reply"] == "skipped"
    assert ours(stage, ticket) == []
    assert "recovery_open" not in stage.tags(ticket)


def test_a_survey_comment_of_a_case_that_ended_is_never_posted(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = solved(stage)
    stage.step(hours=25)
    stage.turn()
    interrupt(stage)

    close(stage, ticket)
    go_on(stage)

    (survey,) = stage.surveys(ticket)
    assert survey.state is InvitationState.NOT_SENT
    assert survey.reason == "closed by a person, with a reason on record"
    assert not any(LINK.search(text) for text in stage.comments(ticket, public=True))


@pytest.mark.parametrize("good", [True, False])
def test_what_marks_the_end_of_a_case_is_still_done(stage: Stage, good: bool) -> None:
    ticket = surveyed(stage)
    stage.answer_survey(ticket, 5 if good else 1)
    interrupt(stage)
    assert stage.states(ticket)["outcome"] == "sending"

    go_on(stage)

    assert stage.states(ticket)["outcome"] == "done"
    assert ("recovery_recovered" if good else "recovery_lost") in stage.tags(ticket)
