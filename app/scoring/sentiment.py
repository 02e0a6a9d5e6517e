"""The two general English sentiment lists, loaded at first use. What their figures mean is in signals/tone.py."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

TEXTBLOB = "textblob"

_LOCK = Lock()


def vader(text: str) -> float:
    """VADER's compound score in [-1, 1]."""
    return float(_vader().polarity_scores(text)["compound"])


def textblob(text: str) -> float:
    """TextBlob's polarity in [-1, 1]; the function gives the numbers of `TextBlob(...)` at a third of the cost."""
    return float(_textblob()(text)[0])


def valences() -> Mapping[str, float]:
    """VADER's words in small letters, each with its valence in [-4, 4]."""
    words: Mapping[str, float] = _vader().lexicon
    return words


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def _textblob() -> Callable[[str], tuple[float, float]]:
    """`textblob.en.sentiment`, without the rest of TextBlob.

    `import textblob` brings NLTK, which brings SciPy and scikit-learn where they are installed: seconds and 130 MB that
    the sentiment needs nothing of. So its module is imported under a package that stands in for TextBlob's and is taken
    away again; a later `import textblob` works as ever.
    """
    with _LOCK:
        if TEXTBLOB in sys.modules:
            return _sentiment()
        spec = find_spec(TEXTBLOB)
        if spec is None:
            raise ModuleNotFoundError("TextBlob is not installed", name=TEXTBLOB)
        package = ModuleType(TEXTBLOB)
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules[TEXTBLOB] = package
        try:
            return _sentiment()
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == TEXTBLOB]:
                del sys.modules[name]


def _sentiment() -> Callable[[str], tuple[float, float]]:
    found: Callable[[str], tuple[float, float]] = importlib.import_module(f"{TEXTBLOB}.en").sentiment
    return found
