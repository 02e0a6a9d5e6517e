"""Calls that were cut off: the helpdesk's log says what became of them, and words are said at most once."""

from __future__ import annotations

import pytest

from app.store import tracked_tickets
from app.store.models import StepState
from app.words import CaseStage
from tests.tasks.stage import ASSIGN, FOLLOW_UP, NOTE, PRIORITY, TAG, Killed, Stage, die, protocol

WORDS = ["Please call this customer."]


def rescued(stage: Stage) -> str:
    """A ticket on which a case with words, a field and a tag is about to be performed."""
    stage.publish(protocol("Rescue", NOTE, PRIORITY, TAG, tags=["fragile"]))
    return stage.opens()


def test_an_answer_that_was_lost_leaves_the_steps_under_way(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.fault("drop_after_write", method="PUT")

    stage.turn()

    assert set(stage.states(ticket).values()) == {"sending"}
    assert stage.tracked(ticket).attempts == 0
    assert stage.comments(ticket, public=False) == WORDS


def test_the_next_look_finds_what_was_done_and_says_nothing_twice(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.fault("drop_after_write", method="PUT")
    stage.turn()
    stage.pass_time(seconds=30)

    with stage.counting() as calls:
        stage.drain()

    assert set(stage.states(ticket).values()) == {"done"}
    assert {row.receipt for row in stage.steps(ticket).values()} == {"found in its log"}
    assert stage.comments(ticket, public=False) == WORDS
    assert stage.case(ticket).stage is CaseStage.FLAGGED
    assert calls.writes == 0


@pytest.mark.parametrize("kind", ["status_after_write", "garbage", "slow_after_write"])
def test_an_answer_that_makes_no_sense_is_looked_up_too(stage: Stage, kind: str) -> None:
    ticket = rescued(stage)
    stage.fault(kind, method="PUT", seconds=2.5)
    stage.turn()

    stage.pass_time(seconds=30)
    stage.drain()

    assert set(stage.states(ticket).values()) == {"done"}
    assert stage.comments(ticket, public=False) == WORDS


def test_words_that_never_arrived_are_said_once_the_quiet_time_is_over(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.fault("drop", method="PUT")
    stage.turn()
    stage.pass_time(seconds=1.5)
    stage.turn()
    still, quiet = stage.states(ticket), stage.comments(ticket, public=False)

    stage.pass_time(seconds=30)
    stage.drain()

    assert set(still.values()) == {"sending"}
    assert quiet == []
    assert set(stage.states(ticket).values()) == {"done"}
    assert stage.comments(ticket, public=False) == WORDS
    assert stage.steps(ticket)["1-note"].attempts == 2


def test_words_of_unknown_fate_twice_are_for_a_person_to_look_at(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.fault("drop", method="PUT", times=2)
    for _ in range(3):
        stage.turn()
        stage.pass_time(seconds=30)

    stage.drain()

    note = stage.steps(ticket)["1-note"]
    assert note.state is StepState.NEEDS_REVIEW
    assert "is it there?" in (note.reason or "")
    assert stage.states(ticket) == {"0-flag": "done", "1-note": "needs_review", "2-priority": "done", "3-tag": "done"}
    assert stage.comments(ticket, public=False) == []


def test_a_refused_call_does_not_count_as_one_of_unknown_fate(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.fault("status", status=429, headers={"Retry-After": "5"}, method="PUT", times=2)
    for _ in range(2):
        stage.turn()
        stage.pass_time(seconds=30)
    refused = stage.steps(ticket)["1-note"].attempts
    stage.fault("drop", method="PUT")
    stage.turn()
    stage.pass_time(seconds=30)

    stage.drain()

    assert refused == 0
    assert stage.states(ticket)["1-note"] == "done"
    assert stage.comments(ticket, public=False) == WORDS


@pytest.mark.parametrize(("before", "after"), [(die, None), (None, die)])
def test_a_process_that_dies_around_the_call_says_its_words_once(stage: Stage, before, after) -> None:
    ticket = rescued(stage)
    stage.on_write(before=before, after=after)
    with pytest.raises(Killed):
        stage.turn()
    during = set(stage.states(ticket).values())

    stage.pass_time(minutes=10)
    stage.drain()

    assert during == {"sending"}
    assert set(stage.states(ticket).values()) == {"done"}
    assert stage.comments(ticket, public=False) == WORDS
    assert stage.tracked(ticket).attempts == 0


def test_a_ticket_whose_handling_kills_the_process_comes_to_an_end(stage: Stage) -> None:
    ticket = rescued(stage)
    stage.on_write(before=die, times=99)
    for _ in range(stage.parts.settings.max_attempts):
        with pytest.raises(Killed):
            stage.turn()
        stage.pass_time(minutes=10)

    stage.drain()

    row = stage.tracked(ticket)
    assert row.dead_at is not None
    assert row.last_error == "the worker died while handling it"


def test_a_late_worker_records_nothing_once_its_lease_is_lost(stage: Stage) -> None:
    ticket = rescued(stage)
    other: list[tracked_tickets.Claim] = []

    def overtake() -> None:
        stage.pass_time(minutes=10)
        other.extend(stage.claim())

    stage.on_write(after=overtake)
    (mine,) = stage.claim()
    stage.work(mine)
    late = set(stage.states(ticket).values())

    stage.work(other[0])

    assert other[0].fence == mine.fence + 1
    assert late == {"sending"}
    assert set(stage.states(ticket).values()) == {"done"}
    assert stage.comments(ticket, public=False) == WORDS


@pytest.mark.parametrize("which", ["stale", "doubled", "of nothing"])
def test_a_hint_that_comes_late_or_twice_does_nothing(stage: Stage, which: str) -> None:
    ticket = rescued(stage)
    (claim,) = stage.claim()
    if which == "stale":
        stage.pass_time(minutes=10)
        (newer,) = stage.claim()
        assert newer.fence > claim.fence
    elif which == "doubled":
        stage.work(claim)
    else:
        claim = tracked_tickets.Claim(desk_id=claim.desk_id, tracked_id=999, fence=1, look=True)
    dirty = stage.tracked(ticket).done

    with stage.counting() as calls:
        stage.work(claim)

    assert (calls.reads, calls.writes) == (0, 0)
    assert stage.tracked(ticket).done == dirty


@pytest.mark.capability("TEA-03")
def test_a_ticket_is_returned_also_when_the_answer_to_its_assignment_was_lost(stage: Stage) -> None:
    stage.publish(protocol("Rescue", ASSIGN, follow_up=FOLLOW_UP))
    first = stage.account.agent_ids[0]
    ticket = stage.opens()
    stage.act(f"tickets/{ticket}/update", assignee_id=first, group_id=stage.account.group_ids["Support"])
    stage.fault("drop_after_write", method="PUT")
    stage.turn()
    stage.pass_time(seconds=30)
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()

    stage.answer_survey(ticket, 5)
    stage.drain()

    shown = stage.shown(ticket)
    assert (shown["group"], shown["assignee_id"]) == ("Support", str(first))


def test_a_solution_seen_before_the_lost_answer_was_found_is_followed_up(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, follow_up=FOLLOW_UP))
    ticket = stage.opens()
    stage.fault("drop_after_write", method="PUT")
    stage.turn()
    stage.solves(ticket)
    stage.pass_time(seconds=30)

    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RESOLVED
    assert len(stage.surveys(ticket)) == 1
