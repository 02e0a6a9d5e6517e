"""The two general English sentiment lists, loaded at first use. What their figures mean is in signals/tone.py."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

TEXTBLOB = "textblob"
WHOLE = re.compile(r"[a-z0-9'-]+")
PIECE = re.compile(r"[a-z]+")
UNUSUAL = re.compile(r"[^a-zA-Z0-9\s.,!?'\"-]|[xX][dDpP]\b")

_LOCK = Lock()


def vader(text: str) -> float:
    """VADER's compound score in [-1, 1]."""
    if words_of(text).isdisjoint(_vader_words()) and not UNUSUAL.search(text):
        return 0.0
    return float(_vader().polarity_scores(text)["compound"])


def textblob(text: str) -> float:
    """TextBlob's polarity in [-1, 1]; the function gives the numbers of `TextBlob(...)` at a third of the cost."""
    if words_of(text).isdisjoint(_textblob_words()) and not UNUSUAL.search(text):
        return 0.0
    return float(_loaded_textblob()(text)[0])


def telling(text: str, tone: float) -> list[str]:
    """The words of a text that carry a tone of that sign by VADER's list, the strongest first."""
    listed = valences()
    known = [word for word in words_of(text) & _vader_words() if listed[word] * tone > 0]
    return sorted(known, key=lambda word: (-abs(listed[word]), word))


@lru_cache(maxsize=4)
def words_of(text: str) -> frozenset[str]:
    """The words of a text in small letters, those with a hyphen or an apostrophe whole and in pieces.

    A text without any word that a list knows is neutral to it; to see that costs a tenth of asking. Emoticons and signs
    of other scripts are no words, so a text with UNUSUAL signs is asked about.
    """
    lower = text.lower()
    return frozenset(WHOLE.findall(lower)).union(PIECE.findall(lower))


def valences() -> Mapping[str, float]:
    """VADER's words in small letters, each with its valence in [-4, 4]."""
    words: Mapping[str, float] = _vader().lexicon
    return words


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def _vader_words() -> frozenset[str]:
    return frozenset(valences())


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


@cache
def _loaded_textblob() -> Any:
    """TextBlob's dict of words, which can be called with a text, without its asking at every word whether it is filled.

    It fills itself at the first look and asks at all later ones, in Python, which is a third of what a text costs. This
    is one like it with the same words, a plain dict where words are looked up.
    """
    listed: Any = _textblob()
    kind: Any = type(listed)
    plain = {"__contains__": dict.__contains__, "__getitem__": dict.__getitem__}
    loaded = kind.__new__(type(kind.__name__, (kind,), plain))
    dict.update(loaded, {word: listed[word] for word in listed.keys()})  # noqa: SIM118 - keys() is what fills it
    vars(loaded).update(vars(listed))
    return loaded


@cache
def _textblob_words() -> frozenset[str]:
    return frozenset(dict.keys(_loaded_textblob()))


def _sentiment() -> Callable[[str], tuple[float, float]]:
    found: Callable[[str], tuple[float, float]] = importlib.import_module(f"{TEXTBLOB}.en").sentiment
    return found
