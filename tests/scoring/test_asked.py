"""What was given, asked for and promised: noticed across messages, and kept without the identifiers themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.scoring.asked import MOST, Asked, wanted_in
from app.scoring.conversation import Running
from app.scoring.promises import due_at, promises, words_of
from tests.scoring.conversations import START, hear, talk

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def given(text: str, *, before: str = "") -> list[str]:
    """The kinds of identifier in a customer's words, after a reply of ours."""
    asked = Asked().replied(before, START, {}).heard(text, "m1")
    return [one.kind for one in asked.given]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("My order number is AB-4711-22.", "order number"),
        ("Order #88213 is late.", "order number"),
        ("You can reach me at someone@example.com", "e-mail address"),
        ("The serial no. is on the back: SN99-A1203.", "serial number"),
        ("My phone is +49 30 1234567.", "phone number"),
        ("Tracking: 1Z999AA10123456784", "tracking number"),
        ("invoice 2026-00817", "invoice number"),
        ("zip code 90210-1234", "postcode"),
        ("It says 4455667 on the box.", "number"),
    ],
)
def test_an_identifier_is_noticed_with_its_kind(text: str, kind: str) -> None:
    assert given(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "I bought it in 2024.",
        "On 12/05/2026 at 10:30.",
        "On 2026-03-02.",
        "It cost 49.90.",
        "We are 12.",
        "a" * 3000,
        "",
    ],
)
def test_years_dates_prices_and_counts_are_no_identifiers(text: str) -> None:
    assert given(text) == []


def test_a_bare_number_is_of_the_one_kind_we_asked_for() -> None:
    assert given("4711223", before="Could you send me the booking number?") == ["booking number"]
    assert given("4711223", before="Please send the order number and the serial number.") == ["number"]


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        ("Could you please provide your order number and e-mail address?", ("order number", "e-mail address")),
        ("What is the serial number?", ("serial number",)),
        ("May I have your phone number? And please tell me your postcode.", ("phone number", "postcode")),
        ("We need your account number.", ("account number",)),
        ("Thank you for your order number.", ()),
        ("I have your tracking number here, please wait.", ()),
        ("I have sent it to your e-mail address.", ()),
        ("Please reply to this email.", ()),
        ("Your order number is 4711.", ()),
    ],
)
def test_what_a_reply_asks_for(reply: str, kinds: tuple[str, ...]) -> None:
    assert wanted_in(reply) == kinds


def test_the_same_identifier_in_another_spelling_is_the_same() -> None:
    asked = Asked().heard("Order AB-4711-22", "m1").heard("again: ab471122", "m2")

    assert asked.again == ("m1", "m2")
    assert not asked.on_request


def test_an_identifier_twice_in_one_message_is_not_given_again() -> None:
    assert Asked().heard("Order 4711223, that is 4711223", "m1").again == ()


def test_given_again_on_request_is_told_from_given_again_unasked() -> None:
    asked = Asked().heard("Order 4711223, phone 030 5556667", "m1").replied("Please send your order number.", START, {})

    assert asked.heard("phone 030 5556667", "m2").on_request is False
    assert asked.heard("030 5556667 and 4711223", "m2").on_request is True


def test_only_so_many_identifiers_are_kept() -> None:
    asked = Asked().heard(" ".join(f"order {number}" for number in range(10_000, 10_040)), "m1")

    assert len(asked.given) == MOST


@pytest.mark.capability("DET-10")
def test_the_identifiers_themselves_are_not_kept() -> None:
    running = hear(*talk("My order 4711223, mail someone@example.com", "A: Please send the order number.", "4711223"))

    kept = json.dumps({**running.to_json(), "evidence": {}})
    assert "4711223" not in kept
    assert "someone" not in kept
    assert running.without_words().asked.given == ()


def test_aggregates_stored_before_there_was_any_of_this_still_load() -> None:
    document = hear(*talk("My order 4711223", "A: I will call you tomorrow.")).to_json()
    old = {name: value for name, value in document.items() if name != "asked"}

    assert Running.from_json(document).asked.due is not None
    assert Running.from_json(old).asked == Asked()


@pytest.mark.parametrize(
    ("reply", "due"),
    [
        ("I'll get back to you within 24 hours.", MONDAY + timedelta(hours=24)),
        ("You will receive it in 3-5 business days.", datetime(2026, 3, 9, 23, 59, tzinfo=UTC)),
        ("Your refund should arrive within two weeks.", datetime(2026, 3, 16, 23, 59, tzinfo=UTC)),
        ("We’ll ship it in three days.", datetime(2026, 3, 5, 23, 59, tzinfo=UTC)),
        ("I will call you tomorrow.", datetime(2026, 3, 3, 23, 59, tzinfo=UTC)),
        ("It will be done today.", datetime(2026, 3, 2, 23, 59, tzinfo=UTC)),
        ("It will be there by Friday.", datetime(2026, 3, 6, 23, 59, tzinfo=UTC)),
        ("You'll have it next Monday.", datetime(2026, 3, 9, 23, 59, tzinfo=UTC)),
        ("You will hear from us by the end of the week.", datetime(2026, 3, 6, 23, 59, tzinfo=UTC)),
        ("I'll call tomorrow. It will arrive by Friday.", datetime(2026, 3, 6, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_promise_is_due_when_it_says(reply: str, due: datetime) -> None:
    assert due_at(reply, MONDAY) == due


@pytest.mark.parametrize("reply", ["We received it today.", "I will look into it.", "It came within 24 hours.", ""])
def test_no_time_or_no_future_is_no_promise(reply: str) -> None:
    assert not promises(reply)


@pytest.mark.parametrize(
    ("reply", "days", "is_open"),
    [("Any news soon.", 1, True), ("Any news soon.", 9, False), ("It is done.", 1, False)],
    ids=["a reply before it is due", "a reply after it was due", "a reply that says it is done"],
)
def test_a_promise_stays_open_until_it_is_kept_or_a_later_reply_comes(reply: str, days: int, *, is_open: bool) -> None:
    asked = Asked().replied("I will send it by Friday.", MONDAY, {})

    found = {"service.confirmation": float("done" in reply)}
    later = asked.replied(reply, MONDAY + timedelta(days=days), found)

    assert (later.due is not None) is is_open
    assert later.promises == 1


def test_the_words_of_a_promise_are_its_sentences_alone() -> None:
    reply = "Sorry about that! We will write by Friday. Your parcel came today. I'll call you tomorrow."

    assert words_of(reply, START) == "We will write by Friday … I'll call you tomorrow"
    assert words_of("It came today.", START) == ""
