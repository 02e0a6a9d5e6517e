"""Fitting the learned word lists, and reading a table with lists that never saw what they read.

Logistic regression with a ridge on words and pairs of words, scikit-learn's solver; the same lists again from the same
data and lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from app.scoring.observing import FAST
from app.scoring.signals.wording import LARGE, LIVELY, chance_above_usual, pieces_of
from app.scoring.training.corpora import Conversation
from app.scoring.training.tables import COLUMN, Array, Table
from app.scoring.wordlists import WordList, cut

#: feelings of GoEmotions, as its authors group them (ambiguous ones are left out)
PLEASANT = frozenset({
    "admiration", "amusement", "approval", "caring", "excitement", "gratitude", "joy", "love", "optimism", "pride",
    "relief",
})  # fmt: skip
UNPLEASANT = frozenset({
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "sadness", "remorse", "embarrassment", "grief",
    "fear", "nervousness", "confusion",
})  # fmt: skip
EMOTION_COUNT, EMOTION_RIDGE = 20, 2.0  #: texts a piece has to be in, and scikit-learn's C (1 / ridge)
RATED_COUNT, RATED_RIDGE = 5, 0.3
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The four lists of signals/wording.py."""

    pleased: WordList
    displeased: WordList
    customer: WordList
    reply: WordList


def emotion_lists(texts: Sequence[str], labels: Sequence[frozenset[str]]) -> tuple[WordList, WordList]:
    """The lists of pleasant and of unpleasant feelings, from texts with GoEmotions' labels."""
    cuts = [cut(text) for text in texts]
    feelings = {"pleased": PLEASANT, "displeased": UNPLEASANT}
    pleased, displeased = (
        fit_list(name, cuts, np.array([bool(found & wanted) for found in labels]), EMOTION_COUNT, EMOTION_RIDGE)
        for name, wanted in feelings.items()
    )
    return pleased, displeased


def labelled(conversations: Iterable[Conversation]) -> tuple[list[str], list[frozenset[str]]]:
    """Texts and labels of single messages."""
    turns = [conversation.turns[0] for conversation in conversations if conversation.turns[0].labels]
    return [turn.text for turn in turns], [frozenset(turn.labels) for turn in turns]


def rated_lists(table: Table) -> tuple[WordList, WordList]:
    """The lists of customers' and of our wording, from turns that were rated: satisfied from 3 on."""
    satisfied = table.rating >= 3
    said = [pieces_of(words) for words in table.words]
    customer = fit_list("customer", said, satisfied, RATED_COUNT, RATED_RIDGE)
    replies = [_without_feelings(cut(" ".join(written))) for written in table.replies]
    reply = fit_list("reply", replies, satisfied, RATED_COUNT, RATED_RIDGE)
    return _centred(customer, said), _centred(reply, replies)


def _without_feelings(pieces: dict[int, str]) -> dict[int, str]:
    """Pieces without a word that VADER gives a tone: our replies are read for what they do, never for a mood."""
    toned = _toned_words()
    return {key: piece for key, piece in pieces.items() if not any(word in toned for word in piece.split())}


@cache
def _toned_words() -> frozenset[str]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return frozenset(SentimentIntensityAnalyzer().lexicon)


def fit_list(
    name: str, cuts: Sequence[dict[int, str]], wanted: NDArray[np.bool_], count: int, ridge: float
) -> WordList:
    """A list whose logit foretells `wanted`. Pieces are in at least `count` texts; `ridge` is scikit-learn's C."""
    in_texts = Counter(key for pieces in cuts for key in pieces)
    keys = sorted(key for key, times in in_texts.items() if times >= count)
    if not keys or wanted.all() or not wanted.any():
        return WordList(name=name, bias=0.0, weights={})  # too little was said to learn from
    column = {key: place for place, key in enumerate(keys)}
    rows, columns, shares = [], [], []
    for row, pieces in enumerate(cuts):
        known = [column[key] for key in pieces if key in column]
        rows += [row] * len(known)
        columns += known
        shares += [1 / np.sqrt(max(1, len(known)))] * len(known)
    matrix = csr_matrix((shares, (rows, columns)), shape=(len(cuts), len(keys)))
    fitted = LogisticRegression(C=ridge, max_iter=500).fit(matrix, wanted)
    weights = {key: float(weight) for key, weight in zip(keys, fitted.coef_[0], strict=True)}
    return WordList(name=name, bias=float(fitted.intercept_[0]), weights=weights)


def _centred(found: WordList, cuts: Sequence[dict[int, str]]) -> WordList:
    """The same list with the average text at 0, so that its reading says better or worse than usual."""
    logits = [logit for logit, known in (found.read(pieces) for pieces in cuts) if known]
    if not logits:
        return found
    return WordList(name=found.name, bias=found.bias - float(np.mean(logits)), weights=found.weights)


def read_with(table: Table, lists: Lists) -> Table:
    """The table with the readings of these lists, as signals/wording.py makes them."""
    values = table.values.copy()
    pieces = [pieces_of(words) if words.strip() else {} for words in table.words]
    for name in ("pleased", "displeased"):
        values[:, COLUMN[f"wording.{name}"]] = _feeling(getattr(lists, name), pieces)
    friendly = [bool(LIVELY.search(words)) for words in table.words]
    values[:, COLUMN["wording.lively"]] = friendly & (values[:, COLUMN["wording.displeased"]] == 0)
    _set_sides(values, "customer", np.array([_two_sided(lists.customer, one) for one in pieces]))
    _set_sides(values, "reply", _smoothed(table, lambda words: _two_sided(lists.reply, cut(words))))
    return table.with_values(values)


def _feeling(found: WordList, pieces: Sequence[dict[int, str]]) -> Array:
    read = [found.read(one) for one in pieces]
    return np.array([chance_above_usual(1 / (1 + np.exp(-logit))) if known else 0.0 for logit, known in read])


def _two_sided(found: WordList, pieces: dict[int, str]) -> tuple[float, float]:
    logit, known = found.read(pieces)
    value = min(1.0, abs(logit) / LARGE) if known else 0.0
    return (value, 0.0) if logit > 0 else (0.0, value)


def _set_sides(values: Array, name: str, sides: Array) -> None:
    for side, word in enumerate(("better", "worse")):
        values[:, COLUMN[f"wording.{name}_{word}"]] = sides[:, side]


def _smoothed(table: Table, read: Callable[[str], tuple[float, float]]) -> Array:
    """Both sides of our replies at each customer turn, smoothed over replies as observing.py does."""
    found, now, heard = np.zeros((len(table.index), 2)), np.zeros(2), False
    for row, replies in enumerate(table.replies):
        if table.index[row] == 0:
            now, heard = np.zeros(2), False
        for words in replies:
            sides = np.array(read(words))
            now, heard = (FAST * sides + (1 - FAST) * now if heard else sides), True
        found[row] = now
    return found


def read_unseen(table: Table, pleased: WordList, displeased: WordList) -> Table:
    """The table, each set read by rated lists that were fitted without it.

    With a single set, each fifth of its conversations by lists of the other four.
    """
    sets = np.unique(table.source)
    group = table.source if len(sets) > 1 else (table.conversation % FOLDS).astype(str)
    values = np.zeros_like(table.values)
    for one in np.unique(group):
        customer, reply = rated_lists(table.where(group != one))
        lists = Lists(pleased=pleased, displeased=displeased, customer=customer, reply=reply)
        values[group == one] = read_with(table.where(group == one), lists).values
    return table.with_values(values)
