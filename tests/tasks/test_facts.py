"""What scoring is told beside the messages: other tickets, hand-overs, mapped fields, each as it was known then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from app.clock import real_now
from app.scoring.conversation import Running, TicketFacts
from app.store.models import RatingRow, TrackedTicket
from connectors.ticket import Person, Ticket, TicketStatus
from tasks import facts, upkeep
from tasks.facts import Past
from tests.tasks.stage import CUSTOMER, NOTE, START, Stage, protocol

AGAIN = protocol(
    "Second disappointment",
    NOTE,
    criteria={"all": [{"field": "repeat_failure", "operator": "is", "value": True}]},
)


def told(stage: Stage, ticket: str) -> TicketFacts:
    """What scoring would be told now."""
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        row = session.get_one(TrackedTicket, stage.tracked(ticket).id)
        past = Past.of(session, row, stage.now, stage.parts.models.prior.threshold)
        return facts.at_message(row, past, stage.now)


def change(stage: Stage, ticket: str, **columns: Any) -> None:
    """As if it had gone like this."""
    with stage.parts.database.desk(stage.desk_id) as session:
        row = session.get_one(TrackedTicket, stage.tracked(ticket).id)
        for name, value in columns.items():
            setattr(row, name, value)


def read(**values: Any) -> Ticket:
    """A ticket as read."""
    defaults: dict[str, Any] = {
        "id": "7",
        "subject": "Lamp",
        "status": TicketStatus.OPEN,
        "priority": None,
        "channel": "web",
        "requester": Person(id="55"),
        "assignee_id": None,
        "group_id": None,
        "created_at": START,
        "updated_at": START,
        "stamp": "x",
    }
    return Ticket(**defaults | values)


def described(*looks: Ticket, **fields: str) -> TrackedTicket:
    """The row after these looks."""
    row = TrackedTicket(desk_id=1, ticket_id="7", reassignments=0)
    for ticket in looks:
        facts.describe(row, ticket, fields)
        row.assignee_id, row.group_id = ticket.assignee_id, ticket.group_id
    return row


@pytest.mark.capability("DET-11")
def test_mild_trouble_on_other_tickets_is_known_for_a_fortnight(stage: Stage) -> None:
    stage.publish()
    first = stage.opens("My lamp flickers.")
    second = stage.opens("My chair wobbles.")
    third = stage.opens("My table is scratched.")
    stage.drain()
    for ticket in (first, second):
        change(stage, ticket, lowest_p=stage.parts.models.prior.threshold + 0.05)

    now = told(stage, third)
    stage.step(days=14)

    assert now.mild_tickets == 2
    assert told(stage, third).mild_tickets == 0


def test_how_low_a_ticket_went_is_kept_when_it_recovers(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens("My lamp is broken, this is awful and I am very angry.")
    stage.drain()
    low = stage.tracked(ticket)
    stage.answers(ticket)
    stage.says(ticket, "Thank you so much, that is wonderful, it works now!")

    stage.drain()

    after = stage.tracked(ticket)
    assert low.lowest_p == low.p_satisfied
    assert (after.lowest_p, after.lowest_at) == (low.lowest_p, low.lowest_at)
    assert after.p_satisfied is not None
    assert after.p_satisfied > (after.lowest_p or 1)


@pytest.mark.capability("DET-14")
def test_a_second_bad_experience_fires_a_protocol_though_its_score_would_not(stage: Stage) -> None:
    stage.publish(AGAIN)
    first = stage.opens("Where is my lamp?")
    stage.solves(first)
    stage.rates(first, 1)
    second = stage.opens("Your shop is wonderful, I love the new chair! Could you tell me when it will arrive?")
    stage.drain()
    before = stage.cases(second)
    stage.answers(second)
    stage.solves(second)
    stage.drain()

    stage.says(second, "Perfect, you are wonderful and so helpful, I love it! Could you look at the lamp once more?")
    stage.drain()

    row = stage.tracked(second)
    assert before == []
    assert stage.cases(first) == []
    assert row.level == "good"
    assert (row.earlier_failures, row.failed_at) == (1, stage.messages(second)[-1].at)
    assert stage.case(second).stage == "flagged"


def test_a_first_bad_experience_fires_nothing_of_that_kind(stage: Stage) -> None:
    stage.publish(AGAIN)
    ticket = stage.opens("Where is my lamp?")
    stage.solves(ticket)
    stage.rates(ticket, 1)

    stage.drain()

    assert stage.tracked(ticket).failed_at is not None
    assert stage.cases(ticket) == []


def test_bad_experiences_count_for_their_person_and_for_ninety_days(stage: Stage) -> None:
    stage.publish()
    bad = stage.opens("Where is my lamp?")
    stage.solves(bad)
    stage.rates(bad, 1)
    stage.drain()
    same = stage.opens("Where is my chair?")
    other = stage.opens("Where is my chair?", email="other@example.com")
    stage.drain()

    known = told(stage, same).earlier_failures, told(stage, other).earlier_failures
    stage.step(days=90)

    assert known == (1, 0)
    assert told(stage, same).earlier_failures == 0


@pytest.mark.capability("DET-04")
def test_the_same_matter_soon_after_it_was_solved_is_noticed(stage: Stage) -> None:
    stage.publish()
    first = stage.opens("My lamp flickers.")
    stage.solves(first)
    stage.drain()
    stage.step(days=2)

    again = stage.opens("The lamp flickers again.")
    stage.drain()

    days = told(stage, again).same_topic_days
    assert days is not None
    assert 1.9 < days < 2.1
    assert told(stage, first).same_topic_days is None


def test_the_words_of_a_topic_go_with_the_other_words(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens("My lamp flickers.")
    stage.drain()
    kept = stage.tracked(ticket).topic
    stage.step(days=stage.parts.settings.text_days + 1)

    upkeep.forget()

    assert kept
    assert all(isinstance(word, int) for word in kept)
    assert stage.tracked(ticket).topic is None


@pytest.mark.capability("DET-06")
def test_ratings_of_others_in_the_organisation_are_known_beside_the_persons_own(stage: Stage) -> None:
    stage.publish()
    rated = {stage.opens(email=f"{name}@example.com"): score for name, score in (("one", 1), ("two", 5), ("me", 2))}
    stage.drain()
    for ticket, score in rated.items():
        stage.solves(ticket)
        stage.rates(ticket, score)
    ours = stage.opens("Where is my lamp?", email="me@example.com")
    stage.drain()
    change(stage, ours, organization_id="300")
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(RatingRow).values(organization_id="300"))

    known = told(stage, ours)

    assert known.earlier_ratings == (0.25,)
    assert (known.segment_rating, known.segment_ratings) == (0.5, 2)


@pytest.mark.parametrize(
    ("looks", "count"),
    [
        ([{}, {"assignee_id": "1"}], 0),
        ([{"assignee_id": "1"}, {"assignee_id": "2"}], 1),
        ([{"group_id": "1"}, {"group_id": "2"}], 1),
        ([{"group_id": "1", "assignee_id": "1"}, {"group_id": "2", "assignee_id": "2"}], 1),
        ([{"group_id": "1"}, {"group_id": "2"}, {"group_id": "1"}], 2),
        ([{"assignee_id": "1"}, {}], 0),
    ],
)
def test_hand_overs_are_changes_of_who_has_the_ticket(looks: list[dict[str, str]], count: int) -> None:
    assert described(*(read(**look) for look in looks)).reassignments == count


def test_our_own_assignment_is_no_hand_over(stage: Stage) -> None:
    stage.publish(protocol("Rescue", {"do": "assign", "group": "Recovery", "to": "group"}))
    ticket = stage.opens()
    stage.drain()
    stage.happened(ticket)
    stage.drain()
    ours = stage.tracked(ticket).reassignments

    stage.edits(ticket, group_id=stage.account.group_ids["Retention"])
    stage.drain()

    assert ours == 0
    assert stage.tracked(ticket).reassignments == 1


@pytest.mark.parametrize(
    ("value", "minutes"),
    [(12, 12.0), ("12.5", 12.5), (None, None), ("long", None), (-1, None), (1e9, None), ("nan", None)],
)
@pytest.mark.capability("DET-10")
def test_a_mapped_field_tells_the_time_on_hold(value: Any, minutes: float | None) -> None:
    assert described(read(custom_fields={"360": value}), hold_minutes="360").hold_minutes == minutes


@pytest.mark.parametrize(
    ("value", "vendor"), [(" Example Lamps ", "Example Lamps"), ("", None), (None, None), (7, "7")]
)
def test_a_mapped_field_tells_the_vendor(value: Any, vendor: str | None) -> None:
    assert described(read(custom_fields={"361": value}), vendor="361").vendor_field == vendor


def test_fields_that_nobody_mapped_say_nothing() -> None:
    row = described(read(custom_fields={"360": 12, "": 13}))

    assert (row.hold_minutes, row.vendor_field) == (None, None)


def test_a_rating_given_after_a_message_was_not_known_then(stage: Stage) -> None:
    stage.publish()
    rated = stage.opens("Where is my lamp?")
    stage.solves(rated)
    later = stage.opens("Where is my chair?")
    stage.drain()
    asked = stage.messages(later)[0].at
    stage.rates(rated, 1)
    stage.drain()

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        row = session.get_one(TrackedTicket, stage.tracked(later).id)
        past = Past.of(session, row, stage.now, stage.parts.models.prior.threshold)
        then, now = facts.at_message(row, past, asked), facts.at_message(row, past, stage.now + timedelta(minutes=1))

    assert (then.earlier_ratings, then.earlier_failures) == ((), 0)
    assert (now.earlier_ratings, now.earlier_failures) == ((0.0,), 1)


def test_a_person_of_a_thousand_tickets_is_no_burden(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens("Where is my lamp?", email=CUSTOMER)
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        person_id = stage.tracked(ticket).person_id
        for number in range(1_000):
            session.add(
                TrackedTicket(
                    desk_id=stage.desk_id,
                    ticket_id=f"old-{number}",
                    person_id=person_id,
                    scored_at=stage.now,
                    lowest_p=0.5,
                    lowest_at=stage.now,
                )
            )

    began = real_now()
    known = told(stage, ticket)

    assert known.mild_tickets == 200
    assert real_now() - began < timedelta(seconds=1)


def test_what_went_before_costs_few_queries(stage: Stage) -> None:
    stage.publish()
    ticket = stage.opens("Where is my lamp?")
    stage.drain()
    asked: list[str] = []
    with stage.parts.database.desk(stage.desk_id) as session:
        row = session.get_one(TrackedTicket, stage.tracked(ticket).id)
        session.flush()
        event.listen(stage.parts.database.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))

        past = Past.of(session, row, stage.now, stage.parts.models.prior.threshold)
        facts.standing(session, row, past, Running.start(), stage.now)
        alone = len(asked)
        row.organization_id = "300"
        session.flush()
        asked.clear()
        Past.of(session, row, stage.now, stage.parts.models.prior.threshold)

    assert alone == 3
    assert len(asked) == 3
