"""Stories: one timeline of everything that happened on a ticket."""

from __future__ import annotations

import pytest

from app.store import decisions, stories, tracked_tickets
from app.store.database import Database
from app.store.desks import NotFound
from app.store.stories import Kind
from app.words import Decision, Outcome
from tests import seeds
from tests.seeds import Seeded


@pytest.fixture
def story(database: Database, desk_id: int) -> Seeded:
    return seeds.add_story(database, desk_id)


def test_a_case_tells_everything_in_the_order_of_time(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        told = stories.of_case(session, story.case_id)

    times = [entry.at for entry in told.entries]
    assert times == sorted(times)
    assert {entry.kind for entry in told.entries} == set(Kind) - {Kind.SCORE, Kind.PERSON}
    assert (told.subject, told.customer, told.protocol, told.version) == (
        "Where is my parcel?",
        "Mira Muster",
        "Late parcel",
        1,
    )


def test_scores_stand_with_their_messages_and_tell_their_change(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        told = stories.of_case(session, story.case_id)

    changes = [entry.score.change for entry in told.entries if entry.score is not None]
    strongest = told.scores[-1].reasons[0]
    assert changes == [None, -27]
    assert (strongest.signal, strongest.evidence) == ("acts.repeat_contact", "This is the third time I write")


def test_a_long_ticket_shows_its_newest_messages(
    database: Database, story: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "LONGEST", 1)

    with database.desk(story.desk_id, read=True) as session:
        told = stories.of_case(session, story.case_id)

    said = [entry.text for entry in told.entries if entry.kind is Kind.MESSAGE]
    assert said == ["This is the third time I write. I want my money back!"]
    assert told.hidden_messages == 2


def test_a_ticket_without_a_case_has_a_story_too(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, story.quiet_ticket_id)
        assert tracked is not None
        told = stories.of_ticket(session, tracked)

    assert [entry.kind for entry in told.entries] == [Kind.MESSAGE, Kind.DECISION]
    assert told.cases == []


def test_a_ticket_tells_what_happened_in_its_cases(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, story.ticket_id)
        assert tracked is not None
        told = stories.of_ticket(session, tracked)

    assert {Kind.STEP, Kind.INVITATION, Kind.STAGE} <= {entry.kind for entry in told.entries}


def test_a_standing_has_the_open_cases_steps(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id, read=True) as session:
        standing = stories.standing(session, story.ticket_id)

    assert standing is not None
    assert standing.protocol == "Late parcel"
    assert [step.do for step in standing.steps] == ["assign", "tag", "note", "alert"]


def test_another_desk_knows_nothing_of_it(database: Database, story: Seeded) -> None:
    other = seeds.add_desk(database, "Second shop")

    with database.desk(other, read=True) as session:
        assert stories.standing(session, story.ticket_id) is None
        with pytest.raises(NotFound):
            stories.of_case(session, story.case_id)


def test_what_a_shadow_said_is_told_as_that_and_is_no_protocols_last_word(database: Database, story: Seeded) -> None:
    with database.desk(story.desk_id) as session:
        tracked = tracked_tickets.find_by_ticket(session, story.quiet_ticket_id)
        assert tracked is not None
        (spoken,) = decisions.of_ticket(session, tracked.id)
        said = Decision("Late parcel", spoken.version_id, Outcome.OPEN, "The criteria hold.")
        decisions.record(session, tracked, said, case_id=None, at=seeds.NOW, shadow=True)

    with database.desk(story.desk_id, read=True) as session:
        told = stories.of_ticket(session, tracked)
        last = stories.last_decisions(session, tracked.id)

    assert [one.title for one in told.entries if one.kind is Kind.DECISION] == [
        "Late parcel", "Late parcel (only watching)",
    ]  # fmt: skip
    assert [row.outcome for _, row in last] == [Outcome.NOT_ELIGIBLE]
