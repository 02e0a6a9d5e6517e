"""Phrases are tried only where one of their words is; what is found is what trying them all would find."""

from __future__ import annotations

import re

import pytest

from app.scoring.lexicon import AGENT, LEXICONS
from app.scoring.phrases import GROUP, SEPARATOR, Book, Phrases, needs_of
from tests.scoring.phrases import LANGUAGES, sentences

TEXTS = [
    *(sentence.text for language in LANGUAGES for sentence in sentences(language)),
    "This is the 2nd time I write, after 12 calls to you so far and 3 e-mails later.",
    "FFFFUUUUCK, you rip off! RIP-OFF! ripoff!",
    "Don’t want it, dont want it, don't want it",
    "Je veux consulter l'avocat, j’attends",
    "one_two again_and again\nagain and\nagain",
    "",
]
LISTS = [
    *((language, name, listed) for language, lists in LEXICONS.items() for name, listed in lists.items()),
    *(("reply", name, listed) for name, listed in AGENT.items()),
]


def one_pattern(listed: str) -> re.Pattern[str]:
    """The whole list as one alternation, which is what it means."""
    joined = re.sub(r"(?<=\|)\s*\n\s*", "", listed)
    choices = "|".join(" ".join(phrase.split()) for phrase in SEPARATOR.split(joined) if phrase.strip())
    return re.compile(rf"\b(?:{GROUP.sub('(?:', choices)})(?!\w)".replace("'", "['’]?"), re.I)


@pytest.mark.parametrize("listed", [item[2] for item in LISTS], ids=[f"{item[0]}-{item[1]}" for item in LISTS])
def test_a_list_finds_what_one_pattern_would(listed: str) -> None:
    whole, phrases = one_pattern(listed), Phrases(listed)

    expected = [[match.span() for match in whole.finditer(text)] for text in TEXTS]

    assert [[match.span() for match in phrases.finditer(text)] for text in TEXTS] == expected


def test_hardly_a_phrase_is_tried_on_every_text() -> None:
    tried = [phrase for _, _, listed in LISTS for phrase in Phrases(listed)._index.always]

    assert len(tried) <= 3


@pytest.mark.parametrize(
    ("phrase", "rarest"),
    [
        ("still waiting", {"waiting"}),
        ("disappoint\\w*", {"disap"}),
        ("(?:my |our )?lawyers?", {"lawye"}),
        ("(?:speak|talk) to", {"speak", "talk"}),
        ("don['’]?t want", {"dont"}),
        ("e-?mail", {"email"}),
        ("(?:\\w+ )?hospital", {"hospital"}),
        ("self[- ]harm", {"self"}),
        ("\\d{1,2} times", {"times"}),
        ("(?<!no )no(?! thanks)", {"no"}),
    ],
)
def test_a_phrase_is_looked_up_by_its_rarest_word(phrase: str, rarest: set[str]) -> None:
    assert needs_of(phrase)[0] == rarest


@pytest.mark.parametrize("phrase", ["x+y+", "\\w+", "(?:good|\\w+)", ".*", "[ab]c"])
def test_a_phrase_without_a_certain_word_needs_none(phrase: str) -> None:
    assert needs_of(phrase) == ()


def test_a_phrase_is_not_tried_where_one_of_its_words_is_missing() -> None:
    book = Book({"praise": "have a good day"})

    assert book.likely("You have a good day") != {}
    assert book.likely("A good plan") == {}


def test_a_book_names_the_lists_that_may_be_in_a_text() -> None:
    book = Book({"anger": "terrible ; (so )?angry", "thanks": "thank you ; thx", "any": "\\w+"})

    assert book.likely("so angry").keys() == {"anger", "any"}
    assert book.likely("WHATEVER").keys() == {"any"}
    assert list(book) == ["anger", "thanks", "any"]
    assert "anger" in book
    assert not Book({})


def test_the_first_listed_of_two_that_begin_together_is_found() -> None:
    phrases = Phrases("thank ; thank you ; you there")

    assert [match[0] for match in phrases.finditer("Thank you there")] == ["Thank", "you there"]
    assert phrases.search("nothing") is None
