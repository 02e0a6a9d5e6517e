"""Rated conversations as arrays: a row per customer turn, a column per signal, as the live engine would read them.

What the learned word lists read is left out and kept as text, since those lists are fitted anew without the set that is
checked. `aggregates` follows observing.py to the digit; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.scoring.conversation import Running, Utterance
from app.scoring.observing import FAST, RECENT, SLOW, observe, own_words
from app.scoring.signals import REGISTRY, Effect, Scope
from app.scoring.signals.acts import without_formulas
from app.scoring.training.corpora import Conversation

Array = NDArray[np.float64]

START, APART = datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=10)
LEARNED = "wording."  #: signals of the learned lists
#: columns, in a fixed order: everything that is read on messages
NAMES = tuple(name for name, signal in REGISTRY.items() if signal.scope is not Scope.TICKET)
COLUMN = {name: index for index, name in enumerate(NAMES)}
SIDES = np.array([1.0 if REGISTRY[name].effect is Effect.RAISES else -1.0 for name in NAMES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Customer turns of rated conversations, in order; arrays of one length."""

    source: NDArray[np.str_]
    conversation: NDArray[np.int64]  #: which conversation, counted over the table
    index: NDArray[np.int64]  #: which customer turn of it, from 0
    turns: NDArray[np.int64]  #: how many customer turns it has
    values: Array  #: a column per signal of NAMES
    words: list[str]  #: the customer's own words without formulas
    replies: list[tuple[str, ...]]  #: our replies since the customer's message before
    rating: Array  #: of the turn, 1 to 5
    overall: Array  #: of the whole, 1 to 5
    change: Array  #: the turn's rating minus the mean of up to three before it; NaN at a first turn

    @property
    def last(self) -> NDArray[np.bool_]:
        """Rows of the last customer turn."""
        return np.asarray(self.index == self.turns - 1)

    def where(self, mask: NDArray[np.bool_]) -> Table:
        """The rows of whole conversations that a mask keeps."""
        keep = np.flatnonzero(mask)
        return replace(
            self,
            **{
                name: getattr(self, name)[mask]
                for name in ("source", "conversation", "index", "turns", "values", "rating", "overall", "change")
            },
            words=[self.words[row] for row in keep],
            replies=[self.replies[row] for row in keep],
        )

    def with_values(self, values: Array) -> Table:
        """The same turns with other values."""
        return replace(self, values=values)


def table(conversations: Sequence[Conversation]) -> Table:
    """The customer turns of rated conversations; others have to be left out before."""
    rows: list[_Row] = []
    for number, conversation in enumerate(conversations):
        heard = _listen(conversation)
        for index, row in enumerate(heard):
            rows.append(replace(row, conversation=number, index=index, turns=len(heard)))
    places, rating = np.array([row.index for row in rows]), np.array([row.rating for row in rows])
    return Table(
        source=np.array([row.source for row in rows]),
        conversation=np.array([row.conversation for row in rows]),
        index=places,
        turns=np.array([row.turns for row in rows]),
        values=np.array([_vector(row.values) for row in rows]),
        words=[row.words for row in rows],
        replies=[row.replies for row in rows],
        rating=rating,
        overall=np.array([row.overall for row in rows]),
        change=_changes(rating, places),
    )


def joined(tables: Sequence[Table]) -> Table:
    """Tables of several sets as one."""
    first = np.cumsum([0, *(int(one.conversation.max()) + 1 for one in tables)])
    numbered = [replace(one, conversation=one.conversation + start) for one, start in zip(tables, first, strict=False)]
    arrays = ("source", "conversation", "index", "turns", "values", "rating", "overall", "change")
    return replace(
        numbered[0],
        **{name: np.concatenate([getattr(one, name) for one in numbered]) for name in arrays},
        words=[words for one in numbered for words in one.words],
        replies=[replies for one in numbered for replies in one.replies],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    source: str
    values: Mapping[str, float]
    words: str
    replies: tuple[str, ...]
    rating: float
    overall: float
    conversation: int = 0
    index: int = 0
    turns: int = 0


def _listen(conversation: Conversation) -> list[_Row]:
    running, rows, replies = Running.start(), [], []
    for number, turn in enumerate(conversation.turns):
        said = Utterance(id=str(number), role=turn.role, public=True, text=turn.text, at=START + number * APART)
        running, _ = observe(running, said)
        if turn.role == "agent":
            replies.append(own_words(turn.text))
            continue
        rows.append(
            _Row(
                source=conversation.source,
                values=running.seen.last,
                words=without_formulas(own_words(turn.text)),
                replies=tuple(replies),
                rating=turn.rating or 0.0,
                overall=conversation.overall or 0.0,
            )
        )
        replies = []
    return rows


def _vector(values: Mapping[str, float]) -> Array:
    found = np.zeros(len(NAMES))
    for name, value in values.items():
        if not name.startswith(LEARNED):
            found[COLUMN[name]] = value
    return found


def aggregates(table: Table) -> dict[str, Array]:
    """Per aggregate of a model, and for `recent` (the mean of up to three messages before), a matrix like `values`."""
    values, index = table.values, table.index
    turn = (index + 1)[:, None]
    found = {name: values.copy() for name in ("last", "fast", "slow", "worst", "mean", "recent")}
    for row in np.flatnonzero(index > 0):
        for name, share in (("fast", FAST), ("slow", SLOW)):
            found[name][row] = share * values[row] + (1 - share) * found[name][row - 1]
        found["worst"][row] = np.maximum(values[row], found["worst"][row - 1])
        found["mean"][row] = (found["mean"][row - 1] * index[row] + values[row]) / (index[row] + 1)
        found["recent"][row] = values[row - min(RECENT, index[row]) : row].mean(axis=0)
    return found | {"gathered": found["mean"] * (1 + np.log(turn))}


def _changes(rating: Array, index: NDArray[np.int64]) -> Array:
    found = np.full(len(rating), np.nan)
    for row in np.flatnonzero(index > 0):
        found[row] = rating[row] - rating[row - min(RECENT, index[row]) : row].mean()
    return found
