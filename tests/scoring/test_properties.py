"""What holds for every conversation, however odd."""

from __future__ import annotations

import html
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import next_rescore_at, observe, score
from app.scoring.text import clean
from app.words import Score
from tests.scoring.conversations import NO_FACTS, PRIOR, START, hear, last_score, parts, readings, says, scores
from tests.scoring.phrases import LANGUAGES, sentences

SENTENCES = [
    "Where is my order?",
    "Thanks, that works now.",
    "This is ridiculous!!",
    "I want a manager.",
    "No.",
    "ok great",
    "It is still broken",
    "I want to cancel my contract",
    "Never mind",
    "As I said, the blue one",
    "GREAT, another delay",
    "> quoted\nmine",
    "Kind regards,\nSome Body",
    "Automatic reply: away",
    "Das ist nicht gut und ich bin böse",
    "",
    " ",
    "🙂🙂",
    "😡",
    "مرحبا أين طلبي",
    "我很生气",
    "\u200b\u200f",
    "<p>It <b>broke</b></p>",
    "Thanks for nothing",
    "no thanks",
]
TEXTS = st.one_of(st.sampled_from(SENTENCES), st.text(max_size=60))
WRITTEN = [sentence.text for language in LANGUAGES for sentence in sentences(language)]
OPENINGS = {
    "en": "Hello, I ordered a lamp three weeks ago and would like to know where it is.",
    "de": "Guten Tag, ich habe vor drei Wochen eine Lampe bestellt und möchte wissen, wo sie ist.",
    "es": "Buenos días, hace tres semanas pedí una lámpara y quisiera saber dónde está ahora.",
    "fr": "Bonjour, j'ai commandé une lampe il y a trois semaines et je voudrais savoir où elle est.",
}
THANKS = {"en": "Thank you very much!", "de": "Vielen Dank!", "es": "¡Muchas gracias!", "fr": "Merci beaucoup !"}
LEAVING = {"en": "I want to cancel.", "de": "Ich kündige.", "es": "Quiero darme de baja.", "fr": "Je veux résilier."}
QUOTES = [
    "\n\nOn Mon, 2 Mar 2026 at 09:00, Support wrote:\n> Unfortunately this is terrible.\n> Thank you!",
    "\n\nAm 02.03.2026 um 09:00 schrieb Support <support@example.com>:\n> Leider nicht. Ich will kündigen.",
    "\n\n-----Original Message-----\nFrom: Support\nSent: Monday\nTo: You\n\nWe are sorry, I want a manager.",
]
ROLES = st.sampled_from(["customer", "agent", "other"])
MINUTES = st.integers(min_value=-60, max_value=60 * 24 * 9)
UTTERANCES = st.builds(
    lambda text, role, minutes, public: says(text, role, minutes=minutes, public=public),
    TEXTS,
    ROLES,
    MINUTES,
    st.booleans(),
)
TALKS = st.lists(UTTERANCES, max_size=8)
#: The same where word lists can hear what is added: not after scripts and languages that have none.
HEARD = st.one_of(
    st.sampled_from([one for one in SENTENCES if one.isascii()]), st.text(st.characters(max_codepoint=126), max_size=60)
)
HEARD_TALKS = st.lists(
    st.builds(lambda text, role, minutes: says(text, role, minutes=minutes), HEARD, ROLES, MINUTES), max_size=8
)
FACTS = st.builds(
    TicketFacts,
    solved=st.booleans(),
    reopens=st.integers(min_value=0, max_value=9),
    priority=st.sampled_from([None, "urgent", "low"]),
    earlier_ratings=st.lists(st.floats(0, 1), max_size=6).map(tuple),
    rating=st.one_of(st.none(), st.floats(0, 1)),
)

many = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.capability("SCO-02")
@many
@given(talk=TALKS, facts=FACTS)
def test_contributions_add_up(talk: list[Utterance], facts: TicketFacts) -> None:
    found, _ = score(hear(*talk), facts, PRIOR, START)

    total = found.base_logit + sum(part.logit for part in found.contributions)
    assert total == pytest.approx(math.log(found.p_uncalibrated / (1 - found.p_uncalibrated)), abs=1e-9)
    assert 0 <= found.score <= 100
    assert -1 <= found.trend <= 1


@many
@given(talk=TALKS, more=TALKS)
def test_a_score_uses_nothing_after_its_message(talk: list[Utterance], more: list[Utterance]) -> None:
    assert scores(*talk, *more)[: len(talk)] == scores(*talk)


@many
@given(opening=TEXTS, one=TEXTS, other=TEXTS, closing=TEXTS)
def test_agents_words_never_change_the_customers_tone(opening: str, one: str, other: str, closing: str) -> None:
    def tone(reply: str) -> dict[str, float]:
        running = hear(says(opening), says(reply, "agent", minutes=5), says(closing, minutes=9))
        return {name: value for name, value in running.seen.last.items() if name.startswith(("tone.", "acts."))}

    assert tone(one) == tone(other)


def heard_alike(talk: list[Utterance], *last: str) -> list[Score]:
    """The scores after each last message, where all of them are read in one language: with more words it may become
    plain that a text is English, and then all of it is read."""
    talks = [[*talk, says(said, minutes=20_000)] for said in last]
    assume(len({hear(*one).spoken.message for one in talks}) == 1)
    return [scores(*one)[-1] for one in talks]


@many
@given(talk=HEARD_TALKS, text=HEARD)
def test_thanks_never_lower_satisfaction(talk: list[Utterance], text: str) -> None:
    plain, thankful = heard_alike(talk, text, f"{text}\nThank you very much!")

    assert thankful.p_satisfied >= plain.p_satisfied - 1e-12
    assert thankful.p_satisfied_now >= plain.p_satisfied_now - 1e-12


@many
@given(talk=HEARD_TALKS, text=HEARD)
def test_a_cancellation_never_raises_satisfaction(talk: list[Utterance], text: str) -> None:
    plain, leaving = heard_alike(talk, text, f"{text}\nI want to cancel.")

    assert leaving.p_satisfied <= plain.p_satisfied + 1e-12
    assert leaving.p_satisfied_now <= plain.p_satisfied_now + 1e-12


def moved(language: str, text: str, more: str) -> tuple[float, float]:
    """By how much an added sentence moves the two probabilities, in a conversation in that language."""
    plain, added = (scores(says(OPENINGS[language]), says(said))[-1] for said in (text, f"{text}\n{more}"))
    return added.p_satisfied - plain.p_satisfied, added.p_satisfied_now - plain.p_satisfied_now


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_added_to_any_sentence_never_lower_satisfaction(language: str) -> None:
    texts = [sentence.text for sentence in sentences(language)]

    assert [text for text in texts if min(moved(language, text, THANKS[language])) < -1e-12] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cancellation_added_to_any_sentence_never_raises_satisfaction(language: str) -> None:
    texts = [sentence.text for sentence in sentences(language)]

    assert [text for text in texts if max(moved(language, text, LEAVING[language])) > 1e-12] == []


@pytest.mark.capability("DET-02")
@many
@given(text=st.one_of(TEXTS, st.sampled_from(WRITTEN)), quote=st.sampled_from(QUOTES))
def test_quoted_history_changes_no_reading(text: str, quote: str) -> None:
    assert readings(text + quote) == readings(text)


@pytest.mark.capability("DET-02")
@many
@given(text=st.one_of(TEXTS, st.sampled_from(WRITTEN)), quote=st.sampled_from(QUOTES))
def test_a_quotation_in_html_changes_no_reading(text: str, quote: str) -> None:
    own = f"<p>{html.escape(text)}</p>"

    assert readings(f"{own}<blockquote>{html.escape(quote)}</blockquote>") == readings(own)


SCORED = """
import json, sys
from tests.scoring.conversations import hear, says, scores
turns = [says(text, "agent" if number % 3 == 2 else "customer", minutes=number) for number, text in
         enumerate(json.load(sys.stdin))]
found = [[score.p_satisfied, score.p_satisfied_now, score.trend, [[part.signal, part.logit, part.evidence]
         for part in score.contributions]] for score in scores(*turns)]
print(json.dumps([found, hear(*turns).to_json()], sort_keys=True))
"""


def test_equal_input_gives_equal_output_in_every_process() -> None:
    texts = json.dumps(WRITTEN[::9])

    said = {
        subprocess.run(
            [sys.executable, "-c", SCORED],
            input=texts,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2024")
    }

    assert len(said) == 1


@many
@given(talk=TALKS, facts=FACTS)
def test_the_aggregates_survive_their_json_form(talk: list[Utterance], facts: TicketFacts) -> None:
    _, running = score(hear(*talk), facts, PRIOR, START)

    assert Running.from_json(json.loads(json.dumps(running.to_json()))) == running


@many
@given(talk=TALKS, facts=FACTS, now=MINUTES)
def test_the_next_rescore_is_later_and_changes_something(talk: list[Utterance], facts: TicketFacts, now: int) -> None:
    moment = START + timedelta(minutes=now)
    present, running = score(hear(*talk), facts, PRIOR, moment)

    due = next_rescore_at(running, facts, PRIOR, moment)

    if due is not None:
        later, _ = score(running, facts, PRIOR, due)
        assert due > moment
        assert later.p_satisfied < present.p_satisfied


@many
@given(hours=st.lists(st.floats(0, 200), min_size=2, max_size=2).map(sorted))
def test_a_longer_wait_never_raises_the_score(hours: list[float]) -> None:
    running = hear(says("My lamp flickers."))

    short, long = (score(running, NO_FACTS, PRIOR, START + timedelta(hours=count))[0] for count in hours)

    assert long.p_satisfied <= short.p_satisfied


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=300))
def test_any_text_is_cleaned_and_read(text: str) -> None:
    found = readings(text)

    assert clean(text) == clean(text)
    assert all(0 <= reading.value <= 1 and len(reading.evidence) <= 160 for reading in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😡",
        "\u202eabc\u202c",
        "\u200b" * 50,
        "é" * 10_000,
        "!" * 10_000,
        "(" * 10_000,
        "no " * 9_000,
        "\ud800",
        "\x00",
    ],
    ids=["empty", "emoji", "rtl", "zero-width", "accents", "marks", "brackets", "words", "surrogate", "null"],
)
def test_odd_texts_get_a_score(text: str) -> None:
    found = last_score("Hello", "A: Hi", text, "A: Well", text)

    assert 0 < found.p_satisfied < 1


def test_equal_times_and_a_hundred_messages_are_fine() -> None:
    assert len(scores(*[says("Hello?") for _ in range(100)])) == 100


def test_erased_words_leave_the_numbers() -> None:
    running = hear(says("I want a manager, where is it?"))

    erased = running.without_words()

    plain, blank = (score(item, NO_FACTS, PRIOR, START)[0] for item in (running, erased))
    assert parts(blank) == parts(plain)
    assert "manager, where" not in json.dumps(erased.to_json())
    assert {part.evidence for part in blank.contributions} == {""}


def test_aggregates_of_another_format_are_refused() -> None:
    document = {**Running.start().to_json(), "format": 0}

    with pytest.raises(ValueError, match=r"^running aggregates of format 0, expected 1$"):
        Running.from_json(document)


def test_an_unfinished_wait_survives_the_json_form() -> None:
    running = replace(hear(says("Hello?")), customer_run=1)

    again = Running.from_json(json.loads(json.dumps(running.to_json())))

    assert again.waits.since == START
    assert observe(again, says("Well", minutes=5)) == observe(running, says("Well", minutes=5))
