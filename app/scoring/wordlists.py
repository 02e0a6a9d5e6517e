"""Learned word lists: what single words and pairs of words weigh, found once in public data and shipped as numbers.

A list holds hashes of its words, no text: what is quoted as evidence comes from the message that is read. How a list
is learned stands in training/. Nothing is loaded on import.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

PACKAGED = Path(__file__).parent / "prior" / "words"
TOKEN = re.compile(r"[\w']+|[?!]")
#: Words that weigh something and convince nobody; evidence has to hold another one, of three letters or more.
_PLAIN_WORDS = """
    about all also and any are been but can could did does doing for from get got had has have her here him his how into
    its just let may more not now off one our out own she should some than that the their them then there these they
    this those was were what when where which who will with would yet you your
"""
LETTERS = re.compile(r"\w{3,}")
_PLAIN = frozenset(_PLAIN_WORDS.split())
LONGEST = 1_500  #: characters of a message that are read
PIECES = 3  #: shown as evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """One learned list: `bias` plus the mean weight of the known pieces, times the root of their number, is a logit."""

    name: str
    bias: float
    weights: Mapping[int, float]  #: by the CRC-32 of a word or of a pair of words with a blank between

    def read(self, pieces: Mapping[int, str]) -> tuple[float, list[tuple[float, str]]]:
        """The logit of a message cut into `pieces`, and what each known piece adds to it."""
        weights = self.weights
        known = [(weights[key], piece) for key, piece in pieces.items() if key in weights]
        return self.logit(known), known

    def logit(self, known: Sequence[tuple[float, str]]) -> float:
        """The logit of a message in which these pieces are known, each with its weight."""
        if not known:
            return self.bias
        return self.bias + 1 / math.sqrt(len(known)) * math.fsum([weight for weight, _ in known])

    def to_json(self) -> dict[str, Any]:
        """As plain JSON: hashes in hexadecimal, sorted, weights rounded to 6 decimals."""
        return {
            "name": self.name,
            "bias": round(self.bias, 6),
            "weights": {f"{key:08x}": round(weight, 6) for key, weight in sorted(self.weights.items())},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> WordList:
        """The value that `to_json` wrote."""
        weights = {int(key, 16): float(weight) for key, weight in document["weights"].items()}
        return cls(name=document["name"], bias=float(document["bias"]), weights=weights)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Several lists that are read together: every piece of a message is looked up once for all of them."""

    lists: tuple[WordList, ...]
    weights: Mapping[int, tuple[float | None, ...]]  #: what a piece weighs in each list; None where it is not known

    @classmethod
    def of(cls, *lists: WordList) -> Shelf:
        """The lists in this order."""
        keys = {key for listed in lists for key in listed.weights}
        return cls(lists, {key: tuple(listed.weights.get(key) for listed in lists) for key in keys})

    def read(self, pieces: Mapping[int, str]) -> list[tuple[float, list[tuple[float, str]]]]:
        """What `WordList.read` gives, for each of the lists."""
        weights = self.weights
        found = [(weights[key], piece) for key, piece in pieces.items() if key in weights]
        read = []
        for place, listed in enumerate(self.lists):
            known = [(weight, piece) for row, piece in found if (weight := row[place]) is not None]
            read.append((listed.logit(known), known))
        return read


def cut(text: str) -> dict[int, str]:
    """A message's different words and pairs of neighbouring words in lower case, by their hash."""
    words = TOKEN.findall(text[:LONGEST].lower().replace("’", "'"))
    pieces = [*words, *map(" ".join, pairwise(words))]
    return dict(zip(map(crc32, map(str.encode, pieces)), pieces, strict=True))


def strongest(known: list[tuple[float, str]], side: int) -> str:
    """The pieces that weigh most on one side (1 or -1), quoted; pairs before the words in them."""
    shown: list[str] = []
    told = ""  # in lines, which no piece goes beyond
    for _, piece in sorted([(-weight * side, piece) for weight, piece in known if weight * side > 0]):
        if piece in told or _PLAIN.issuperset(LETTERS.findall(piece)) or any([other in piece for other in shown]):
            continue
        shown.append(piece)
        if len(shown) == PIECES:
            break
        told += f"\n{piece}"
    return ", ".join(f"“{piece[:40]}”" for piece in shown)


@cache
def packaged(name: str) -> WordList:
    """A list that ships with the product."""
    return WordList.from_json(json.loads((PACKAGED / f"{name}.json").read_text(encoding="utf-8")))


@cache
def shelf(*names: str) -> Shelf:
    """Lists that ship with the product, to be read together."""
    return Shelf.of(*map(packaged, names))
