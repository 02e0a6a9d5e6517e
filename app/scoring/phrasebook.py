"""Finding many plain phrases in one text in one pass over its words. What a phrase means is the caller's business.

A phrase is plain words, so that anybody may write one: `arriv*` is a word that begins so, `...` is up to three words in
between. There are no regular expressions in it, and no phrase makes a text slow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
GAP = "..."
MOST_BETWEEN = 3  #: words that `...` may stand for
KEY = 3  #: letters that a phrase is looked up by
LONGEST_PHRASE = 100  #: characters
CLAUSE_ENDS = frozenset(".,;:!?\n")
NEGATIONS = frozenset(
    ["not", "no", "never", "without", "isn't", "wasn't", "don't", "doesn't", "didn't", "won't", "nothing", "hardly"]
)
NEGATED_WITHIN = 3  #: words before a find in which a negation takes it back


class PhraseError(ValueError):
    """A phrase that cannot be looked for; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One phrase found in a text."""

    key: str  #: what the phrase was listed under
    phrase: str
    words: int  #: words of the phrase; more of them mean more
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    key: str
    text: str
    parts: tuple[str, ...]
    plain: list[str] | None  #: the words, where it has neither * nor gaps: most have not, and are compared at once


class Phrasebook:
    """Phrases under keys, ready to be looked for. Raises PhraseError for one that cannot be."""

    def __init__(self, listed: Mapping[str, Iterable[str]]) -> None:
        self._by_word: dict[str, list[_Phrase]] = defaultdict(list)
        self._by_stem: dict[str, list[_Phrase]] = defaultdict(list)
        for key, phrases in listed.items():
            for phrase in phrases:
                parts = read_phrase(phrase)
                book, start = (self._by_stem, parts[0][:KEY]) if parts[0].endswith("*") else (self._by_word, parts[0])
                plain = None if GAP in parts or "*" in phrase else list(parts)
                book[start].append(_Phrase(key, phrase, parts, plain))

    def find(self, text: str) -> Iterator[Find]:
        """Every phrase of the book in the text, in the order of where they begin; negated ones are left out."""
        spans = [match.span() for match in WORD.finditer(text)]
        lower = text.lower().replace("’", "'")
        if len(lower) != len(text):  # a few letters become two in lower case, which would move the places
            lower = "".join(letter.lower()[:1] for letter in text).replace("’", "'")
        words = [lower[start:end] for start, end in spans]
        for index, word in enumerate(words):
            for phrase in (*self._by_word.get(word, ()), *self._by_stem.get(word[:KEY], ())):
                last = _matches(phrase, words, index)
                if last is not None and not _negated(text, words, spans, index):
                    size = len(phrase.parts) - phrase.parts.count(GAP)
                    start, end = spans[index][0], spans[last][1]
                    yield Find(key=phrase.key, phrase=phrase.text, words=size, start=start, end=end)


def read_phrase(phrase: str) -> tuple[str, ...]:
    """A phrase as its words. Raises PhraseError that says what is wrong with it."""
    parts = tuple(phrase.lower().replace("’", "'").split())
    if not 0 < len(phrase) <= LONGEST_PHRASE or not parts:
        raise PhraseError(f"must have 1 to {LONGEST_PHRASE} characters")
    if GAP in (parts[0], parts[-1]):
        raise PhraseError(f"must not begin or end with {GAP}")
    for part in parts:
        stem = part.removesuffix("*")
        if part != GAP and not WORD.fullmatch(stem):
            raise PhraseError(f"must be plain words, with * at a word's end or {GAP} between words")
        if part.endswith("*") and len(stem) < KEY:
            raise PhraseError(f"must have at least {KEY} letters before *")
    return parts


def _matches(phrase: _Phrase, words: list[str], at: int) -> int | None:
    """The index of the last word of the phrase where it begins with word `at`, else None."""
    if phrase.plain is not None:
        end = at + len(phrase.plain)
        return end - 1 if words[at:end] == phrase.plain else None
    position = at
    within = 1  # words among which the next part has to be
    for part in phrase.parts:
        if part == GAP:
            within = 1 + MOST_BETWEEN
            continue
        for candidate in range(position, min(position + within, len(words))):
            if _is(part, words[candidate]):
                position = candidate + 1
                break
        else:
            return None
        within = 1
    return position - 1


def _is(part: str, word: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def _negated(text: str, words: Sequence[str], spans: Sequence[tuple[int, int]], at: int) -> bool:
    """Whether one of the words just before, in the same clause, takes back what follows."""
    for index in range(at - 1, max(-1, at - 1 - NEGATED_WITHIN), -1):
        if CLAUSE_ENDS.intersection(text[spans[index][1] : spans[index + 1][0]]):
            return False
        if words[index] in NEGATIONS:
            return True
    return False
