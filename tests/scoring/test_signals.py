"""The families of signals: what each reads, and when it says nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.scoring.conversation import TicketFacts
from app.scoring.engine import ticket_readings
from app.scoring.language import reads_english
from app.scoring.signals import FAMILIES, REGISTRY
from app.scoring.signals.base import EVIDENCE_LENGTH, clip, quote
from app.scoring.signals.waiting import spoken, strain
from tests.scoring.conversations import START, hear, last_score, parts, readings, says, talk

MANUAL = Path(__file__).parents[2] / "docs" / "signals.md"


def test_every_signal_is_registered_under_its_family() -> None:
    assert len(REGISTRY) == sum(len(family.signals) for family in FAMILIES)
    assert all(name.startswith(f"{signal.family}.") for name, signal in REGISTRY.items())


def test_every_signal_stands_in_the_manual_with_its_description() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \|", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)

    assert dict(rows) == {name: signal.describe for name, signal in REGISTRY.items()}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("You are so kind and helpful", "tone.vader_positive"),
        ("What a dreadful, awful mess", "tone.vader_negative"),
        ("A beautiful and excellent shop", "tone.textblob_positive"),
        ("A boring and disgusting shop", "tone.textblob_negative"),
        ("WHERE IS my PARCEL", "tone.capitals"),
        ("Where is it??!", "tone.punctuation"),
        ("Come on!!!", "tone.punctuation"),
    ],
)
def test_tone_is_read(text: str, signal: str) -> None:
    assert readings(text)[signal].value > 0


def test_the_words_behind_a_tone_are_named() -> None:
    assert readings("What an awful, horrible shop")["tone.vader_negative"].evidence == (
        "words such as “horrible”, “awful”"
    )


def test_a_tone_without_telling_words_quotes_the_text() -> None:
    assert readings("An expensive one")["tone.textblob_negative"].evidence == "“An expensive one”"


@pytest.mark.parametrize("text", ["Order ABC", "A B C", "Fine?", "Fine!"])
def test_abbreviations_and_single_marks_are_no_shouting(text: str) -> None:
    assert not {"tone.capitals", "tone.punctuation"} & readings(text).keys()


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe immer noch keine Antwort und bin sehr böse, das ist schlecht.",
        "Estoy muy enfadado, mi pedido no ha llegado y esto es terrible.",
        "Je ne suis pas content, la commande est en retard et vous ne répondez pas.",
        "我的订单还没有到，太糟糕了",
        "Мой заказ до сих пор не пришёл, ужас",
        "طلبي لم يصل بعد",
    ],
)
def test_no_english_tone_is_heard_in_another_language(text: str) -> None:
    found = readings(text)

    assert str(found["tone.vader_negative"].abstained).endswith(" has no word list yet")
    assert all(reading.value == 0 for name, reading in found.items() if name.startswith(("tone.vader", "tone.text")))


@pytest.mark.parametrize(
    "text", ["", "ok", "🙂", "Where is my order?", "I flew to Los Angeles and Las Vegas with my dog"]
)
def test_short_and_english_texts_may_be_read(text: str) -> None:
    assert reads_english(text)


def test_an_empty_message_abstains() -> None:
    assert readings("> only a quote")["tone.vader_positive"].abstained == "tone: no text"


def test_bare_thanks_have_no_tone_beside_the_act() -> None:
    found = readings("Thank you!")

    assert list(found) == ["acts.thanks_closing"]


def test_saying_the_same_again_is_effort() -> None:
    running = hear(
        *talk("The blue lamp with number 1234 flickers", "A: Noted.", "My blue lamp, number 1234, flickers!")
    )

    assert running.seen.last["effort.repeats"] == 1
    assert running.evidence["effort.repeats"] == "100% of the words were in an earlier message"


def test_messages_of_few_words_are_not_compared() -> None:
    assert "effort.repeats" not in hear(*talk("Lamp 1234", "Lamp 1234")).seen.last


def test_writing_again_without_a_reply_is_effort() -> None:
    running = hear(*talk("Hello?", "Anybody there?", "Hello?"))

    assert running.seen.last["effort.run"] == pytest.approx(2 / 3)
    assert running.evidence["effort.run"] == "3 messages in a row without a reply"


@pytest.mark.parametrize(
    ("reply", "missed"),
    [
        ("The parcel left Tuesday.", False),
        ("Have a lovely afternoon.", True),
        ("Unfortunately we lost the parcel.", True),
        ("Sorry about the parcel.", True),
    ],
)
def test_a_question_is_open_until_a_reply_fits(reply: str, missed: bool) -> None:
    running = hear(*talk("Where is my parcel?", f"A: {reply}", "Well."))

    assert (running.questions, running.unanswered) == (1, int(missed))
    assert running.seen.last.get("effort.unanswered", 0) == float(missed)


def test_our_replies_are_read_as_service() -> None:
    running = hear(*talk("Where is it?", "A: Unfortunately we cannot find the blue parcel.", "And now?"))

    assert running.service["service.refusal"] == 1
    assert running.evidence["service.refusal"] == "our reply: “Unfortunately we cannot find the blue parcel.”"
    assert parts(last_score("Where is it?", "A: Unfortunately not.", "And?"))["service.refusal"] < 0


def test_the_same_reply_twice_is_noticed_and_fades_with_other_replies() -> None:
    reply = "A: Please restart the blue machine twice."

    twice = hear(*talk("Help", reply, "No", reply))
    later = hear(*talk("Help", reply, "No", reply, "No", "A: A technician visits tomorrow morning."))

    assert twice.service["service.repeats"] == 0.5
    assert later.service["service.repeats"] == 0.25


@pytest.mark.parametrize(("hours", "expected"), [(-1, 0), (0, 0), (6, 0.2847), (24, 0.6045), (96, 1), (500, 1)])
def test_waiting_weighs_in_steeply_and_levels_off(hours: float, expected: float) -> None:
    assert strain(hours) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("hours", "words"), [(0.5, "30 min"), (7.2, "7 h"), (100, "4 days")])
def test_hours_are_spoken_as_people_do(hours: float, words: str) -> None:
    assert spoken(hours) == words


def test_waits_are_measured_only_while_the_turn_is_ours() -> None:
    running = hear(
        says("Where is it?"),
        says("Hello?", minutes=60),
        says("On its way.", "agent", minutes=120),
        says("Anything else?", "agent", minutes=180),
        says("It did not come.", minutes=600),
        says("We look.", "agent", minutes=660),
    )

    assert (running.waits.since, running.waits.first_reply, running.waits.next_reply) == (None, 2, 1)
    assert running.waits.total == 3


def test_messages_out_of_order_never_make_a_wait_negative() -> None:
    running = hear(says("Where is it?", minutes=60), says("Here.", "agent", minutes=0))

    assert running.waits.first_reply == 0


def test_the_present_wait_is_spoken_of() -> None:
    found = ticket_readings(hear(says("Where is it?")), TicketFacts(), START + timedelta(hours=7))

    assert [(reading.signal, reading.evidence) for reading in found] == [
        ("waiting.silence", "waiting for a first reply for 7 h")
    ]


@pytest.mark.parametrize(
    ("facts", "signal"),
    [
        (TicketFacts(reopens=1), "ending.reopened"),
        (TicketFacts(reopens=5), "ending.reopened"),
        (TicketFacts(solved=True), "ending.customer_spoke_last"),
        (TicketFacts(priority="Urgent"), "ending.urgent"),
        (TicketFacts(rating=0.0), "ending.rated_low"),
        (TicketFacts(rating=1.0), "ending.rated_high"),
        (TicketFacts(earlier_ratings=(0.0,)), "ending.earlier_low"),
        (TicketFacts(earlier_ratings=(1.0, 1.0)), "ending.earlier_high"),
    ],
)
def test_ticket_facts_are_read(facts: TicketFacts, signal: str) -> None:
    found = {reading.signal: reading for reading in ticket_readings(hear(says("Where is it?")), facts, START)}

    assert 0 < found[signal].value <= 1
    assert found[signal].evidence


def test_a_solution_is_confirmed_by_the_customers_last_words() -> None:
    solved = TicketFacts(solved=True)

    silent = ticket_readings(hear(*talk("Broken", "A: Fixed.")), solved, START)
    thanked = ticket_readings(hear(*talk("Broken", "A: Fixed.", "Thanks, it works now.")), solved, START)

    assert [reading.signal for reading in silent if reading.signal.startswith("ending")] == ["ending.unconfirmed"]
    assert [reading.signal for reading in thanked if reading.signal.startswith("ending")] == []


@pytest.mark.capability("DET-06")
def test_earlier_ratings_shift_the_start_and_a_single_one_only_a_little() -> None:
    none = last_score("Where is my order?").p_satisfied
    one = last_score("Where is my order?", facts=TicketFacts(earlier_ratings=(0.0,))).p_satisfied
    five = last_score("Where is my order?", facts=TicketFacts(earlier_ratings=(0.0,) * 5)).p_satisfied

    assert five < one < none
    assert none - one < 0.05
    assert none - five > 2 * (none - one)


def test_evidence_is_one_line_and_never_longer_than_allowed() -> None:
    text = "word " * 100 + "lawyer" + "\nword" * 100

    piece = quote(text, 500, 506)

    assert "lawyer" in piece
    assert "\n" not in piece
    assert len(piece) <= EVIDENCE_LENGTH
    assert len(quote("x" * 1000)) <= EVIDENCE_LENGTH
    assert clip("y" * 500).endswith("…")


def test_a_word_without_spaces_is_cut_in_the_middle() -> None:
    assert len(quote("x" * 500, 250, 255)) <= EVIDENCE_LENGTH
