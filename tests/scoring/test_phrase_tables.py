"""The tables of sentences: every expectation holds, or stands in the list of known failures, which is kept true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.scoring.conversation import Running
from app.scoring.engine import observe
from app.scoring.signals import REGISTRY, acts, tone
from app.scoring.signals.base import Heard, Reading
from tests.scoring.conversations import says
from tests.scoring.phrases import LANGUAGES, Sentence, known_failures, sentences

MANUAL = Path(__file__).parents[2] / "docs" / "signals.md"
ALL = [sentence for language in LANGUAGES for sentence in sentences(language)]
ENOUGH = {"en": 300, "de": 40, "es": 40, "fr": 40}


def found_in(sentence: Sentence) -> set[str]:
    """Names of the acts read. English goes the whole way of an opening message; the others say their language.

    One short sentence is too little to tell a language by, which is tested with longer texts elsewhere.
    """
    if sentence.language == "en":
        readings = observe(Running.start(), says(sentence.text))[1]
    else:
        readings = tuple(acts.read(heard_in(sentence)))
    return {short(reading) for reading in readings if not reading.abstained}


def heard_in(sentence: Sentence) -> Heard:
    """The sentence as a message of a person known to write its language."""
    rest = acts.without_formulas(sentence.text, sentence.language)
    return Heard(text=sentence.text, rest=rest, english=False, language=sentence.language)


def short(reading: Reading) -> str:
    return reading.signal.removeprefix("acts.")


@pytest.mark.capability("DET-03")
@pytest.mark.parametrize("sentence", ALL, ids=[f"{sentence.language}: {sentence.text}" for sentence in ALL])
def test_a_sentence_is_heard_as_expected_or_its_failure_is_listed(sentence: Sentence) -> None:
    failures = sentence.failures(found_in(sentence))

    assert failures == known_failures().get((sentence.language, sentence.text), frozenset())


@pytest.mark.capability("DET-02")
@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_no_english_tone_is_heard_in_other_languages(language: str) -> None:
    for sentence in sentences(language):
        listed = [reading for reading in tone.read(heard_in(sentence)) if reading.signal in tone.WORD_LISTS]

        assert {reading.signal for reading in listed if reading.abstained} == set(tone.WORD_LISTS), sentence.text


@pytest.mark.parametrize("language", ["ru", "zh", "pt", "und"])
def test_a_language_without_a_list_has_no_acts_and_says_so(language: str) -> None:
    heard = Heard(text="Great, my lawyer!", rest="Great, my lawyer!", english=False, language=language)

    assert [reading.abstained for reading in acts.read(heard)] == [acts.NO_LIST]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_sentences_and_none_twice(language: str) -> None:
    texts = [sentence.text for sentence in sentences(language)]

    assert len(texts) >= ENOUGH[language]
    assert len(set(texts)) == len(texts)


def test_expectations_name_signals_that_exist() -> None:
    named = {signal for sentence in ALL for signal in sentence.present | sentence.absent}

    assert sorted(signal for signal in named if signal not in REGISTRY and f"acts.{signal}" not in REGISTRY) == []


def test_known_failures_are_sentences_of_the_tables() -> None:
    texts = {(sentence.language, sentence.text) for sentence in ALL}

    assert sorted(set(known_failures()) - texts) == []


def test_the_manual_shows_every_known_failure() -> None:
    shown = set(re.findall(r"^\| (\w\w) \| (.+?) \| (.+?) \|$", MANUAL.read_text(encoding="utf-8"), re.MULTILINE))

    assert shown == {
        (language, text, ", ".join(sorted(failures))) for (language, text), failures in known_failures().items()
    }
