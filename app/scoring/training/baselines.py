"""What a score has to beat: TextBlob, VADER, and TF-IDF with logistic regression, measured on the same turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from app.scoring.training.figures import Predicted
from app.scoring.training.prior import SATISFIED
from app.scoring.training.tables import Array, Table, aggregates

TOKENS = r"(?u)[\w']+|[?!]"


def polarity(table: Table, tones: Array) -> Predicted:
    """A word list's tone: of the latest message, its mean so far, and the latest against up to three before."""
    found = aggregates(table.with_values(tones[:, None]))
    moved = np.where(table.index > 0, tones - found["recent"][:, 0], 0.0)
    return Predicted(now=tones, overall=found["mean"][:, 0], trend=moved, chances=False)


def textblob(texts: Sequence[str]) -> Array:
    """TextBlob's polarity in [-1, 1], from the function behind `TextBlob(...).sentiment`."""
    from textblob.en import sentiment

    return np.array([float(sentiment(text)[0]) for text in texts])


def vader(texts: Sequence[str]) -> Array:
    """VADER's compound score in [-1, 1]."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    scores = SentimentIntensityAnalyzer().polarity_scores
    return np.array([float(scores(text)["compound"]) for text in texts])


def tfidf(known: Table, unknown: Table) -> Predicted:
    """TF-IDF and logistic regression: of the latest message for the turn, of all so far for the whole.

    Fitted on `known`, which must not hold the set of `unknown`.
    """
    now = _fitted(known.words, known.rating >= SATISFIED, None, unknown.words)
    weights = 1 / known.turns
    overall = _fitted(_so_far(known), known.overall >= SATISFIED, weights, _so_far(unknown))
    recent = aggregates(unknown.with_values(now[:, None]))["recent"][:, 0]
    trend = np.where(unknown.index > 0, now - recent, 0.0)
    return Predicted(now=now, overall=1 / (1 + np.exp(-overall)), trend=trend)


def _fitted(texts: Sequence[str], given: NDArray[np.bool_], weights: Array | None, asked: Sequence[str]) -> Array:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=TOKENS)
    model = LogisticRegression(max_iter=500).fit(vectorizer.fit_transform(texts), given, sample_weight=weights)
    return np.asarray(model.decision_function(vectorizer.transform(asked)), dtype=np.float64)


def _so_far(table: Table) -> list[str]:
    found: list[str] = []
    for place, words in zip(table.index, table.words, strict=True):
        found.append(f"{found[-1]} {words}" if place else words)
    return found
