"""Phrases in one pass over a text's words."""

from __future__ import annotations

import time

import pytest

from app.scoring.phrasebook import Phrasebook, PhraseError, read_phrase


def found(text: str, *phrases: str) -> list[str]:
    """What is found of these phrases, as the words of the text."""
    return [text[find.start : find.end] for find in Phrasebook({"key": phrases}).find(text)]


@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("My parcel is late.", "late", ["late"]),
        ("My parcel is LATE!", "late", ["LATE"]),
        ("The latest news", "late", []),
        ("It has not arrived", "not arrived", ["not arrived"]),
        ("Arrival was delayed", "delay*", ["delayed"]),
        ("package was lost", "package ... lost", ["package was lost"]),
        ("package lost", "package ... lost", ["package lost"]),
        ("package that I sent lost", "package ... lost", ["package that I sent lost"]),
        ("package that I sent you was lost", "package ... lost", []),
        ("I can’t log in", "can't log in", ["can’t log in"]),
        ("late and again late", "late", ["late", "late"]),
        ("das Paket ist verspätet", "verspätet", ["verspätet"]),
        ("İ was late", "late", ["late"]),
        ("", "late", []),
    ],
)
def test_a_phrase_is_found_where_its_words_stand(text: str, phrase: str, said: list[str]) -> None:
    assert found(text, phrase) == said


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It is not late", 0),
        ("It is never ever late", 0),
        ("No, it is late", 1),
        ("That is not what I want. Late!", 1),
        ("not one of you has told me that it is late", 1),
    ],
)
def test_a_negation_just_before_takes_it_back(text: str, count: int) -> None:
    assert len(found(text, "late")) == count


def test_a_find_says_its_key_and_how_many_words_it_took() -> None:
    (find,) = Phrasebook({"a": ["package ... lost"], "b": ["gone"]}).find("my package was lost")

    assert (find.key, find.phrase, find.words) == ("a", "package ... lost", 2)


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("", "1 to 100"),
        (" ", "1 to 100"),
        ("x" * 101, "1 to 100"),
        ("... lost", "begin or end"),
        ("lost ...", "begin or end"),
        ("(a+)+$", "plain words"),
        ("la*te", "plain words"),
        ("la*", "3 letters"),
    ],
)
def test_a_phrase_that_cannot_be_looked_for_says_why(phrase: str, reason: str) -> None:
    with pytest.raises(PhraseError, match=reason):
        read_phrase(phrase)


def test_a_long_text_takes_time_by_its_length() -> None:
    book = Phrasebook({"a": ["not ... a ... b ... c", "aaaa*"]})
    spent = []
    for length in (2_000, 20_000):
        start = time.process_time()
        list(book.find("not a " * length))
        spent.append(time.process_time() - start)

    assert spent[1] < 40 * max(spent[0], 0.005)
