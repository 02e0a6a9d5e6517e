"""The lists of phrases: complete for English, small for others, whole words, apostrophes as people write them."""

from __future__ import annotations

import time

import pytest

from app.scoring.lexicon import AGENT, LEXICONS
from app.scoring.signals import REGISTRY, acts
from app.scoring.signals.base import Heard

HOSTILE = {
    "one letter": "a" * 3_000,
    "conditions": "if " * 1_000,
    "never": "never order " * 250,
    "have been": "i have been " * 250,
    "negations": "not " * 750,
    "still": "still not " * 300,
    "relatives": "husband has has " * 190,
    "apostrophes": "'’" * 1_500,
}


def found(text: str, language: str = "en") -> set[str]:
    """Names of the acts in a text of that language."""
    rest = acts.without_formulas(text, language)
    heard = Heard(text=text, rest=rest, english=language == "en", language=language)
    return {reading.signal for reading in acts.read(heard)}


def test_every_act_has_an_english_list() -> None:
    assert {act.name for act in acts.ACTS} | {"thanks"} == set(LEXICONS["en"])


@pytest.mark.parametrize("language", sorted(set(LEXICONS) - {"en"}))
def test_other_languages_list_some_of_the_same_acts(language: str) -> None:
    assert set(LEXICONS[language]) < set(LEXICONS["en"])
    assert {"thanks", "cancel", "legal", "manager", "repeat_contact", "still_broken", "anger"} <= set(
        LEXICONS[language]
    )


def test_every_list_of_our_side_is_a_signal() -> None:
    assert {f"service.{name}" for name in AGENT} <= set(REGISTRY)


@pytest.mark.parametrize("text", ["I'm cancelling.", "I’m cancelling.", "Im cancelling.", "I'M CANCELLING."])
def test_an_apostrophe_may_be_straight_curly_or_missing(text: str) -> None:
    assert "acts.cancel" in found(text)


@pytest.mark.parametrize("text", ["The bassoon is out of tune.", "I like suede.", "See you at noon.", "Scunthorpe"])
def test_a_phrase_is_made_of_whole_words(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(("text", "language"), [("Die Hölle ist hell.", "de"), ("Comment est le son?", "fr")])
def test_words_of_one_language_mean_nothing_in_another(text: str, language: str) -> None:
    assert found(text, language) == set()


@pytest.mark.parametrize("language", sorted(LEXICONS))
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_makes_a_list_slow(text: str, language: str) -> None:
    found(text, language)
    start = time.process_time()

    found(text, language)

    assert time.process_time() - start < 0.1
