"""What is known of a ticket beside its state: kept sealed, erased with the words, looked back upon for reports."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from app import reports
from app.scoring.causes import conclude
from app.scoring.churn import Stake, churn
from app.scoring.conversation import Running, TicketFacts
from app.scoring.gathering import Gathered, gather
from app.store import early_warnings, erasure, explanations, insights, messages, ratings, scores
from app.store.database import Database
from app.store.models import CauseExample, TrackedTicket
from app.words import Level
from tests.store.factories import (
    DAY,
    HOUR,
    NOW,
    add_message,
    add_person,
    add_score,
    add_ticket,
    all_rows,
    given,
    score,
)

SAID = "My sofa has not arrived and I go to a competitor."


def conclude_on(database: Database, desk_id: int, tracked_id: int) -> None:
    """As the tasks do it, for a ticket on which one thing was said."""
    gathered = gather(Gathered(), "m1", SAID)
    with database.desk(desk_id) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        insights.keep(session, row, insights.Kept(gathered=gathered, says={"tier": "gold"}))
        found = churn(Running.start(), TicketFacts(), gathered, Stake())
        insights.record(session, row, conclude(gathered), found)


def test_what_was_gathered_comes_back_with_its_words(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    conclude_on(database, desk_id, tracked_id)

    with database.desk(desk_id, read=True) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        kept, shown = insights.load(session, row), insights.of_ticket(session, row)

    assert kept.gathered == gather(Gathered(), "m1", SAID)
    assert kept.says == {"tier": "gold"}
    assert (shown.cause_label, shown.cause[0].message_id) == ("Late delivery", "m1")
    assert "competitor" in shown.churn[0].evidence


def test_erasure_takes_the_words_and_leaves_the_numbers(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    add_message(database, desk_id, tracked_id, SAID, id="m1", at=NOW - 100 * DAY)
    conclude_on(database, desk_id, tracked_id)
    with database.desk(desk_id) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        scores.current(session, row, score())
        session.add(CauseExample(desk_id=desk_id, tracked_id=row.id, cause_class="billing", sealed_hashes=b"x", at=NOW))

    with database.desk(desk_id) as session:
        erasure.erase_words(session, NOW - 90 * DAY, now=NOW, strip=lambda running: running)

    with database.desk(desk_id, read=True) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        shown, standing = insights.of_ticket(session, row), scores.standing(session, row)
        assert insights.load(session, row).gathered.quotes == {}
    assert (row.sealed_insight, row.sealed_reasons, all_rows(database, CauseExample)) == (None, None, [])
    assert (shown.cause_label, shown.cause, [one.evidence for one in shown.churn]) == ("Late delivery", [], [""])
    assert standing is not None
    assert [part.evidence for part in standing.contributions] == [""] * len(standing.contributions)
    assert "sofa" not in json.dumps(row.insight)


def test_the_standing_score_comes_back_whole(database: Database, desk_id: int) -> None:
    tracked_id, given_score = add_ticket(database, desk_id), score()
    with database.desk(desk_id) as session:
        scores.current(session, session.get_one(TrackedTicket, tracked_id), given_score)

    with database.desk(desk_id, read=True) as session:
        assert scores.standing(session, session.get_one(TrackedTicket, tracked_id)) == given_score


def test_a_ticket_scored_before_the_columns_were_there_shows_its_last_score(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id, score=31)
    add_score(database, desk_id, tracked_id, "1")

    with database.desk(desk_id, read=True) as session:
        view = explanations.of_ticket(session, session.get_one(TrackedTicket, tracked_id))

    assert view.score is not None
    assert view.score.score == 31
    assert (view.turning, view.explanation is not None) == (None, True)


def test_a_ticket_without_a_score_has_no_explanation(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        view = explanations.of_ticket(session, session.get_one(TrackedTicket, tracked_id))

    assert (view.score, view.explanation, view.turning, view.insight.cause_label) == (None, None, None, "")


def test_the_score_before_is_that_of_the_customers_previous_message(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)
    for number in range(3):
        add_score(database, desk_id, tracked_id, str(number), at=NOW + number * HOUR, p_satisfied=0.3 + number / 10)
    add_score(database, desk_id, tracked_id, at=NOW + 4 * HOUR)

    with database.desk(desk_id, read=True) as session:
        of_message = scores.of_message_before(session, tracked_id, score(at=NOW + 2 * HOUR, p_satisfied=0.5))
        by_time = scores.of_message_before(session, tracked_id, score(at=NOW + 5 * HOUR, p_satisfied=0.2))
        first = scores.of_message_before(session, tracked_id, score(at=NOW, p_satisfied=0.3))

    assert of_message is not None
    assert by_time is not None
    assert (of_message.p_satisfied, by_time.p_satisfied, first) == (0.4, 0.5, None)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"level": Level.POOR}, "earlier"),
        ({"failed_at": NOW}, "earlier"),
        ({"level": Level.GOOD}, None),
        ({"level": Level.POOR, "opened_at": NOW + DAY}, None),
    ],
)
def test_earlier_trouble_is_the_persons_and_earlier(
    database: Database, desk_id: int, columns: dict[str, object], found: str | None
) -> None:
    person_id = add_person(database, desk_id)
    later = add_ticket(database, desk_id, ticket_id="later", person_id=person_id, opened_at=NOW)
    add_ticket(database, desk_id, **{"ticket_id": "earlier", "person_id": person_id, "opened_at": NOW - DAY, **columns})

    with database.desk(desk_id, read=True) as session:
        row = session.get_one(TrackedTicket, later)
        assert insights.earlier_trouble(session, row) == found


def test_a_ticket_of_nobody_has_nothing_before_it(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    with database.desk(desk_id, read=True) as session:
        assert insights.earlier_trouble(session, session.get_one(TrackedTicket, tracked_id)) is None


def rate(database: Database, desk_id: int, tracked_id: int, value: float, at: datetime) -> None:
    with database.desk(desk_id) as session:
        ratings.record(
            session,
            session.get_one(TrackedTicket, tracked_id),
            given(rating_id=f"{tracked_id}-{value}", value=value, at=at),
        )


@pytest.mark.capability("SCO-06")
def test_the_report_looks_back_from_the_first_rating(database: Database, desk_id: int) -> None:
    flagged = add_ticket(database, desk_id, ticket_id="1")
    add_score(database, desk_id, flagged, "1", at=NOW, level=Level.GOOD)
    add_score(database, desk_id, flagged, "2", at=NOW + 2 * HOUR, level=Level.POOR)
    add_score(database, desk_id, flagged, "3", at=NOW + 3 * HOUR, level=Level.POOR)
    add_score(database, desk_id, flagged, "4", at=NOW + 20 * HOUR, level=Level.POOR)
    rate(database, desk_id, flagged, 0.0, NOW + 10 * HOUR)
    rate(database, desk_id, flagged, 1.0, NOW + 30 * HOUR)
    unseen = add_ticket(database, desk_id, ticket_id="2")
    add_score(database, desk_id, unseen, "1", at=NOW, level=Level.GOOD)
    rate(database, desk_id, unseen, 0.25, NOW + HOUR)
    add_ticket(database, desk_id, ticket_id="3")

    with database.desk(desk_id, read=True) as session:
        rows = list(early_warnings.rated_tickets(session))
    report = reports.early(database, desk_id, hours=4, messages=1)

    assert rows == [(0.0, NOW + 10 * HOUR, NOW + 2 * HOUR, 1), (0.25, NOW + HOUR, None, 0)]
    assert (report["badly_rated"], report["flagged"]["count"], report["flagged_in_time"]["count"]) == (2, 1, 1)
    assert report["lead_hours"] == {"tickets": 1, "p10": 8.0, "p50": 8.0, "p90": 8.0}
    assert report["note"].startswith("Only 2 tickets were rated badly")


def test_a_desk_without_ratings_is_told_so(database: Database, desk_id: int) -> None:
    report = reports.early(database, desk_id)

    assert report["note"].startswith("No ticket has been rated badly yet")
    assert report["flagged"] == {"count": 0, "of": 0, "share": None, "low": None, "high": None}


def test_classes_can_be_chosen_by_their_labels(database: Database, desk_id: int) -> None:
    with database.desk(desk_id, read=True) as session:
        known = insights.classes(session, desk_id)

    assert known["shipping_delay"] == "Late delivery"
    assert list(known)[-1] == "unknown"


def test_a_ticket_without_words_is_no_example(database: Database, desk_id: int) -> None:
    tracked_id = add_ticket(database, desk_id)

    with database.desk(desk_id) as session:
        row = session.get_one(TrackedTicket, tracked_id)
        insights.correct(session, row, "billing", None, by="account 1")

        assert not insights.learn(session, row, NOW)
        assert insights.count_corrected(session) == 1
        assert messages.of_ticket(session, tracked_id) == []
