"""Text features learned from a desk's own ratings, as the live processes use them: hash, look up, add. Plain Python.

A word is a run of letters and digits of any script; features are words, pairs of words, and runs of 2 to 5 characters
inside of words, hashed into buckets. How the weights are found is in `textual`.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zlib import crc32

BUCKETS = 2**15
LONGEST = 1_000  #: characters of a message that are read
CHARACTERS = (2, 3, 4, 5)  #: lengths of runs of characters
PIECES = 3  #: shown as evidence
PIECE_LENGTH = 40  #: characters of a piece of evidence

_WORD = re.compile(r"[^\W_]+")
_WIDTH = 4  #: bytes of a character in UTF-32


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWeights:
    """A learned text model: what each bucket adds to the logit of satisfaction. Satisfies `context.TextModel`.

    The logit of a message is `bias` plus the mean weight of its features times the root of their number; 0 is the
    average of the messages it was learned from. A message without words says nothing.
    """

    name: str
    bias: float
    weights: array[float]

    def read(self, words: str) -> tuple[float, str]:
        """The logit that a message adds, and the pieces of it that weigh most in that direction, quoted."""
        found = features(words)
        if not found:
            return 0.0, ""
        share = 1 / math.sqrt(len(found))
        parts: dict[str, float] = defaultdict(float)
        for bucket, piece in found.items():
            parts[piece] += self.weights[bucket] * share
        logit = self.bias + math.fsum(parts.values())
        return logit, _evidence(parts, 1.0 if logit > 0 else -1.0)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; the weights as 16-bit floats in base64."""
        packed = struct.pack(f"<{len(self.weights)}e", *self.weights)
        return {"name": self.name, "bias": self.bias, "weights": base64.b64encode(packed).decode("ascii")}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TextWeights:
        """The value that `to_json` wrote. Raises ValueError where the weights are not as many as there are buckets."""
        packed = base64.b64decode(document["weights"])
        if len(packed) != 2 * BUCKETS:
            raise ValueError(f"text weights: {len(packed) // 2} buckets, expected {BUCKETS}")
        weights = array("f", struct.unpack(f"<{BUCKETS}e", packed))
        return cls(name=document["name"], bias=document["bias"], weights=weights)


def features(text: str) -> dict[int, str]:
    """The features of a message: bucket to one piece of the message that fell into it."""
    found: dict[int, str] = {}
    for piece, encoded in _pieces(text[:LONGEST].lower()):
        found.setdefault(crc32(encoded) % BUCKETS, piece)
    return found


def _pieces(text: str) -> Iterator[tuple[str, bytes]]:
    words = _WORD.findall(text)
    for word in words:
        yield word, b"w" + word.encode()
    for first, second in pairwise(words):
        pair = f"{first} {second}"
        yield pair, b"w" + pair.encode()
    for word in words:
        # Fixed-width characters, so that a run of characters is a slice and need not be encoded by itself.
        encoded = word.encode("utf-32-le")
        for length in CHARACTERS:
            for start in range(len(word) - length + 1):
                yield word[start : start + length], encoded[_WIDTH * start : _WIDTH * (start + length)]


def _evidence(parts: Mapping[str, float], side: float) -> str:
    """The strongest pieces on that side; none that is part of another one shown."""
    shown: list[str] = []
    for piece in sorted(
        (piece for piece in parts if parts[piece] * side > 0), key=lambda one: (-parts[one] * side, one)
    ):
        if not any(piece in other or other in piece for other in shown):
            shown.append(piece)
        if len(shown) == PIECES:
            break
    return ", ".join(f"“{piece[:PIECE_LENGTH]}”" for piece in shown)
