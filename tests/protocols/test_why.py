"""Each step, and each step that never was, with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.protocols.protocol import RecoveryProtocol
from app.protocols.why import NOT_PLANNED, WOULD_BE, Made, made_steps, steps_without_case
from app.words import Decision, Outcome
from tests.protocols.make import NOW, protocol

HIGH = {"do": "priority", "to": "high"}
NOTE = {"do": "note", "text": "Call them."}


def made(**values: Any) -> Made:
    defaults: dict[str, Any] = {"action": "1-priority", "do": "priority", "state": "done", "at": NOW}
    return Made(**defaults | values)


def decision(outcome: Outcome, reason: str = "Not eligible: it wants score is at most 40 (it is 72).") -> Decision:
    return Decision(protocol="Example", version_id=1, outcome=outcome, reason=reason)


def reason_of(one: Made) -> str:
    (told,) = made_steps(protocol(), [one])
    return told.reason


@pytest.mark.capability("N15")
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "planned"}, "It is done at the ticket's next look."),
        ({"state": "planned", "not_before": NOW + timedelta(hours=2)}, "It waits until 2031-05-06 14:00 UTC."),
        ({"state": "sending"}, "It was sent, and the helpdesk's answer is not known yet."),
        ({"state": "waiting"}, "It waits for a person."),
        ({"state": "waiting", "owner": "lead", "due_at": NOW}, "It waits for lead, due 2031-05-06 12:00 UTC."),
        ({"state": "done"}, "Done."),
        ({"state": "done", "receipt": "77"}, "Done; the helpdesk's receipt is 77."),
        ({"state": "done", "reason": "the ticket had it already"}, "The ticket had it already."),
        ({"state": "skipped", "reason": "the case expired"}, "The case expired."),
        ({"state": "refused", "reason": "Which group?"}, "Which group?"),
        ({"state": "needs_review"}, "Nobody can find out whether it took effect; a person has to decide."),
        ({"state": "dead"}, "It was tried too often."),
        ({"state": "refused"}, "It is refused."),
    ],
)
def test_every_fate_of_a_step_has_its_reason(values, reason):
    assert reason_of(made(**values)) == reason


def test_a_step_of_the_engine_is_named_though_the_document_has_it_not():
    first, second = made_steps(protocol(), [made(action="0-flag", do="flag"), made()])

    assert (first.says, second.says) == ("Flag", "Raise the priority to high")
    assert (first.state, first.round, first.at) == ("done", 1, NOW)


def test_a_step_that_a_case_never_planned_says_so():
    known: RecoveryProtocol = protocol(actions=[HIGH, NOTE], guardrails={"max_actions": 2})

    _, left_out = made_steps(known, [made()])
    (other,) = made_steps(protocol(), [])

    assert (left_out.state, left_out.reason) == (NOT_PLANNED, "It is beyond the 2 steps that a case may have.")
    assert (other.state, other.reason) == (NOT_PLANNED, "This case did not plan it.")


@pytest.mark.capability("N15")
def test_without_a_case_every_step_says_what_stood_in_its_way():
    known = protocol(actions=[HIGH, NOTE], follow_up={"resurvey": {"after_hours": 24}})

    told = steps_without_case(known, decision(Outcome.NOT_ELIGIBLE), acts=None)

    assert [one.action for one in told] == ["1-priority", "2-note", "resurvey"]
    assert {(one.state, one.reason) for one in told} == {
        (NOT_PLANNED, "Not eligible: it wants score is at most 40 (it is 72).")
    }


def test_a_draft_that_would_open_a_case_says_what_it_would_do_and_that_it_does_not():
    known = protocol(actions=[HIGH, NOTE], guardrails={"max_actions": 2})

    told = steps_without_case(known, decision(Outcome.OPEN), acts="It is a draft: nothing follows from it.")

    assert [(one.state, one.reason) for one in told] == [
        (WOULD_BE, "It is a draft: nothing follows from it."),
        (NOT_PLANNED, "It is beyond the 2 steps that a case may have."),
    ]
