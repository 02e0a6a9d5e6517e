"""How alike two short texts are, in any script, by hashed pieces of their words. Nothing is learned here."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator

PIECE = 4  #: letters of one piece of a word
HASH_BITS = 0xFFFFF  #: pieces are kept as 20-bit hashes, so that a stored example holds no word
MOST_WORDS = 60  #: of a sentence that are looked at
MOST_SENTENCES = 30  #: of a message that are compared
SENTENCE = re.compile(r"[.!?;\n。！？]+")
WORD = re.compile(r"[^\W_]+")


def features(sentence: str) -> frozenset[int]:
    """Hashes of a sentence's words and of the pieces of four letters in them, blanks marking where words end."""
    return frozenset(zlib.crc32(piece.encode()) & HASH_BITS for piece in _pieces(sentence))


def sentences(text: str) -> list[str]:
    """The first sentences of a text that say anything."""
    return [said for piece in SENTENCE.split(text) if (said := piece.strip())][:MOST_SENTENCES]


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Cosine of the two sets, in [0, 1]; 0 where one of them is empty."""
    return len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0


def _pieces(sentence: str) -> Iterator[str]:
    for match in list(WORD.finditer(sentence.lower()))[:MOST_WORDS]:
        word = f" {match[0]} "
        yield word
        yield from (word[start : start + PIECE] for start in range(max(0, len(word) - PIECE + 1)))
