"""Examples and labels: one per ticket, one opinion per person, handed out in the order of time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.store import examples, labels
from app.store.database import Database
from app.store.models import Message, RatingRow, ScoreRow
from app.words import Direction, Level, SatState
from tests.store.factories import HOUR, NOW, add_desk, add_ticket


def rate(database: Database, desk_id: int, tracked_id: int, value: float, at: datetime = NOW, turns: int = 1) -> None:
    with database.desk(desk_id) as session:
        rating = RatingRow(
            desk_id=desk_id, tracked_id=tracked_id, rating_id=f"{tracked_id}-{value}-{at}", value=value, original="x",
            scale="1-5", at=at,
        )  # fmt: skip
        session.add(rating)
        session.flush()
        examples.record(session, rating, examples.Snapshot(inputs={"a.b/last": value}, customer_turns=turns, score=31))


def add_score(session: Session, desk_id: int, tracked_id: int, level: Level = Level.GOOD) -> ScoreRow:
    state = SatState.GOOD_IMPROVING if level is Level.GOOD else SatState.POOR_WORSENING
    row = ScoreRow(
        desk_id=desk_id, tracked_id=tracked_id, message_id=None, because="time", at=NOW, p_satisfied=0.8,
        p_satisfied_now=0.8, trend=0.0, score=80, level=level, direction=Direction.NONE, state=state,
        provisional=True, base_logit=1.0, p_uncalibrated=0.8, model="m", calibrated=False, factors={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def stored(database: Database, desk_id: int) -> list[examples.Stored]:
    with database.desk(desk_id, read=True) as session:
        return list(examples.oldest_first(session))


def test_a_ticket_is_one_example(database: Database, desk_id: int) -> None:
    tracked = add_ticket(database, desk_id)
    rate(database, desk_id, tracked, 0.0)
    rate(database, desk_id, tracked, 1.0, NOW + HOUR, turns=2)

    assert [one.value for one in stored(database, desk_id)] == [0.0]


def test_a_correction_before_another_word_counts(database: Database, desk_id: int) -> None:
    tracked = add_ticket(database, desk_id)
    rate(database, desk_id, tracked, 0.0)
    rate(database, desk_id, tracked, 1.0, NOW + HOUR)

    assert [one.value for one in stored(database, desk_id)] == [1.0]


def test_examples_and_labels_come_merged_in_the_order_of_time(
    database: Database, desk_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "PAGE", 2)
    tickets = [add_ticket(database, desk_id) for _ in range(5)]
    for number, tracked in enumerate(tickets):
        rate(database, desk_id, tracked, 1.0, NOW + number // 2 * HOUR)
    for number, tracked in enumerate(tickets[:3]):
        with database.desk(desk_id) as session:
            score = add_score(session, desk_id, tracked)
            opinion = labels.Opinion(agrees=True, by="agent:1", inputs={})
            labels.record(session, score, opinion, NOW + number * HOUR + timedelta(minutes=1))

    found = stored(database, desk_id)

    assert [one.at for one in found] == sorted(one.at for one in found)
    assert (len(found), sum(one.label for one in found)) == (8, 3)


@pytest.mark.parametrize(
    ("level", "agrees", "satisfied"),
    [(Level.GOOD, True, True), (Level.GOOD, False, False), (Level.POOR, True, False), (Level.POOR, False, True)],
)
def test_what_an_opinion_says_of_the_customer(
    database: Database, desk_id: int, level: Level, agrees: bool, satisfied: bool
) -> None:
    tracked = add_ticket(database, desk_id)

    with database.desk(desk_id) as session:
        score = add_score(session, desk_id, tracked, level)
        label = labels.record(session, score, labels.Opinion(agrees=agrees, by="agent:1", inputs={}), NOW)

        assert label.satisfied is satisfied


def test_a_second_thought_replaces_the_first(database: Database, desk_id: int) -> None:
    tracked = add_ticket(database, desk_id)

    with database.desk(desk_id) as session:
        score = add_score(session, desk_id, tracked)
        for agrees, by in ((True, "agent:1"), (False, "agent:1"), (True, "agent:2")):
            labels.record(session, score, labels.Opinion(agrees=agrees, by=by, inputs={}), NOW)

        assert labels.count(session) == 2
        first = labels.find(session, score.id, "agent:1")
        assert first is not None
        assert not first.agrees


def test_only_what_the_customer_had_written_by_then_is_read(database: Database, desk_id: int) -> None:
    tracked = add_ticket(database, desk_id)
    said = [
        ("customer", True, 0),
        ("agent", True, 1),
        ("customer", False, 2),
        ("customer", True, 3),
        ("customer", True, 9),
    ]
    with database.desk(desk_id) as session:
        for number, (author, public, hour) in enumerate(said):
            session.add(
                Message(
                    desk_id=desk_id,
                    tracked_id=tracked,
                    message_id=str(number),
                    author=author,
                    author_id="1",
                    public=public,
                    at=NOW + hour * HOUR,
                    sealed_text=database.vault.seal(f"word {number}"),
                )
            )
        session.flush()

        assert examples.words(session, tracked, NOW + 5 * HOUR) == ["word 0", "word 3"]
        assert examples.words(session, tracked, None) == ["word 0", "word 3", "word 4"]


def test_conversations_are_counted_by_tens_of_their_score(database: Database, desk_id: int) -> None:
    rate(database, desk_id, add_ticket(database, desk_id, score=90, solved_at=NOW), 1.0)
    for score in (5, 95, 100):
        add_ticket(database, desk_id, score=score, solved_at=NOW)
    add_ticket(database, desk_id, score=95)
    other = add_desk(database, "Other shop")
    rate(database, other, add_ticket(database, other, score=10), 1.0)

    with database.desk(desk_id, read=True) as session:
        assert examples.rated_by_score(session) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        assert examples.solved_by_score(session) == [1, 0, 0, 1, 0, 0, 0, 0, 0, 2]


def test_ratings_below_the_middle_are_counted(database: Database, desk_id: int) -> None:
    for value in (0.0, 0.25, 0.5, 1.0):
        rate(database, desk_id, add_ticket(database, desk_id), value)

    with database.desk(desk_id, read=True) as session:
        assert (examples.count(session), examples.dissatisfied(session)) == (4, 2)
