"""What a conversation tells beside its score, gathered message by message: hints of causes, sides, vendors, rivals.

Constant size, whatever was said. What it comes to is concluded in causes.py, vendors.py and churn.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from app.scoring.likeness import features, likeness, sentences
from app.scoring.phrasebook import Find, Phrasebook
from app.scoring.signals.base import quote
from app.scoring.taxonomy import Taxonomy, load_taxonomy
from app.scoring.vendors import Vendor, known_as

CAUSE, SIDE, VENDOR, RIVAL = "cause:", "side:", "vendor:", "rival"  #: what a hint is of; a key begins with it
WORD_WEIGHT, PHRASE_WEIGHT = 1.0, 2.0  #: one word may mean many things, several together hardly do
MOST_PER_MESSAGE = 4.0  #: that one message can say for one class, however long it is
LATER = 0.3  #: what later messages count: what set a customer off is mostly told first
ALIKE = 0.5  #: likeness from which a sentence counts as one of the examples
FORMAT = 1

#: Words of going to somebody else. Own list; expert judgement.
RIVALS = (
    "competitor*", "found a better", "found better", "cheaper elsewhere", "better elsewhere", "buy elsewhere",
    "order elsewhere", "go elsewhere", "going elsewhere", "business elsewhere", "look elsewhere", "looking elsewhere",
    "switch to", "switching to", "switched to", "moving to another", "move to another", "change provider",
    "another provider", "another supplier", "other provider", "alternatives to you",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A sentence that an admin, or a corrected ticket, gave for a class; hashes only."""

    cause: str  #: name of the class
    hashes: frozenset[int]


class Lens:
    """What a desk listens for, made ready once."""

    def __init__(self, taxonomy: Taxonomy, vendors: Sequence[Vendor] = (), examples: Iterable[Example] = ()) -> None:
        self.taxonomy, self.vendors = taxonomy, tuple(vendors)
        given = [
            Example(cause=one.name, hashes=features(text)) for one in taxonomy.classes.values() for text in one.examples
        ]
        self.examples = (*given, *examples)
        self._book = Phrasebook(
            {CAUSE + one.name: one.phrases for one in taxonomy.classes.values()}
            | {SIDE + side: phrases for side, phrases in taxonomy.sides.items()}
            | {VENDOR + name: phrases for name, phrases in known_as(vendors).items()}
            | {RIVAL: RIVALS}
        )

    def hints(self, words: str) -> dict[str, tuple[float, str]]:
        """What one message hints at: by key its weight and the words that say it."""
        found: dict[str, tuple[float, str]] = {}
        said: set[tuple[str, str]] = set()
        for find in self._book.find(words):
            if (find.key, find.phrase) not in said:
                said.add((find.key, find.phrase))
                _add(found, find.key, _weight(find), quote(words, find.start, find.end))
        for cause, like, sentence in self._like(words):
            _add(found, CAUSE + cause, PHRASE_WEIGHT * like, quote(sentence))
        return found

    def _like(self, words: str) -> Iterable[tuple[str, float, str]]:
        """Per class the sentence that is most like one of its examples, where it is like enough."""
        best: dict[str, tuple[float, str]] = {}
        for sentence in sentences(words) if self.examples else ():
            hashes = features(sentence)
            for example in self.examples:
                like = likeness(hashes, example.hashes)
                if like >= max(ALIKE, best.get(example.cause, (0.0, ""))[0]):
                    best[example.cause] = like, sentence
        return [(cause, like, sentence) for cause, (like, sentence) in best.items()]


PLAIN_LENS = Lens(load_taxonomy())  #: a desk that has said nothing of its own


def _weight(find: Find) -> float:
    return PHRASE_WEIGHT if find.words > 1 else WORD_WEIGHT


def _add(found: dict[str, tuple[float, str]], key: str, weight: float, evidence: str) -> None:
    known, first = found.get(key, (0.0, evidence))
    found[key] = min(MOST_PER_MESSAGE, known + weight), first


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a conversation told so far. Quotes are the customer's words and belong sealed; all else is numbers."""

    messages: int = 0  #: customer messages listened to
    weights: Mapping[str, float] = field(default_factory=dict)  #: by key, the sum over messages
    strongest: Mapping[str, float] = field(default_factory=dict)  #: by key, the most that one message said
    where: Mapping[str, str] = field(default_factory=dict)  #: by key, the id of that message
    quotes: Mapping[str, str] = field(default_factory=dict)  #: by key, its words

    def without_words(self) -> Gathered:
        """The same without anything the customer wrote."""
        return replace(self, quotes=MappingProxyType({}))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, without the quotes."""
        return {
            "format": FORMAT,
            "messages": self.messages,
            "weights": dict(self.weights),
            "strongest": dict(self.strongest),
            "where": dict(self.where),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], quotes: Mapping[str, str] | None = None) -> Gathered:
        """The value that `to_json` wrote, with its quotes. Raises ValueError for another format version."""
        if document.get("format") != FORMAT:
            raise ValueError(f"gathered hints of format {document.get('format')!r}, expected {FORMAT}")
        kept = {name: document[name] for name in ("messages", "weights", "strongest", "where")}
        return cls(**kept, quotes=dict(quotes or {}))


def gather(gathered: Gathered, message_id: str, words: str, lens: Lens = PLAIN_LENS) -> Gathered:
    """After one more message of the customer; `words` are their own, quoted history taken away."""
    weights, strongest = dict(gathered.weights), dict(gathered.strongest)
    where, quotes = dict(gathered.where), dict(gathered.quotes)
    share = LATER if gathered.messages else 1.0
    for key, (weight, evidence) in lens.hints(words).items():
        counted = share * weight
        weights[key] = weights.get(key, 0.0) + counted
        if counted > strongest.get(key, 0.0):
            strongest[key], where[key], quotes[key] = counted, message_id, evidence
    return Gathered(messages=gathered.messages + 1, weights=weights, strongest=strongest, where=where, quotes=quotes)
