"""Learned wording: what the lists read, what they quote, and what they must not hold."""

from __future__ import annotations

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from app.scoring.conversation import Running
from app.scoring.signals import Heard, Reading
from app.scoring.signals.wording import pieces_of, read, read_reply
from app.scoring.wordlists import Shelf, WordList, cut, packaged, strongest


def heard(text: str, *, english: bool = True) -> dict[str, Reading]:
    return {reading.signal: reading for reading in read(Heard(text=text, rest=text, english=english))}


def test_pleasant_and_unpleasant_words_are_told_apart() -> None:
    pleased, cross = heard("I love it, wonderful news"), heard("I hate this horrible mess")

    assert pleased["wording.pleased"].value > 0.5
    assert "wording.displeased" not in pleased
    assert cross["wording.displeased"].value > 0.5
    assert "wording.pleased" not in cross


def test_customers_wording_is_better_or_worse_never_both() -> None:
    for text in ("That sounds perfect", "No, that is not what I need", "My order number is twelve"):
        found = heard(text)

        assert ("wording.customer_better" in found) != ("wording.customer_worse" in found)


def test_evidence_quotes_words_of_the_message() -> None:
    evidence = heard("I hate this horrible mess")["wording.displeased"].evidence

    assert evidence.startswith("words such as “")
    assert "horrible" in evidence or "hate" in evidence


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_is_read_into_nothing(text: str) -> None:
    assert read(Heard(text=text, rest=text, english=True)) == []


@pytest.mark.capability("DET-02")
def test_another_language_gets_no_wording_and_says_so() -> None:
    found = heard("Das ist leider gar nicht gut", english=False)

    assert found
    assert all(reading.value == 0 and reading.abstained for reading in found.values())


def test_a_friendly_exclamation_mark_counts_and_an_angry_one_does_not() -> None:
    assert "wording.lively" in heard("See you on Monday!")
    assert "wording.lively" not in heard("This is a horrible, disgusting mess!")
    assert "wording.lively" not in heard("Where is it?!")


def test_a_subject_whose_verb_was_a_formula_is_no_word() -> None:
    assert pieces_of("The lamp is blue\nI               ") == pieces_of("The lamp is blue")
    assert pieces_of("I'd really            ") == {}


@pytest.mark.capability("N19")
def test_the_list_for_our_replies_holds_no_word_of_feeling() -> None:
    toned = [word for word in SentimentIntensityAnalyzer().lexicon if word.isalpha()]

    held = [word for word in toned if any(key in packaged("reply").weights for key in cut(word))]

    assert held == []


@pytest.mark.capability("N19")
def test_kind_and_rude_words_in_a_reply_read_the_same() -> None:
    kind, rude = (read_reply(Running.start(), f"That is a {word} question.") for word in ("wonderful", "stupid"))

    assert [(one.signal, one.value) for one in kind] == [(one.signal, one.value) for one in rude]


def test_a_list_adds_up_to_its_logit() -> None:
    pieces = cut("no thanks")
    weights = dict(zip(pieces, (0.5, -2.0, 1.0), strict=True))

    logit, known = WordList(name="x", bias=0.25, weights=weights).read(pieces)

    assert logit == pytest.approx(0.25 - 0.5 / 3**0.5)
    assert strongest(known, -1) == "“thanks”"


def test_words_that_convince_nobody_are_no_evidence() -> None:
    known = [(-1.0, "has"), (-0.9, "not"), (-0.5, "not arrived"), (-0.2, "is the")]

    assert strongest(known, -1) == "“not arrived”"
    assert strongest([(-1.0, "this is"), (-0.5, "?!")], -1) == ""


def test_lists_on_a_shelf_read_as_each_does_alone() -> None:
    pieces = cut("no thanks at all")
    first, *others = pieces
    lists = (
        WordList(name="x", bias=0.25, weights={first: 0.5, others[1]: -2.0}),
        WordList(name="y", bias=-1.0, weights=dict.fromkeys(others, 0.5)),
        WordList(name="z", bias=3.0, weights={}),
    )

    read = Shelf.of(*lists).read(pieces)

    assert read == [listed.read(pieces) for listed in lists]


def test_unknown_words_leave_a_list_at_its_bias() -> None:
    assert WordList(name="x", bias=-1.0, weights={}).read(cut("hello there")) == (-1.0, [])


def test_words_in_pairs_and_marks_are_pieces() -> None:
    assert set(cut("Don’t go! Why?").values()) == {"don't", "go", "!", "why", "?", "don't go", "go !", "! why", "why ?"}
