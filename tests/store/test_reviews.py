"""Reviews: a person's word settles what the engine cannot; of two people one decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.store import reviews
from app.store.database import Database
from app.store.models import Invitation, InvitationState, StepRow, StepState
from tests import seeds
from tests.seeds import NOW, Seeded


@pytest.fixture
def story(database: Database, desk_id: int) -> Seeded:
    return seeds.add_story(database, desk_id)


Decide = Callable[[Session, Seeded], int | None]

DECISIONS: dict[str, Decide] = {
    "confirm a step": lambda session, story: reviews.confirm_step(session, story.stuck_step_id, NOW),
    "repeat a step": lambda session, story: reviews.repeat_step(session, story.stuck_step_id, NOW),
    "confirm a survey": lambda session, story: reviews.confirm_invitation(session, story.stuck_invitation_id, NOW),
    "repeat a survey": lambda session, story: reviews.repeat_invitation(session, story.stuck_invitation_id),
    "leave a step": lambda session, story: reviews.leave_step(session, story.stuck_step_id, NOW),
    "leave a survey": lambda session, story: reviews.leave_invitation(session, story.stuck_invitation_id),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_the_first_word_counts_and_the_second_does_not(database: Database, story: Seeded, name: str) -> None:
    with database.desk(story.desk_id) as session:
        first = DECISIONS[name](session, story)
    with database.desk(story.desk_id) as session:
        second = DECISIONS[name](session, story)

    assert first == story.case_id
    assert second is None


@pytest.mark.parametrize("name", DECISIONS)
def test_another_desks_word_counts_nothing(database: Database, story: Seeded, name: str) -> None:
    other = seeds.add_desk(database, "Second shop")

    with database.desk(other) as session:
        decided = DECISIONS[name](session, story)

    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(StepRow, story.stuck_step_id).state is StepState.NEEDS_REVIEW
        assert session.get_one(Invitation, story.stuck_invitation_id).state is InvitationState.NEEDS_REVIEW
    assert decided is None


def test_what_was_given_up_can_be_repeated_but_not_confirmed(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id) as session:
        session.get_one(StepRow, story.stuck_step_id).state = StepState.DEAD

    with database.desk(story.desk_id) as session:
        confirmed = reviews.confirm_step(session, story.stuck_step_id, NOW)
        repeated = reviews.repeat_step(session, story.stuck_step_id, NOW)

    assert (confirmed, repeated) == (None, story.case_id)


def test_what_is_done_is_never_repeated(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id) as session:
        session.get_one(StepRow, story.stuck_step_id).state = StepState.DONE

    with database.desk(story.desk_id) as session:
        assert reviews.repeat_step(session, story.stuck_step_id, NOW) is None


def test_what_waits_is_listed_with_its_ticket_and_protocol(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        found = reviews.undecided(session)

    assert [one.row.id for one in found] == [story.stuck_step_id, story.stuck_invitation_id]
    assert {(one.ticket_id, one.protocol) for one in found} == {(story.ticket_id, "Late parcel")}


def test_what_was_left_waits_no_more(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id) as session:
        reviews.leave_step(session, story.stuck_step_id, NOW)
        reviews.leave_invitation(session, story.stuck_invitation_id)

    with database.desk(story.desk_id, read=True) as session:
        assert reviews.undecided(session) == []
        assert session.get_one(StepRow, story.stuck_step_id).state is StepState.SKIPPED
        assert session.get_one(Invitation, story.stuck_invitation_id).state is InvitationState.NOT_SENT


def test_a_survey_that_a_left_step_would_have_posted_is_not_sent(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id) as session:
        session.get_one(StepRow, story.stuck_step_id).params = {"invitation_id": story.stuck_invitation_id}
        session.get_one(Invitation, story.stuck_invitation_id).state = InvitationState.HANDED_OVER

    with database.desk(story.desk_id) as session:
        reviews.leave_step(session, story.stuck_step_id, NOW)

    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(Invitation, story.stuck_invitation_id).state is InvitationState.NOT_SENT
