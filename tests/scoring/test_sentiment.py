"""The two word lists: the libraries' own figures, without what the libraries load beside them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.scoring import sentiment
from tests.scoring.phrases import LANGUAGES, sentences

TEXTS = [
    "A terrible and boring thing.",
    "It is not good, but very very cheap!",
    "Where is my order 4821-77310?",
    "She was :)",
    "I waited :-( and waited",
    "xD",
    "it broke XD",
    "GREAT, another delay...",
    "A high-quality, top-notch and risk-free thing",
    "don't, won't, can't",
    "😡 It broke",
    "<3",
    "",
    " ",
    "Größe",
    "one_good_thing",
]

LIGHT = """
import sys
from app.scoring import sentiment
mine = [sentiment.textblob(text) for text in ("A boring thing", "Very good!")]
heavy = {"textblob", "nltk", "numpy", "scipy", "sklearn"} & set(sys.modules)
from textblob.en import sentiment as theirs
from textblob import TextBlob
whole = [TextBlob(text).sentiment.polarity for text in ("A boring thing", "Very good!")]
print(sorted(heavy), mine == [theirs(text)[0] for text in ("A boring thing", "Very good!")] == whole)
"""


def written() -> list[str]:
    return [*TEXTS, *(sentence.text for language in LANGUAGES for sentence in sentences(language))]


def test_textblob_says_what_the_library_says() -> None:
    from textblob.en import sentiment as theirs

    texts = written()

    assert [sentiment.textblob(text) for text in texts] == [theirs(text)[0] for text in texts]


def test_vader_says_what_the_library_says() -> None:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    texts, analyzer = written(), SentimentIntensityAnalyzer()

    assert [sentiment.vader(text) for text in texts] == [analyzer.polarity_scores(text)["compound"] for text in texts]


def test_textblob_is_used_without_what_it_imports_and_stays_whole_for_others() -> None:
    said = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[] True"


def test_a_textblob_that_is_imported_already_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import textblob.en

    sentiment._textblob.cache_clear()

    assert sentiment._textblob() is textblob.en.sentiment
    sentiment._textblob.cache_clear()


def test_a_missing_textblob_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (sentiment._textblob, sentiment._loaded_textblob, sentiment._textblob_words):
        cached.cache_clear()
    monkeypatch.setattr(sentiment, "TEXTBLOB", "textblob_that_nobody_installed")

    with pytest.raises(ModuleNotFoundError, match="TextBlob is not installed"):
        sentiment.textblob("It is good")
    sentiment._textblob.cache_clear()
