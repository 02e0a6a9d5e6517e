"""Our replies as quality of resolution, and what the conversation costs the customer because of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import observe, ticket_readings
from app.scoring.signals import Reading
from tests.scoring.conversations import START, hear, says, talk


def read_last(*turns: str) -> dict[str, Reading]:
    """What is found in the last of these turns."""
    *before, last = talk(*turns)
    return {reading.signal: reading for reading in observe(hear(*before), last)[1]}


@pytest.mark.parametrize(
    ("reply", "signal"),
    [
        ("As per our policy, opened items cannot be returned.", "policy_wall"),
        ("I'm afraid there is nothing more we can do.", "policy_wall"),
        ("Please see our terms and conditions.", "policy_wall"),
        ("I have forwarded your case to the billing team.", "handover"),
        ("Please contact the manufacturer.", "handover"),
        ("I am transferring you to another department.", "handover"),
        ("Your request has been received.", "template"),
        ("We value your feedback.", "template"),
        ("A member of our team will be in touch.", "template"),
        ("I understand how annoying that is.", "acknowledges"),
        ("You are right, that should not have happened.", "acknowledges"),
        ("I've looked into it and issued a new invoice.", "ownership"),
        ("That was our mistake.", "ownership"),
        ("You'll receive the replacement soon.", "next_step"),
        ("Please restart it, then open the settings; here is how.", "next_step"),
        ("We will call you tomorrow.", "promise"),
        ("I am sorry.", "apology"),
        ("Unfortunately not.", "refusal"),
        ("It has been refunded.", "confirmation"),
    ],
)
def test_a_reply_is_read_and_quoted(reply: str, signal: str) -> None:
    found = read_last("Hello", f"A: {reply}")[f"service.{signal}"]

    assert 0 < found.value <= 1
    assert found.evidence.startswith("our reply")


@pytest.mark.parametrize(
    ("reply", "signal"),
    [
        ("I cancelled the order.", "policy_wall"),
        ("The parcel is with the courier.", "handover"),
        ("The parcel left our warehouse at noon.", "template"),
        ("Can you tell me the colour?", "asks_again"),
        ("It arrived yesterday.", "promise"),
        ("Leider können wir Ihnen da nicht helfen, das ist nicht möglich.", "refusal"),
    ],
)
def test_a_reply_shows_no_more_than_it_says(reply: str, signal: str) -> None:
    assert f"service.{signal}" not in read_last("Hello", f"A: {reply}")


def test_stock_phrases_make_a_template_in_full_from_two() -> None:
    one = read_last("Hi", "A: Thank you for contacting us.")["service.template"]
    two = read_last("Hi", "A: Thank you for contacting us. Rest assured we are on it.")["service.template"]

    assert (one.value, two.value) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("reply", "answers"),
    [
        ("The parcel left on Tuesday.", True),
        ("Have a lovely day.", False),
        ("Unfortunately the parcel is lost.", False),
        ("We value your feedback about the parcel. Rest assured.", False),
    ],
)
def test_a_reply_answers_the_open_question_or_does_not(reply: str, *, answers: bool) -> None:
    found = read_last("Where is my parcel?", f"A: {reply}")

    assert ("service.answers" in found) is answers
    assert hear(*talk("Where is my parcel?", f"A: {reply}")).unanswered == (not answers)


def test_without_a_question_nothing_is_answered() -> None:
    assert "service.answers" not in read_last("My parcel is late.", "A: The parcel left on Tuesday.")


def test_the_first_apology_does_not_count_against_us_but_more_do() -> None:
    sorry = "A: I am sorry about the blue lamp."

    once = read_last("Hi", sorry)
    often = read_last("Hi", sorry, "And?", "A: Sorry again.", "And?", "A: Sorry, really.")

    assert "service.apologies" not in once
    assert often["service.apologies"].value == pytest.approx(2 / 3)
    assert often["service.apologies"].evidence == "our apology number 3"


@pytest.mark.capability("DET-10")
def test_asking_for_what_was_given_names_the_message_that_gave_it() -> None:
    found = read_last("My order number is 4711223.", "A: Could you give me your order number?")["service.asks_again"]

    assert found.messages == ("customer-0",)
    assert found.evidence == "our reply asks for the order number, which the customer gave already"


@pytest.mark.capability("DET-10")
@pytest.mark.parametrize(
    ("turns", "messages"),
    [
        (
            ("It is late.", "A: Please send the order number.", "4711223", "A: Your order number, please?", "4711223!"),
            ("customer-20", "customer-40"),
        ),
        (("Order 4711223.", "A: Please send the order number.", "It is 4711223."), ("customer-0", "customer-20")),
    ],
    ids=["asked for twice", "given before it was asked for"],
)
def test_an_identifier_asked_for_twice_yields_both_messages(turns: tuple[str, ...], messages: tuple[str, str]) -> None:
    found = read_last(*turns)["effort.identifier_again"]

    assert found.value == 1
    assert found.messages == messages
    assert found.evidence == "gives the order number again, after we asked for it"


def test_repeating_an_identifier_unasked_is_half_the_effort() -> None:
    found = read_last("Order 4711223 is late.", "A: We look.", "Order 4711223, any news?")["effort.identifier_again"]

    assert (found.value, found.evidence) == (0.5, "gives the order number again")


def overdue(running: Running, facts: TicketFacts, days: float) -> bool:
    """Whether a promise reads as overdue so many days after the start, a Monday morning."""
    found = ticket_readings(running, facts, START + timedelta(days=days))
    return any(reading.signal == "service.overdue" for reading in found)


def test_a_promise_is_overdue_when_its_day_has_passed() -> None:
    running = hear(*talk("Where is it?", "A: It will be there by Wednesday."))

    assert [overdue(running, TicketFacts(), days) for days in (1, 2, 3, 30)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        (says("It is here, thanks!", minutes=60), TicketFacts()),
        (says("It has been delivered.", "agent", minutes=60 * 24 * 4), TicketFacts()),
        (says("Fine.", minutes=60), TicketFacts(solved=True)),
    ],
    ids=["the customer is content", "we wrote since", "solved"],
)
def test_a_promise_that_was_seen_to_is_not_overdue(more: Utterance, facts: TicketFacts) -> None:
    before = talk("Where is it?", "A: It will be there by Wednesday.")

    assert not overdue(hear(*before, more), facts, 5)
