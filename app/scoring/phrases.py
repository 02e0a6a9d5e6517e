"""A list of phrases made ready for finding. How they are written is said in lexicon/, what they mean in signals/.

Every phrase is a regular expression, and trying hundreds of them on every message would cost more than all else. So for
each phrase the words are derived of which one must be in any text that it matches, and it is tried only where one is.
"""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from app.scoring.lexicon import words

KEY = 5  #: letters of a word's beginning that it is looked up by; whole words are looked up as they are
SHORTEST_KEY = 3
SIZES = range(SHORTEST_KEY, KEY + 1)
GROUP = re.compile(r"(?<!\\)\((?!\?)")
SEPARATOR = re.compile(r";(?=\s)|(?<=\s);")
WORDS = re.compile(r"[^\W_]+")
APOSTROPHES = frozenset("'’")
JOINED = str.maketrans("", "", "'’-")
JOINERS = re.compile("['’-]")
ANY_DIGIT = re.compile(r"\d")
DIGIT = "0"  #: stands for any number in the look-up
MOST_NEEDS = 3  #: sets of words of which a text must have one each; more would not pay
MOST_BEGUN = 60  #: different beginnings of one word that are followed
#: words so frequent that a phrase is better looked up by another of its words
FREQUENT = words("""
    a an the i you it is are am was be to of in on for and or at my me your we our us that this with do does did can
    could would will have has had not no so very get got they them their he she his her all if as by from
""")


T = TypeVar("T")


class Phrases:
    """The phrases of one list. Matches as the alternation of them all would, in any case, whole words only."""

    def __init__(self, listed: str) -> None:
        joined = re.sub(r"(?<=\|)\s*\n\s*", "", listed)
        written = [" ".join(phrase.split()) for phrase in SEPARATOR.split(joined)]
        self._texts = [GROUP.sub("(?:", phrase).replace("'", "['’]?") for phrase in written if phrase]
        self._compiled: dict[int, re.Pattern[str]] = {}

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every phrase in the text from left to right; none begins inside another."""
        return self.among(self._index.candidates(text), text)

    def among(self, numbers: Iterable[int], text: str) -> Iterator[re.Match[str]]:
        """Those of some phrases that are in the text."""
        found = [match for number in sorted(numbers) for match in self._phrase(number).finditer(text)]
        if len(found) > 1:
            found.sort(
                key=re.Match.start
            )  # of phrases that begin together the one listed first, since sorting is stable
        end = -1
        for match in found:
            if match.start() >= end:
                yield match
                end = match.end()

    def search(self, text: str) -> re.Match[str] | None:
        """The first phrase in the text."""
        return next(self.finditer(text), None)

    def _phrase(self, number: int) -> re.Pattern[str]:
        """One phrase, compiled when it is first needed: most never are."""
        pattern = self._compiled.get(number)
        if pattern is None:
            pattern = self._compiled[number] = re.compile(rf"\b(?:{self._texts[number]})(?!\w)", re.I)
        return pattern

    @cached_property
    def _index(self) -> Lookup[int]:
        return Lookup(self.keyed)

    @property
    def keyed(self) -> Iterator[tuple[int, tuple[frozenset[str], ...]]]:
        """Every phrase's number with the words that it needs."""
        return ((number, needs_of(text)) for number, text in enumerate(self._texts))


@dataclass(frozen=True, slots=True)
class Likely:
    """Some phrases of a list: those that may be in a text, or in a part of it."""

    phrases: Phrases
    numbers: Sequence[int]

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As the whole list would."""
        return self.phrases.among(self.numbers, text)


class Book:
    """Lists of phrases by name, with one look for those that may have a phrase in a text."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._lists = {name: Phrases(listed) for name, listed in lists.items()}

    def __getitem__(self, name: str) -> Phrases:
        return self._lists[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __contains__(self, name: str) -> bool:
        return name in self._lists

    def __bool__(self) -> bool:
        return bool(self._lists)

    def likely(self, text: str) -> dict[str, Likely]:
        """The lists that may have a phrase in the text, by name; most messages have few."""
        numbers: dict[str, list[int]] = defaultdict(list)
        for name, number in self._index.candidates(text):
            numbers[name].append(number)
        return {name: Likely(self._lists[name], found) for name, found in numbers.items()}

    @cached_property
    def _index(self) -> Lookup[tuple[str, int]]:
        return Lookup(((name, number), keys) for name, listed in self._lists.items() for number, keys in listed.keyed)


class Lookup(Generic[T]):
    """What to try on a text: things by the words that they need, and those that need none."""

    def __init__(self, keyed: Iterable[tuple[T, tuple[frozenset[str], ...]]]) -> None:
        self.always: list[T] = []
        self._by_key: dict[str, list[tuple[T, tuple[frozenset[str], ...]]]] = defaultdict(list)
        for thing, needs in keyed:
            if not needs:
                self.always.append(thing)
            for key in needs[0] if needs else ():
                self._by_key[key].append((thing, needs[1:]))
        self._keys = frozenset(self._by_key)

    def candidates(self, text: str) -> set[T]:
        """In no order."""
        words = _lookups(text)
        found = set(self.always)
        for word in words & self._keys:
            for thing, needs in self._by_key[word]:
                for need in needs:
                    if words.isdisjoint(need):
                        break
                else:
                    found.add(thing)
        return found


@lru_cache(maxsize=16)
def _lookups(text: str) -> frozenset[str]:
    """Every word of a text, whole and its beginnings. Kept, since many lists are tried on one text."""
    lower = text.lower()
    found = set(WORDS.findall(lower))
    joined = lower.translate(JOINED) if JOINERS.search(lower) else lower
    if joined != lower:  # "don't" is looked up as dont, "l'argent" as argent, "e-mail" as email
        found.update(WORDS.findall(joined))
    found = found.union(*map(_beginnings, found))
    if ANY_DIGIT.search(lower):
        found.add(DIGIT)
    return frozenset(found)


@lru_cache(maxsize=4_096)  # people use few words most of the time
def _beginnings(word: str) -> tuple[str, ...]:
    """The beginnings that a word is looked up by."""
    return tuple([word[:size] for size in SIZES]) if len(word) > SHORTEST_KEY else ()


def needs_of(phrase: str) -> tuple[frozenset[str], ...]:
    """Sets of beginnings of words, the rarest first: every text that the phrase matches has one of each set."""
    reading = _Reading(frozenset([""]))
    reading.sequence(_parse(phrase))
    reading.end_word(complete=True)
    return tuple(sorted(reading.needs, key=_worth, reverse=True)[:MOST_NEEDS])


def _parse(phrase: str) -> Any:
    # The parser of `re` has no public name; the Python versions that we run on are pinned and have it under this one.
    return importlib.import_module("re._parser").parse(phrase, re.I)


class _Reading:
    """Reads a parsed phrase from left to right and keeps the sets of words that it cannot do without."""

    def __init__(self, begun: frozenset[str] | None) -> None:
        self.needs: list[frozenset[str]] = []
        self.begun = (
            begun  #: what the word read now may have begun with; None inside a word of which too little is known
        )

    def sequence(self, nodes: Any) -> None:
        for operation, argument in nodes:
            self._node(str(operation), argument)

    def _node(self, operation: str, argument: Any) -> None:
        if operation == "LITERAL":
            self._sign(chr(argument))
        elif operation == "SUBPATTERN":
            self.sequence(argument[3])
        elif operation == "BRANCH":
            self._one_of([self._after(choice) for choice in argument[1]])
        elif operation in {"MAX_REPEAT", "MIN_REPEAT"}:
            self._repeat(*argument)
        elif operation == "IN":
            self._class(argument)
        elif operation not in {"AT", "ASSERT", "ASSERT_NOT"}:
            self._unknown()

    def _sign(self, sign: str) -> None:
        if sign in APOSTROPHES:
            return
        if not sign.isalnum():
            self.end_word(complete=True)
            self.begun = frozenset([""])
        elif self.begun is not None:
            self.begun = frozenset(word + sign.lower() for word in self.begun)

    def _after(self, nodes: Any) -> _Reading:
        reading = _Reading(self.begun)
        reading.sequence(nodes)
        return reading

    def _one_of(self, readings: Sequence[_Reading]) -> None:
        """One of several: what each of them needs, together."""
        begun = [reading.begun for reading in readings]
        for reading in readings:
            reading.end_word(complete=False)
        if all(reading.needs for reading in readings):
            self._offer(frozenset().union(*(max(reading.needs, key=_worth) for reading in readings)))
        known = frozenset().union(*(words or () for words in begun))
        self.begun = None if any(words is None for words in begun) or len(known) > MOST_BEGUN else known

    def _repeat(self, least: int, most: int, nodes: Any) -> None:
        if least == 0:
            if [(str(operation), argument) for operation, argument in nodes] == [("LITERAL", ord("-"))]:
                return
            self._one_of([_Reading(self.begun), self._after(nodes)])
            return
        self.sequence(nodes)
        if most > 1:
            self._unknown()

    def _class(self, members: Any) -> None:
        """One sign of several: an apostrophe, signs that end a word, a digit, or who knows."""
        kinds = {str(operation) for operation, _ in members}
        if kinds == {"LITERAL"}:
            signs = {chr(argument) for _, argument in members}
            if len({sign if sign.isalnum() else "" for sign in signs}) == 1 and not max(signs).isalnum():
                self._sign("'" if signs <= APOSTROPHES else " ")
                return
        elif [str(argument) for _, argument in members] == ["CATEGORY_DIGIT"]:
            self._offer(frozenset([DIGIT]))
        self._unknown()

    def _unknown(self) -> None:
        self.end_word(complete=False)
        self.begun = None

    def end_word(self, *, complete: bool) -> None:
        """The word read so far, as a set of its own."""
        words = self.begun or frozenset()
        if complete and all(words):
            self._offer(words)
        elif min(map(len, words), default=0) >= SHORTEST_KEY:
            self._offer(frozenset(word[:KEY] for word in words))

    def _offer(self, keys: frozenset[str]) -> None:
        if keys:
            self.needs.append(keys)


def _worth(keys: frozenset[str]) -> float:
    """How seldom one of the keys is in a text: long words, no frequent ones, few of them."""
    return -sum(10 if key in FREQUENT else 1 / len(key) for key in keys)
