"""A person's step that the engine does in their stead goes out once, by the way of all steps."""

from __future__ import annotations

import pytest

from app.clock import real_now
from app.store import chores, tracked_tickets
from app.store.models import StepState
from tests.store.factories import together
from tests.tasks.stage import Stage
from tests.tasks.test_casework import opened

DRAFT = {"do": "draft", "text": "Dear customer, we are on it.", "owner": "agent"}


def delegate(stage: Stage, ticket: str) -> int | None:
    """Press the button; the case's id for whoever was first."""
    step = stage.steps(ticket)["1-draft"]
    with stage.parts.database.desk(step.desk_id) as session:
        case_id = chores.delegate(session, step.id, "agent:9")
        tracked_tickets.wake(session, step.tracked_id, real_now())
    return case_id


@pytest.mark.capability("PRO-03")
def test_a_draft_that_waits_for_an_agent_is_written_when_they_ask_for_it(stage: Stage) -> None:
    ticket = opened(stage, DRAFT)
    before = stage.comments(ticket, public=False)

    delegate(stage, ticket)
    stage.drain()

    step = stage.steps(ticket)["1-draft"]
    assert before == []
    assert (step.state, step.done_by) == (StepState.DONE, "agent:9")
    assert [text.count("we are on it") for text in stage.comments(ticket, public=False)] == [1]


@pytest.mark.capability("PRO-03")
def test_two_who_ask_at_once_have_it_written_once(stage: Stage) -> None:
    ticket = opened(stage, DRAFT)

    first = together(4, lambda _: delegate(stage, ticket))
    stage.drain()
    later = delegate(stage, ticket)
    stage.drain()

    assert sorted(one is not None for one in first) == [False, False, False, True]
    assert later is None
    assert len(stage.comments(ticket, public=False)) == 1
