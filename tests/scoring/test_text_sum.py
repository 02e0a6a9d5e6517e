"""The running mean of learned words."""

from __future__ import annotations

import pytest

from app.scoring.text_sum import TextSum


class Counting:
    """A text model that says how long a message is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, words: str) -> tuple[float, str]:
        return float(len(words)), words


LONG, OTHER = Counting("long"), Counting("other")


def test_it_is_the_mean_over_messages_with_words() -> None:
    found = TextSum().heard("four", LONG).heard("", LONG).heard("sixsix", LONG)

    assert found.mean(LONG) == pytest.approx(5.0)
    assert found.evidence == "sixsix"


def test_a_sum_of_another_model_says_nothing() -> None:
    assert TextSum().heard("four", LONG).mean(OTHER) == 0.0


def test_another_model_begins_anew() -> None:
    found = TextSum().heard("four", LONG).heard("two", OTHER)

    assert (found.mean(OTHER), found.messages) == (3.0, 1)


def test_without_a_model_nothing_is_kept() -> None:
    assert TextSum().heard("four", LONG).heard("four", None) == TextSum()


def test_it_comes_back_as_it_was_stored() -> None:
    found = TextSum().heard("four", LONG)

    assert TextSum.from_json(found.to_json()) == found
    assert TextSum.from_json(None) == TextSum()


def test_its_words_can_be_erased() -> None:
    found = TextSum().heard("four", LONG).without_words()

    assert found.evidence == ""
    assert found.mean(LONG) == 4.0
