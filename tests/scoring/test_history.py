"""What went before on other tickets: which trouble counts, from when, for how long, and what it does to a score."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.scoring.context import PLAIN
from app.scoring.conversation import Memory, Running, TicketFacts
from app.scoring.engine import score, ticket_readings
from app.scoring.history import Earlier, Present, failed_at, is_mild, topic_of, with_history
from app.scoring.model import Model
from app.words import Cause, Level
from tests.scoring.conversations import NO_FACTS, PRIOR, START, hear, says, talk

EDGE = PRIOR.threshold
DAY = timedelta(days=1)
WEIGHED = replace(
    PRIOR,
    overall={
        **PRIOR.overall,
        "history.mild": {"last": -0.6},
        "history.failures": {"last": -0.5},
        "history.repeat_failure": {"last": -0.8},
    },
)  #: whatever a fitted model makes of them, here other tickets count


def ticket(**values: Any) -> Earlier:
    return Earlier(**{"own": True} | values)


def mild(ago: timedelta = DAY, **values: Any) -> Earlier:
    return ticket(**{"lowest_p": EDGE + 0.05, "lowest_at": START - ago} | values)


def known(*earlier: Earlier, present: Present | None = None, at: datetime = START) -> TicketFacts:
    return with_history(NO_FACTS, present or Present(), earlier, at, EDGE)


def chance(facts: TicketFacts, model: Model = WEIGHED, running: Running | None = None) -> float:
    return score(running or hear(says("Where is my lamp?")), facts, model, START)[0].p_satisfied


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"lowest_p": EDGE - 0.3}, True),
        ({"lowest_p": EDGE + 0.11}, False),
        ({"lowest_p": None}, False),
        ({"lowest_at": None}, False),
        ({"lowest_at": START - 14 * DAY}, False),
        ({"lowest_at": START + DAY}, False),
        ({"failed_at": START - DAY}, False),
        ({"failed_at": START + DAY}, True),
    ],
)
def test_what_was_mild_trouble(change: dict[str, Any], counts: bool) -> None:
    assert is_mild(mild(**change), START, EDGE) is counts


@pytest.mark.capability("DET-11")
def test_the_third_mild_ticket_in_a_fortnight_is_at_higher_risk_than_the_same_words_of_a_new_customer() -> None:
    new, second, third = known(), known(mild()), known(mild(3 * DAY), mild(13 * DAY))

    risks = [1 - chance(facts) for facts in (new, second, third)]

    assert risks[0] < risks[1] < risks[2]
    assert third.mild_tickets == 2


@pytest.mark.capability("DET-11")
def test_mild_tickets_of_an_organisation_add_up_on_their_own() -> None:
    facts = known(mild(), mild(own=False), mild(own=False))

    found = {reading.signal: reading.value for reading in ticket_readings(hear(says("Hi")), facts, START)}

    assert (facts.mild_tickets, facts.mild_around) == (1, 2)
    assert found["history.mild"] == found["history.mild_around"] == pytest.approx(1 / 3)


def test_bad_experiences_of_the_person_count_for_ninety_days_and_never_before_they_happen() -> None:
    facts = known(
        ticket(failed_at=START - DAY),
        ticket(failed_at=START - 89 * DAY),
        ticket(failed_at=START - 90 * DAY),
        ticket(failed_at=START + DAY),
        ticket(own=False, failed_at=START - DAY),
    )

    assert facts.earlier_failures == 2


def running_at(level: Level | None = None, *turns: str) -> Running:
    return replace(hear(*talk(*(turns or ("Where is it?",)))), memory=Memory(level=level))


@pytest.mark.parametrize(
    ("running", "facts", "since"),
    [
        (running_at(), NO_FACTS, None),
        (running_at(Level.POOR), NO_FACTS, None),
        (running_at(), TicketFacts(rating=0.0, rated_at=START - DAY), START - DAY),
        (running_at(), TicketFacts(rating=0.25), START),
        (running_at(), TicketFacts(rating=0.5), None),
        (running_at(Level.POOR), TicketFacts(solved=True, solved_at=START - DAY), START - DAY),
        (running_at(Level.POOR), TicketFacts(solved=True), START),
        (running_at(Level.POOR), TicketFacts(solved=True, rating=1.0), None),
        (running_at(Level.GOOD), TicketFacts(solved=True, solved_at=START), None),
        (running_at(), TicketFacts(reopens=1), START),
        (running_at(None, "Broken", "A: Done.", "Thank you, it works now!"), TicketFacts(reopens=1), None),
    ],
)
def test_what_is_a_bad_experience(running: Running, facts: TicketFacts, since: datetime | None) -> None:
    assert failed_at(running, facts, START) == since


@pytest.mark.capability("DET-14")
def test_the_second_bad_experience_is_a_signal_of_its_own() -> None:
    again = replace(known(ticket(failed_at=START - DAY)), failed=True)
    first, merely_earlier = replace(NO_FACTS, failed=True), known(ticket(failed_at=START - DAY))

    signals = [
        {reading.signal for reading in ticket_readings(hear(says("Hi")), facts, START)}
        for facts in (again, first, merely_earlier)
    ]

    assert ["history.repeat_failure" in found for found in signals] == [True, False, False]
    assert chance(again) < chance(merely_earlier) < chance(NO_FACTS)


def test_thanks_that_open_a_ticket_again_are_no_reopening() -> None:
    thanked, complained = (
        {
            found.signal
            for found in ticket_readings(hear(*talk("Broken", "A: Done.", last)), TicketFacts(reopens=1), START)
        }
        for last in ("Thank you, it works now!", "It broke again.")
    )

    assert "ending.reopened" in complained
    assert "ending.reopened" not in thanked


@pytest.mark.parametrize(
    ("subject", "cause", "solved", "days"),
    [
        ("My lamp flickers", None, START - 3 * DAY, 3),
        ("The lamp flickers again!", None, START - 3 * DAY, 3),
        ("A bill that is too high", None, START - 3 * DAY, None),
        ("A bill that is too high", Cause.PRODUCT_FAULT, START - 3 * DAY, 3),
        ("My lamp flickers", None, START - 30 * DAY, None),
        ("My lamp flickers", None, START + DAY, None),
        ("My lamp flickers", None, None, None),
        ("?", None, START - DAY, None),
    ],
)
@pytest.mark.capability("DET-04")
def test_the_same_matter_soon_after_it_was_solved(
    subject: str, cause: Cause | None, solved: datetime | None, days: float | None
) -> None:
    present = Present(opened_at=START, topic=topic_of("Lamp flickers again"), cause=Cause.PRODUCT_FAULT)

    facts = known(ticket(topic=topic_of(subject), cause=cause, solved_at=solved), present=present)

    assert facts.same_topic_days == days


def test_nothing_is_the_same_matter_by_an_unknown_cause_or_no_words() -> None:
    present = Present(opened_at=START, topic=(), cause=Cause.UNKNOWN)

    facts = known(ticket(topic=(), cause=Cause.UNKNOWN, solved_at=START - DAY), present=present)

    assert facts.same_topic_days is None


def test_the_same_matter_of_somebody_else_is_not_ours() -> None:
    present = Present(opened_at=START, topic=topic_of("Lamp"))

    assert known(ticket(own=False, topic=topic_of("Lamp"), solved_at=START - DAY), present=present) == NO_FACTS


def test_the_latest_solution_of_the_same_matter_counts_and_fades_with_the_days() -> None:
    present = Present(opened_at=START, topic=topic_of("Lamp"))
    older, newer = (ticket(topic=topic_of("Lamp"), solved_at=START - days * DAY) for days in (20, 6))

    facts = known(older, newer, present=present)
    found = {reading.signal: reading for reading in ticket_readings(hear(says("Hi")), facts, START)}

    assert facts.same_topic_days == 6
    assert found["history.same_topic"].value == pytest.approx(0.8)
    assert found["history.same_topic"].evidence == "the same matter was solved 6 days before"


@pytest.mark.parametrize(
    ("facts", "evidence"),
    [
        (TicketFacts(mild_tickets=1), "one other ticket of this person with trouble"),
        (TicketFacts(mild_tickets=2), "2 other tickets of this person with trouble"),
        (TicketFacts(mild_around=9), "9 other tickets of the same organisation with trouble"),
        (TicketFacts(earlier_failures=1), "one bad experience in the last 90 days"),
        (TicketFacts(earlier_failures=9), "9 bad experiences in the last 90 days"),
        (TicketFacts(same_topic_days=0.2), "the same matter was solved less than a day before"),
        (TicketFacts(same_topic_days=1), "the same matter was solved a day before"),
    ],
)
def test_history_is_told_in_words(facts: TicketFacts, evidence: str) -> None:
    (found,) = ticket_readings(hear(says("Hi")), facts, START, PLAIN)

    assert found.evidence == evidence
    assert 0 < found.value <= 1


@pytest.mark.parametrize(
    ("facts", "signal", "value", "evidence"),
    [
        (TicketFacts(reassignments=1), "ending.reassigned", None, ""),
        (TicketFacts(reassignments=2), "ending.reassigned", 1 / 3, "handed over 2 times"),
        (TicketFacts(reassignments=9), "ending.reassigned", 1, "handed over 9 times"),
        (TicketFacts(hold_minutes=5), "ending.held", None, ""),
        (TicketFacts(hold_minutes=10), "ending.held", 0.2, "10 min in a queue or on hold"),
        (TicketFacts(hold_minutes=90), "ending.held", 1, "90 min in a queue or on hold"),
        (TicketFacts(channel="twitter"), "ending.public", 1, "written in public, by twitter"),
        (TicketFacts(channel="email"), "ending.public", None, ""),
    ],
)
@pytest.mark.capability("DET-10")
def test_how_a_ticket_was_handled_counts(facts: TicketFacts, signal: str, value: float | None, evidence: str) -> None:
    found = {reading.signal: reading for reading in ticket_readings(hear(says("Hi")), facts, START)}

    assert found[signal].value == pytest.approx(value) if value else signal not in found
    assert not value or found[signal].evidence == evidence


def earlier(facts: TicketFacts) -> dict[str, tuple[float, str]]:
    found = ticket_readings(hear(says("Hi")), facts, START)
    return {reading.signal: (round(reading.value, 3), reading.evidence) for reading in found}


@pytest.mark.capability("DET-06")
def test_an_organisations_ratings_stand_in_while_a_person_has_few() -> None:
    segment = TicketFacts(segment_rating=0.2, segment_ratings=30)

    none, bad = chance(segment, PRIOR), chance(replace(segment, earlier_ratings=(0.0,)), PRIOR)
    good = chance(replace(segment, earlier_ratings=(1.0,) * 20), PRIOR)

    assert bad < none < chance(NO_FACTS, PRIOR) < good


def test_whose_ratings_they_are_is_said() -> None:
    segment = TicketFacts(segment_rating=0.2, segment_ratings=30)

    assert earlier(segment) == {
        "ending.earlier_low": (0.562, "30 earlier ratings of others in their organisation, lower than usual")
    }
    assert earlier(replace(segment, earlier_ratings=(0.0, 0.0)))["ending.earlier_low"][1] == (
        "2 earlier ratings of this person and 30 earlier ratings of others in their organisation, lower than usual"
    )
    assert earlier(TicketFacts(earlier_ratings=(1.0,)))["ending.earlier_high"][1] == (
        "one earlier rating of this person, higher than usual"
    )
    assert earlier(TicketFacts(earlier_ratings=(0.8,))) == {}
